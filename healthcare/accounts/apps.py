from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "healthcare.accounts"
    label = "accounts"
    verbose_name = _("Accounts")
    parts: ClassVar[dict[str, list[str]]] = {
        "accounts.HomeCard": ["healthcare.accounts.panels.people_card", "healthcare.accounts.panels.audit_card"]
    }
