from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Provider, Site, User
from healthcare.accounts.permissions import Scope
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from patients.models import Patient, PatientOwned, PatientOwnedQuerySet
from scheduling.models.groups import GroupSession
from scheduling.models.setting_up import Resource, VisitType, half_open
from scheduling.rules import on_the_clock

BLOCK_LANE = -1
MOST_ON_TOP = 3  # visits on top of one another, besides the first


def window(begins: datetime, ends: datetime, zones: Iterable[tzinfo]) -> tuple[str, str, TimestamptzRange]:
    """For `AppointmentQuerySet.within`: between which readings of the clock, and which instants."""
    places = list(zones)
    first = min(on_the_clock(begins - timedelta(hours=25), zone) for zone in places)
    last = max(on_the_clock(ends + timedelta(hours=1), zone) for zone in places)
    return first, last, TimestamptzRange(begins, ends)


class AppointmentQuerySet(PatientOwnedQuerySet):
    def standing(self) -> "AppointmentQuerySet":
        """Takes time, or took it: neither cancelled nor missed."""
        return self.filter(status__in=HOLDING)

    def upcoming(self, now: datetime) -> "AppointmentQuerySet":
        """Not begun, and will not have ended by `now`; what a patient asked for is none yet."""
        return self.filter(status__in=OPEN, during__endswith__gt=now)

    def requested(self) -> "AppointmentQuerySet":
        """Times that patients asked for and nobody has answered."""
        return self.filter(status=Appointment.Status.REQUESTED)

    def within(self, begins: datetime, ends: datetime, zones: Iterable[tzinfo]) -> "AppointmentQuerySet":
        """Overlap these instants, at sites in these zones.

        Row security searches no index by ranges, whose operators might tell of hidden rows, but does so by texts: so
        the clock at the site comes first. No visit lasts longer than a day; an hour is for zones whose rules changed.
        """
        return self.between(*window(begins, ends, zones))

    def between(self, first: str, last: str, during: TimestamptzRange) -> "AppointmentQuerySet":
        """The same, of a `window`."""
        return self.filter(wall_start__gte=first, wall_start__lt=last).filter(during__overlap=during)


class Appointment(PatientOwned):
    """A visit of a patient with a provider at a site. It stands while it has its claims; a trigger holds both together.
    One with a seat in a session of several has the patient's alone: the provider's is the session's.

    `during` is what the patient sees, `wall_start` the clock at the site as told then: should a zone's rules change,
    the two differ, and somebody can ask which was meant.
    """

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Asked for")
        BOOKED = "booked", _("Booked")
        CONFIRMED = "confirmed", _("Confirmed")
        ARRIVED = "arrived", _("Arrived")
        ROOMED = "roomed", _("In a room")
        WITH_PROVIDER = "with_provider", _("With the provider")
        CHECKED_OUT = "checked_out", _("Finished")
        NO_SHOW = "no_show", _("Did not come")
        CANCELLED = "cancelled", _("Cancelled")
        LEFT = "left", _("Left before being seen")

    class RequestEnd(models.TextChoices):
        DECLINED = "declined", _("The clinic said no")
        EXPIRED = "expired", _("Nobody answered in time")
        WITHDRAWN = "withdrawn", _("Taken back")

    scope: ClassVar[Scope] = Scope.SCHEDULE
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (provider_id, site_id, during, wall_start, time_zone, status, sequence,"
        " accepted_at, accepted_by_id, request_end,"
        " confirmed_at, arrived_at, roomed_at, room, started_at, finished_at, missed_at, cancelled_at,"
        " cancelled_by_id, cancel_reason, overbook_reason, seat, late_at, number, note, updated_at)",
        worker="SELECT, INSERT, UPDATE",
    )

    # The indexes below begin with them.
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_index=False)
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="+", verbose_name=_("provider"), db_index=False
    )
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("site"), db_index=False)
    visit_type = models.ForeignKey(VisitType, on_delete=models.PROTECT, related_name="+", verbose_name=_("visit type"))
    during = DateTimeRangeField()
    wall_start = models.CharField(max_length=16, help_text=_("As YYYY-MM-DDTHH:MM on the clock at the site."))
    time_zone = models.CharField(max_length=64)
    status = models.CharField(max_length=13, choices=Status, default=Status.BOOKED)
    sequence = models.PositiveIntegerField(default=0)
    idempotency_key = models.CharField(max_length=160, null=True, blank=True, unique=True, editable=False)
    series_id = models.UUIDField(
        null=True, blank=True, editable=False, help_text=_("Shared by the visits of one series; empty for one alone.")
    )
    session = models.ForeignKey(
        GroupSession, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    seat = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    reason = models.CharField(_("what the visit is about"), max_length=200, blank=True)
    overbook_reason = models.CharField(_("why it was booked on top of another"), max_length=200, blank=True)
    note = models.CharField(
        _("note for the desk"), max_length=300, blank=True, help_text=_("How to reach or help them; nothing of health.")
    )
    booked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answer_by = models.DateTimeField(null=True, blank=True, help_text=_("Of a time that a patient asked for."))
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    request_end = models.CharField(max_length=9, choices=RequestEnd, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    late_at = models.DateTimeField(null=True, blank=True, help_text=_("Since when it is known that they come late."))
    arrived_at = models.DateTimeField(null=True, blank=True)
    number = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("By which they are called in the waiting room; anew each day of a site.")
    )
    roomed_at = models.DateTimeField(null=True, blank=True)
    room = models.CharField(max_length=40, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    missed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    cancel_reason = models.CharField(max_length=200, blank=True)

    objects = AppointmentQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-during"], name="appointment_by_patient"),
            models.Index(fields=["site", "wall_start"], name="appointment_by_site"),
            models.Index(fields=["provider", "wall_start"], name="appointment_by_provider"),
            models.Index(fields=["answer_by"], condition=Q(status="requested"), name="appointment_to_answer"),
            models.Index(fields=["series_id"], condition=Q(series_id__isnull=False), name="appointment_by_series"),
        ]
        constraints = [
            half_open("during", "appointment_half_open"),
            models.CheckConstraint(
                condition=Q(session=None, seat=None)
                | Q(session__isnull=False, seat__isnull=False, seat__gte=1, overbook_reason="", series_id=None),
                name="appointment_seat_in_a_session",
            ),
            models.UniqueConstraint(
                fields=["session", "seat"],
                condition=Q(session__isnull=False) & ~Q(status__in=["cancelled", "no_show", "left"]),
                name="appointment_one_a_seat",
            ),
            models.CheckConstraint(
                condition=~Q(status="requested") | Q(answer_by__isnull=False, accepted_at=None),
                name="appointment_requested_until_when",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, answer_by__isnull=False),
                name="appointment_accepted_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(request_end="")
                | Q(status="cancelled", answer_by__isnull=False, accepted_at=None)
                & ~Q(request_end="declined", cancel_reason=""),
                name="appointment_request_ended_unanswered",
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | (~Q(status="cancelled") & Q(cancelled_at=None, cancelled_by=None, cancel_reason="")),
                name="appointment_cancelled_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["arrived", "roomed", "with_provider", "checked_out", "left"])
                | Q(arrived_at__isnull=False),
                name="appointment_arrived_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["with_provider", "checked_out"]) | Q(started_at__isnull=False),
                name="appointment_started_says_when",
            ),
            models.CheckConstraint(
                condition=Q(status="checked_out", finished_at__isnull=False)
                | (~Q(status="checked_out") & Q(finished_at=None)),
                name="appointment_finished_says_when",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["no_show", "left"], missed_at__isnull=False)
                | (~Q(status__in=["no_show", "left"]) & Q(missed_at=None)),
                name="appointment_missed_says_when",
            ),
        ]

    @property
    def starts_at(self) -> datetime:
        return self.during.lower

    @property
    def ends_at(self) -> datetime:
        return self.during.upper

    @property
    def is_requested(self) -> bool:
        """A patient asked for this time and has it to themself, until the clinic answers or the request runs out."""
        return self.status == Appointment.Status.REQUESTED

    @property
    def is_open(self) -> bool:
        """Not begun and not called off: it can still be moved, confirmed or cancelled."""
        return self.status in OPEN


class ArrivalCount(BaseModel):
    """How many numbers a site has handed out on a day of its own clock."""

    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (last, updated_at)", worker="SELECT, INSERT, UPDATE"
    )

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    last = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "day"], name="arrival_count_one_a_day")]


S = Appointment.Status
# Every status, and what may follow. A move to another time puts a confirmed visit back to booked.
MOVES: dict[str, frozenset[str]] = {
    S.REQUESTED: frozenset({S.BOOKED, S.CANCELLED}),
    S.BOOKED: frozenset({S.CONFIRMED, S.ARRIVED, S.WITH_PROVIDER, S.NO_SHOW, S.CANCELLED}),
    S.CONFIRMED: frozenset({S.BOOKED, S.ARRIVED, S.WITH_PROVIDER, S.NO_SHOW, S.CANCELLED}),
    S.ARRIVED: frozenset({S.ROOMED, S.WITH_PROVIDER, S.LEFT}),
    S.ROOMED: frozenset({S.WITH_PROVIDER, S.LEFT}),
    S.WITH_PROVIDER: frozenset({S.CHECKED_OUT}),
    S.CHECKED_OUT: frozenset(),
    S.NO_SHOW: frozenset(),
    S.CANCELLED: frozenset(),
    S.LEFT: frozenset(),
}
OPEN = (S.BOOKED, S.CONFIRMED)
HERE = (S.ARRIVED, S.ROOMED, S.WITH_PROVIDER)
COMING = (S.REQUESTED, *OPEN)
HOLDING = (*COMING, *HERE, S.CHECKED_OUT)  # has its claims


class TimeClaim(BaseModel):
    """A resource is taken for a time: by a visit or a group's session with its buffers, a block, or a hold that runs
    out.

    In one lane no two overlap, whoever writes them. Lane 0 is for visits and holds; visits that somebody put on top of
    others, and said why, have the lanes above, though not in rooms; blocks have lane -1, so that a provider may block
    hours with visits in them and none is lost: a trigger keeps new visits out of a block. No patient
    column and no policy: a booker must see that a time is taken, and not by whom. Rows come by `claim_times` and go by
    `app.release_claims` alone.
    """

    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, INSERT")

    class Kind(models.TextChoices):
        VISIT = "visit", _("Visit")
        BLOCK = "block", _("Blocked time")
        HOLD = "hold", _("Held for a moment")

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="claims")
    lane = models.SmallIntegerField(default=0)
    blocked = DateTimeRangeField()
    kind = models.CharField(max_length=5, choices=Kind)
    appointment_id = models.UUIDField(null=True, blank=True)
    session = models.ForeignKey(
        GroupSession, null=True, blank=True, on_delete=models.PROTECT, related_name="claims", db_index=False
    )
    hold_until = models.DateTimeField(null=True, blank=True)
    holder = models.UUIDField(null=True, blank=True, help_text=_("Tells holds of one patient apart, and not of whom."))
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["appointment_id"], condition=Q(appointment_id__isnull=False), name="claim_by_appointment"
            ),
            models.Index(fields=["session"], condition=Q(session__isnull=False), name="claim_by_session"),
        ]
        constraints = [
            half_open("blocked", "claim_half_open"),
            ExclusionConstraint(
                name="claim_no_overlap",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    ("lane", RangeOperators.EQUAL),
                    ("blocked", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(kind="visit", appointment_id__isnull=False, session=None)
                | Q(kind="visit", appointment_id=None, session__isnull=False)
                | (~Q(kind="visit") & Q(appointment_id=None, session=None)),
                name="claim_of_a_visit_says_which",
            ),
            models.CheckConstraint(
                condition=Q(kind="hold", hold_until__isnull=False) | (~Q(kind="hold") & Q(hold_until=None)),
                name="claim_hold_runs_out",
            ),
            models.CheckConstraint(condition=Q(kind="hold") | Q(holder=None), name="claim_holder_holds"),
            ExclusionConstraint(  # of one provider and the rooms that go with it, which run out together
                name="claim_one_hold_a_holder",
                expressions=[("holder", RangeOperators.EQUAL), ("hold_until", RangeOperators.NOT_EQUAL)],
                condition=Q(holder__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(lane__lte=0) | Q(lane__lte=MOST_ON_TOP, kind="visit"), name="claim_on_top_is_a_visit"
            ),
            models.CheckConstraint(
                condition=Q(kind="block", lane=BLOCK_LANE) | (~Q(kind="block") & ~Q(lane=BLOCK_LANE)),
                name="claim_blocks_have_their_lane",
            ),
        ]


class PatientClaim(PatientOwned):
    """A patient is in one place at a time."""

    scope: ClassVar[Scope] = Scope.SCHEDULE
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, INSERT")

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+", db_index=False)
    during = DateTimeRangeField()

    class Meta:
        constraints = [
            half_open("during", "patient_claim_half_open"),
            models.UniqueConstraint(fields=["appointment"], name="patient_claim_one_a_visit"),
            ExclusionConstraint(
                name="patient_claim_no_overlap",
                expressions=[("patient", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
        ]
