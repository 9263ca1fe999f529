from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PatientsConfig(AppConfig):
    name = "patients"
    verbose_name = _("Patients")
    parts: ClassVar[dict[str, list[str]]] = {
        "accounts.PortalAccount": ["patients.panels.portal_account"],
        "accounts.HomeCard": ["patients.panels.recent_card"],
        "accounts.Subject": ["patients.panels.names_of"],
        "patients.Banner": ["patients.panels.never_asked"],
    }
