from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Billing")
    parts: ClassVar[dict[str, list[str]]] = {
        "accounts.HomeCard": ["billing.panels.open_card", "billing.panels.taken_card"],
        "patients.ChartTab": ["billing.panels.BILLS", "billing.panels.COVERAGE"],
        "patients.ChartCard": ["billing.panels.account_card"],
        "patients.PortalCard": ["billing.panels.own_card"],
        "records.FhirResources": ["billing.telling.cards_of", "billing.telling.bills_of"],
        "records.Subjects": ["billing.panels.billed"],
        "records.PaperSection": ["billing.panels.paper_section"],
        "patients.Deeds": ["billing.panels.deeds"],
        "patients.Shown": ["billing.panels.shown"],
        "patients.Merge": ["billing.panels.merge"],
        "patients.DataQuality": ["billing.panels.cards_to_ask", "billing.panels.bills_in_doubt"],
        "scheduling.CheckIn": ["billing.panels.check_in"],
        "scheduling.VisitCard": ["billing.panels.visit_card"],
    }
