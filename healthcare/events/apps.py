from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "healthcare.events"
    label = "events"
