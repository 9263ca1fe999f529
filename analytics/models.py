from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models import money
from healthcare.accounts.models import Provider, Site
from healthcare.db.models import BaseModel
from healthcare.db.privileges import ALL, READ, Access
from scheduling.models import VisitType

COUNTED: Access = Access(web=READ, worker=ALL)


class CountedDay(BaseModel):
    """Counts of one day on the calendar of a site. No row names a patient; the nightly roll-up makes all of them."""

    database_access: ClassVar[Access] = COUNTED

    day = models.DateField()
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class VisitDay(CountedDay):
    """Visits by the day they were to begin, with whom and of what kind; `booked` is all that were not cancelled."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    visit_type = models.ForeignKey(VisitType, on_delete=models.PROTECT, related_name="+")
    booked = models.PositiveIntegerField()
    finished = models.PositiveIntegerField()
    missed = models.PositiveIntegerField()
    walked_out = models.PositiveIntegerField()
    cancelled = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("visits of a day")
        verbose_name_plural = _("visits of days")
        constraints = [
            models.UniqueConstraint(fields=["day", "site", "provider", "visit_type"], name="visit_day_once"),
            models.CheckConstraint(
                condition=Q(booked__gte=models.F("finished") + models.F("missed") + models.F("walked_out")),
                name="visit_day_booked_is_all",
            ),
        ]


class WaitDay(CountedDay):
    """How many visits waited so many whole minutes from arrival to the provider: enough for any percentile."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    minutes = models.PositiveIntegerField()
    visits = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("waits of a day")
        verbose_name_plural = _("waits of days")
        constraints = [models.UniqueConstraint(fields=["day", "site", "provider", "minutes"], name="wait_day_once")]


class PatientDay(CountedDay):
    """People: `registered` that day at the site, and how many different ones had a finished visit there."""

    registered = models.PositiveIntegerField()
    seen = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("patients of a day")
        verbose_name_plural = _("patients of days")
        constraints = [models.UniqueConstraint(fields=["day", "site"], name="patient_day_once")]


class MoneyDay(CountedDay):
    """The ledger of a day in US dollars, by the site and provider of the bill; what is owed is the sum of all days."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    invoices = models.PositiveIntegerField(help_text=_("Bills charged that day."))
    charged = money()
    paid = money(help_text=_("Payments, less what was taken back."))
    adjusted = money()

    class Meta:
        verbose_name = _("money of a day")
        verbose_name_plural = _("money of days")
        constraints = [models.UniqueConstraint(fields=["day", "site", "provider"], name="money_day_once")]


class MedicineDay(CountedDay):
    """First prescriptions of a medicine whose days to be collected ended that day, by their prescriber: all that were
    ready and not put back, and those that nobody came for in those days. Primary non-adherence is their share.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    ready = models.PositiveIntegerField()
    not_collected = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("medicines of a day")
        verbose_name_plural = _("medicines of days")
        constraints = [
            models.UniqueConstraint(fields=["day", "site", "provider"], name="medicine_day_once"),
            models.CheckConstraint(condition=Q(ready__gte=models.F("not_collected")), name="medicine_day_ready_is_all"),
        ]


class RollUp(BaseModel):
    """A day that was counted, and when: what every number's "as of" is."""

    database_access: ClassVar[Access] = COUNTED

    day = models.DateField(unique=True)
    counted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("counted day")
        verbose_name_plural = _("counted days")
