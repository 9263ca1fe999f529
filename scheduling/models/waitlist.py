from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, Site, User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import NONE, Access
from healthcare.events.models import DueWork, DueWorkQuerySet
from patients.models import Patient, PatientOwned, PatientOwnedQuerySet, within_reach
from scheduling.models.setting_up import Resource, VisitType, half_open
from scheduling.models.visits import Appointment
from scheduling.rules.waitlist import Part, Wish


class WaitQuerySet(PatientOwnedQuerySet):
    def waiting(self) -> Self:
        return self.filter(state="waiting")

    def in_order(self) -> Self:
        """Whom the desk put ahead, then who waits for longest."""
        return self.order_by("-priority", "created_at", "pk")


class Wait(PatientOwned):
    """A patient waits for a kind of visit at a site, with one provider or any, on some days, until the last of them."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits")
        BOOKED = "booked", _("Got a time")
        LEFT = "left", _("Taken off the list")
        OVER = "over", _("The last day is over")

    class Priority(models.IntegerChoices):
        NORMAL = 0, _("In order")
        SOON = 1, _("Before others")
        FIRST = 2, _("First of all")

    scope: ClassVar[Scope] = Scope.SCHEDULE
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (first_day, last_day, isodows, parts, priority, priority_reason, state, ended_at,"
        " ended_by_id, updated_at)",
        worker="SELECT, INSERT, UPDATE",
    )

    # The constraint below begins with it.
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_index=False)
    visit_type = models.ForeignKey(VisitType, on_delete=models.PROTECT, related_name="+", db_index=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    provider = models.ForeignKey(
        Provider, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text=_("Empty means any.")
    )
    first_day = models.DateField()
    last_day = models.DateField()
    isodows = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True, help_text=_("Empty means any."))
    parts = ArrayField(models.CharField(max_length=9), default=list, blank=True, help_text=_("Empty means any."))
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    priority_reason = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    objects = WaitQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [
            models.Index(fields=["patient"], name="wait_by_patient"),
            models.Index(
                fields=["site", "-priority", "created_at"], condition=Q(state="waiting"), name="wait_in_order"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "visit_type", "site", "provider"],
                condition=Q(state="waiting"),
                nulls_distinct=False,
                name="wait_once_for_each",
            ),
            models.CheckConstraint(condition=Q(first_day__lte=models.F("last_day")), name="wait_days_in_order"),
            models.CheckConstraint(
                condition=Q(parts__contained_by=[part.value for part in Part]), name="wait_parts_are_known"
            ),
            models.CheckConstraint(condition=Q(isodows__contained_by=list(range(1, 8))), name="wait_on_weekdays"),
            models.CheckConstraint(condition=Q(priority=0) | ~Q(priority_reason=""), name="wait_ahead_says_why"),
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at=None, ended_by=None)
                | (~Q(state="waiting") & Q(ended_at__isnull=False)),
                name="wait_ended_says_when",
            ),
        ]

    @property
    def is_waiting(self) -> bool:
        return self.state == Wait.State.WAITING

    @property
    def wish(self) -> Wish:
        return Wish(self.first_day, self.last_day, self.isodows, self.parts)


class WaitOfferQuerySet(DueWorkQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(within_reach(user, self.model.scope))

    def open(self) -> Self:
        """Kept for somebody: offered, or accepted and still to be booked."""
        return self.filter(state__in=["offered", "accepted"])


class WaitOffer(DueWork, PatientOwned):
    """A time that became free is kept for a patient until a moment, by a hold named after this row.

    The row holds no secret: the link in the mail is its key, signed. `next_at` is when a worker looks at it: when it
    runs out, or at once where somebody answered by the link.
    """

    class State(models.TextChoices):
        OFFERED = "offered", _("Waits for an answer")
        ACCEPTED = "accepted", _("Accepted")
        BOOKED = "booked", _("Booked")
        DECLINED = "declined", _("Declined")
        EXPIRED = "expired", _("Nobody answered in time")
        WITHDRAWN = "withdrawn", _("Taken back")
        UNREACHED = "unreached", _("No message could be sent")
        LOST = "lost", _("Could not be booked any more")

    scope: ClassVar[Scope] = Scope.SCHEDULE
    database_access: ClassVar[Access] = Access(
        web="SELECT, UPDATE (state, by_link, answered_at, answered_by_id, appointment_id, next_at, handed_until,"
        " updated_at)",
        worker="SELECT, INSERT, UPDATE",
    )

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_index=False)
    wait = models.ForeignKey(
        Wait,
        on_delete=models.PROTECT,
        related_name="offers",
        db_constraint=False,  # the pair (wait_id, patient_id) is the constraint
    )
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", db_index=False)
    during = DateTimeRangeField()
    time_zone = models.CharField(max_length=64)
    until = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.OFFERED)
    by_link = models.BooleanField(default=False)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    appointment = models.ForeignKey(
        Appointment, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )

    objects = WaitOfferQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta(DueWork.Meta):
        constraints = [
            half_open("during", "offer_half_open"),
            models.UniqueConstraint(
                fields=["patient"], condition=Q(state__in=["offered", "accepted"]), name="offer_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["offered", "accepted"]) | Q(next_at__isnull=False), name="offer_open_is_due"
            ),
            models.CheckConstraint(
                condition=Q(state="booked", appointment__isnull=False) | (~Q(state="booked") & Q(appointment=None)),
                name="offer_booked_says_which",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "booked", "declined"]) | Q(answered_at__isnull=False),
                name="offer_answered_says_when",
            ),
        ]

    @property
    def is_offered(self) -> bool:
        return self.state == WaitOffer.State.OFFERED

    @property
    def starts_at(self) -> datetime:
        return self.during.lower

    @property
    def ends_at(self) -> datetime:
        return self.during.upper


class Opening(DueWork):
    """A time that became free while whom it fits first is not written to: offered when their quiet hours end."""

    database_access: ClassVar[Access] = Access(web=NONE, worker="SELECT, INSERT, UPDATE, DELETE")

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="+", db_index=False)
    during = DateTimeRangeField()

    objects = DueWorkQuerySet.as_manager()

    class Meta(DueWork.Meta):
        constraints = [
            half_open("during", "opening_half_open"),
            models.UniqueConstraint(fields=["resource", "during"], name="opening_once"),
        ]
