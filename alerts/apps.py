from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlertsConfig(AppConfig):
    name = "alerts"
    verbose_name = _("Alerts")
    parts: ClassVar[dict[str, list[str]]] = {
        "accounts.HomeCard": ["alerts.panels.urgent_card"],
        "accounts.Inbox": ["alerts.panels.waiting"],
        "accounts.Handover": ["alerts.panels.held"],
        "patients.Banner": ["alerts.panels.open_alerts"],
        "patients.Deeds": ["alerts.panels.deeds"],
        "patients.Merge": ["alerts.panels.merge"],
    }
