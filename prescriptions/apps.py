from typing import Any, ClassVar

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def load_after_migrate(plan: Any = None, **_given: Any) -> None:
    """The data follow the code: whoever migrates has the formulary and the knowledge of this version.

    As the owner alone, and only where the tables are there: a migration may go backwards, too. A database that is
    emptied stays empty: `flush` sends the same signal, without a plan.
    """
    from prescriptions.actions import load_knowledge

    if plan is None:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = 'owner' AND to_regclass('prescriptions_safetyrule') IS NOT NULL")
        if cursor.fetchone()[0]:
            load_knowledge(by=None)


class PrescriptionsConfig(AppConfig):
    name = "prescriptions"
    verbose_name = _("Prescriptions")
    parts: ClassVar[dict[str, list[str]]] = {
        "accounts.HomeCard": [
            "prescriptions.panels.to_prepare_card",
            "prescriptions.panels.ready_card",
            "prescriptions.panels.not_collected_card",
        ],
        "accounts.Handover": ["prescriptions.panels.held"],
        "accounts.Inbox": ["prescriptions.panels.refills"],
        "patients.ChartTab": ["prescriptions.panels.medicines_tab"],
        "patients.ChartCard": ["prescriptions.panels.chart_card"],
        "patients.PortalCard": ["prescriptions.panels.portal_card"],
        "records.EncounterCard": ["prescriptions.panels.encounter_card"],
        "records.NoteCard": ["prescriptions.panels.note_card"],
        "records.PastCard": ["prescriptions.panels.past_card"],
        "records.SummaryCard": ["prescriptions.panels.summary_card"],
        "records.Subjects": ["prescriptions.panels.prescribed"],
        "records.PaperSection": ["prescriptions.panels.paper_section"],
        "records.FhirResources": ["prescriptions.telling.resources_of"],
        "scheduling.CheckIn": ["prescriptions.panels.check_in"],
        "scheduling.Downtime": ["prescriptions.panels.downtime"],
        "patients.Deeds": ["prescriptions.panels.deeds"],
        "patients.Merge": ["prescriptions.panels.merge"],
        "patients.Shown": ["prescriptions.panels.shown"],
    }

    def ready(self) -> None:
        post_migrate.connect(load_after_migrate, sender=self)
