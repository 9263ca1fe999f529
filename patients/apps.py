from typing import Any, ClassVar

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def guard_after_migrate(plan: Any = None, **_given: Any) -> None:
    """Whose a row is never changes but by a merge, in tables to come as well: as the owner, after each migrate."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = 'owner' AND to_regproc('app.guard_patient_ids') IS NOT NULL")
        if plan is not None and cursor.fetchone()[0]:
            cursor.execute("SELECT app.guard_patient_ids()")


class PatientsConfig(AppConfig):
    name = "patients"
    verbose_name = _("Patients")
    parts: ClassVar[dict[str, list[str]]] = {
        "accounts.PortalAccount": ["patients.panels.portal_account"],
        "accounts.HomeCard": [
            "patients.panels.recent_card",
            "patients.panels.cover_card",
            "patients.panels.reviews_card",
            "patients.panels.requests_card",
            "patients.panels.quality_card",
        ],
        "patients.DataQuality": [
            "patients.panels.registrations",
            "patients.panels.births",
            "patients.panels.contacts",
            "patients.panels.pairs",
        ],
        "accounts.Subject": ["patients.panels.names_of"],
        "patients.Banner": ["patients.panels.never_asked"],
        "patients.Merge": ["patients.panels.merge"],
    }

    def ready(self) -> None:
        post_migrate.connect(guard_after_migrate, sender=self)
