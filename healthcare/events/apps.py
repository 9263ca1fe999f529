from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class EventsConfig(AppConfig):
    name = "healthcare.events"
    label = "events"

    def ready(self) -> None:
        from healthcare.events import checks  # noqa: F401  (registers the system checks)

        autodiscover_modules("subscribers", "tasks")
