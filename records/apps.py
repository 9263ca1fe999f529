from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = _("Records")
    parts: ClassVar[dict[str, list[str]]] = {
        "accounts.HomeCard": [
            "records.panels.encounters.notes_card",
            "records.panels.entries.unread_card",
            "records.panels.entries.vitals_to_take_card",
            "records.panels.messages.home_card",
        ],
        "patients.DataQuality": [
            "records.panels.quality.never_asked",
            "records.panels.quality.tests_to_chase",
            "records.panels.quality.results_to_match",
        ],
        "patients.Banner": ["records.panels.entries.allergies_note"],
        "patients.ChartTab": [
            "records.panels.encounters.visits_tab",
            "records.panels.entries.results_tab",
            "records.panels.orders.orders_tab",
            "records.panels.entries.problems_tab",
            "records.panels.entries.allergies_tab",
            "records.panels.histories.histories_tab",
            "records.panels.entries.timeline_tab",
            "records.panels.messages.chart_tab",
            "records.panels.papers.papers_tab",
        ],
        "patients.ChartCard": [
            "records.panels.encounters.visits_card",
            "records.panels.entries.vitals_card",
            "records.panels.entries.results_card",
            "records.panels.entries.allergies_card",
            "records.panels.entries.problems_card",
            "records.panels.histories.histories_card",
            "records.panels.entries.imported_card",
            "records.panels.messages.chart_card",
        ],
        "scheduling.CheckIn": ["records.panels.check_in.allergies"],
        "scheduling.Downtime": ["records.panels.downtime.for_patients"],
        "scheduling.VisitStep": ["records.panels.encounters.visit_step", "records.panels.entries.vitals_step"],
        "patients.PortalCard": [
            "records.panels.encounters.summary_card",
            "records.panels.entries.released_card",
            "records.panels.messages.portal_card",
        ],
        "records.EncounterCard": [
            "records.panels.orders.visit_card",
            "records.panels.amendments.visit_card",
            "records.panels.papers.visit_card",
        ],
        "records.Subjects": ["records.panels.messages.results"],
        "records.SummaryCard": ["records.panels.amendments.summary_card"],
        "accounts.Handover": ["records.panels.handover.held"],
        "accounts.Inbox": [
            "records.panels.inbox.results",
            "records.panels.inbox.messages",
            "records.panels.inbox.notes",
        ],
        "patients.Deeds": ["records.panels.deeds.deeds"],
        "patients.Merge": ["records.panels.merging.merge"],
        "patients.Shown": ["records.panels.deeds.shown"],
    }
