from django.urls import path

from healthcare.messaging import views

app_name = "messaging"
urlpatterns = [
    path("twilio/<uuid:message_id>/", views.twilio_status, name="twilio_status"),
    path("twilio/replies/", views.twilio_reply, name="twilio_reply"),
]
