from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = _("Reports")
    parts: ClassVar[dict[str, list[str]]] = {"accounts.HomeCard": ["analytics.panels.numbers_card"]}
