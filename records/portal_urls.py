from django.urls import path

from records.portal import amendments, attachments, downloads, encounters, immunizations, messages, papers, results

app_name = "records_portal"
urlpatterns = [
    # Visits
    path("summaries/", encounters.summaries, name="summaries"),
    path("summaries/<uuid:encounter_id>/", encounters.summary, name="summary"),
    path("summaries/<uuid:encounter_id>/paper", papers.ask_summary, name="ask_summary"),
    # Papers
    path("papers/", papers.papers, name="papers"),
    path("papers/ask/<slug:paper_kind>", papers.ask, name="ask_paper"),
    path("papers/<uuid:paper_id>/", papers.paper, name="paper"),
    path("papers/<uuid:paper_id>/open", papers.open_pdf, name="open_paper"),
    # For another program
    path("download", downloads.download, name="download"),
    # Results
    path("results/", results.results, name="results"),
    path("results/when", results.wish, name="wish"),
    path("results/<uuid:entry_id>/", results.result, name="result"),
    path("health/", results.health, name="health"),
    path("immunizations/", immunizations.immunizations, name="immunizations"),
    # Requests for an amendment
    path("amendments/", amendments.amendments, name="amendments"),
    path("amendments/ask", amendments.ask, name="ask_amendment"),
    path("amendments/<uuid:amendment_id>/", amendments.amendment, name="amendment"),
    path("amendments/<uuid:amendment_id>/disagree", amendments.disagree, name="disagree_with_denial"),
    path("amendments/<uuid:amendment_id>/withdraw", amendments.withdraw, name="withdraw_amendment"),
    # Messages
    path("messages/", messages.messages, name="messages"),
    path("messages/write", messages.start_thread, name="start_thread"),
    path("messages/<uuid:thread_id>/", messages.thread, name="thread"),
    path("messages/<uuid:thread_id>/files/<uuid:attachment_id>", attachments.open_attachment, name="open_attachment"),
    path("messages/<uuid:thread_id>/read", messages.read_thread, name="read_thread"),
]
