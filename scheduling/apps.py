from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = _("Scheduling")
    parts: ClassVar[dict[str, list[str]]] = {
        "accounts.HomeCard": [
            "scheduling.panels.arrivals_card",
            "scheduling.panels.to_settle_card",
            "scheduling.panels.to_room_card",
            "scheduling.panels.my_patients_card",
            "scheduling.panels.licences_card",
        ],
        "accounts.Handover": ["scheduling.panels.held"],
        "patients.ChartTab": ["scheduling.panels.visits_tab"],
        "patients.ChartCard": ["scheduling.panels.chart_card"],
        "patients.PortalCard": ["scheduling.panels.portal_card"],
        "patients.Deeds": ["scheduling.panels.deeds"],
        "patients.Merge": ["scheduling.panels.merge"],
    }
