from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DbConfig(AppConfig):
    name = "healthcare.db"
    label = "db"

    def ready(self) -> None:
        from healthcare.db import checks  # noqa: F401  (registers the system checks)
        from healthcare.db.privileges import converge_after_migrate

        post_migrate.connect(converge_after_migrate, sender=self)
