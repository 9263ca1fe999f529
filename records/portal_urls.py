from django.urls import path

from records.portal import encounters, messages, results

app_name = "records_portal"
urlpatterns = [
    # Visits
    path("summaries/", encounters.summaries, name="summaries"),
    path("summaries/<uuid:encounter_id>/", encounters.summary, name="summary"),
    # Results
    path("results/", results.results, name="results"),
    path("results/<uuid:entry_id>/", results.result, name="result"),
    path("health/", results.health, name="health"),
    # Messages
    path("messages/", messages.messages, name="messages"),
    path("messages/write", messages.start_thread, name="start_thread"),
    path("messages/<uuid:thread_id>/", messages.thread, name="thread"),
    path("messages/<uuid:thread_id>/read", messages.read_thread, name="read_thread"),
]
