from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Provider, Site, User
from healthcare.accounts.permissions import Scope
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from patients.models import Patient, PatientOwned, PatientOwnedQuerySet
from scheduling.rules import on_the_clock

KEPT = "SELECT, INSERT, UPDATE"
EDITED = f"{KEPT}, DELETE"
BLOCK_LANE = -1
OPEN_RANGE = "%s__isempty", "%s__lower_inf", "%s__upper_inf", "%s__upper_inc"


def half_open(field: str, name: str) -> models.CheckConstraint:
    """`[)`, bounded and not empty: an exclusion constraint lets two empty ranges stand, and would miss a shared end."""
    wrong = {key % field: False for key in OPEN_RANGE}
    return models.CheckConstraint(condition=Q(**wrong, **{f"{field}__lower_inc": True}), name=name)


class VisitType(BaseModel):
    """What a visit is for, and so how long it takes; times in minutes, the horizon in days."""

    database_access: ClassVar[Access] = Access(web=KEPT, worker=KEPT)

    class PortalMode(models.TextChoices):
        OFF = "off", _("Booked by the clinic")
        DIRECT = "direct", _("Patients book it themselves")

    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(unique=True)
    minutes = models.PositiveSmallIntegerField(_("length in minutes"))
    buffer_before = models.PositiveSmallIntegerField(_("minutes kept free before"), default=0)
    buffer_after = models.PositiveSmallIntegerField(_("minutes kept free after"), default=0)
    grid_minutes = models.PositiveSmallIntegerField(
        _("starts every so many minutes"), default=5, help_text=_("Counted from midnight on the clock at the site.")
    )
    notice_minutes = models.PositiveIntegerField(_("booked at least so many minutes ahead"), default=60)
    horizon_days = models.PositiveSmallIntegerField(_("booked at most so many days ahead"), default=180)
    portal_mode = models.CharField(max_length=8, choices=PortalMode, default=PortalMode.DIRECT)
    specialty = models.CharField(max_length=100, blank=True, help_text=_("Of the provider; empty means any."))
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(minutes__range=(1, 1440)), name="visit_type_has_a_length"),
            models.CheckConstraint(condition=Q(grid_minutes__range=(1, 1440)), name="visit_type_has_a_grid"),
        ]


class Resource(BaseModel):
    """What can be in one place at a time only: a provider, a room, a device.

    Work hours are meant in the zone of the site they are worked at; `time_zone` (an IANA name) says when this
    resource's own day begins.
    """

    database_access: ClassVar[Access] = Access(web=KEPT, worker=KEPT)

    class Kind(models.TextChoices):
        PROVIDER = "provider", _("Provider")
        ROOM = "room", _("Room")
        DEVICE = "device", _("Device")

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PROVIDER)
    provider = models.OneToOneField(Provider, null=True, blank=True, on_delete=models.PROTECT, related_name="resource")
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="America/New_York")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="provider", provider__isnull=False) | (~Q(kind="provider") & Q(provider=None)),
                name="resource_provider_kind_has_one",
            ),
        ]


class WorkRule(BaseModel):
    """Hours of one weekday at one site, on the clock there; an end at or before the start is on the next day."""

    database_access: ClassVar[Access] = Access(web=EDITED, worker=EDITED)

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="work_rules")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    validity = DateRangeField(help_text=_("From the first day to, and without, the last."))
    isodow = models.PositiveSmallIntegerField(_("weekday"), help_text=_("1 is Monday, 7 Sunday (ISO 8601)."))
    starts = models.TimeField()
    ends = models.TimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(isodow__range=(1, 7)), name="work_rule_on_a_weekday"),
            models.CheckConstraint(condition=Q(validity__isempty=False), name="work_rule_valid_some_day"),
            ExclusionConstraint(
                name="work_rule_once_a_start",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    ("isodow", RangeOperators.EQUAL),
                    ("starts", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
            ),
        ]


class WorkException(BaseModel):
    """Days that differ from the rules: closed hours, or extra ones, which say at which site."""

    database_access: ClassVar[Access] = Access(web=EDITED, worker=EDITED)

    class Kind(models.TextChoices):
        CLOSED = "closed", _("Closed")
        EXTRA = "extra", _("Extra hours")

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="work_exceptions")
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    during = DateTimeRangeField()
    kind = models.CharField(max_length=8, choices=Kind)
    reason = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["resource"], name="work_exception_by_resource")]
        constraints = [
            half_open("during", "work_exception_half_open"),
            models.CheckConstraint(condition=~Q(kind="extra") | Q(site__isnull=False), name="extra_hours_at_a_site"),
        ]


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
        """Not begun, and will not have ended by `now`."""
        return self.filter(status__in=OPEN, during__endswith__gt=now)

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

    `during` is what the patient sees, `wall_start` the clock at the site as told then: should a zone's rules change,
    the two differ, and somebody can ask which was meant.
    """

    class Status(models.TextChoices):
        BOOKED = "booked", _("Booked")
        CONFIRMED = "confirmed", _("Confirmed")
        ARRIVED = "arrived", _("Arrived")
        ROOMED = "roomed", _("In a room")
        WITH_PROVIDER = "with_provider", _("With the provider")
        CHECKED_OUT = "checked_out", _("Finished")
        NO_SHOW = "no_show", _("Did not come")
        CANCELLED = "cancelled", _("Cancelled")
        LEFT = "left", _("Left before being seen")

    scope: ClassVar[Scope] = Scope.SCHEDULE
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (provider_id, site_id, during, wall_start, time_zone, status, sequence,"
        " confirmed_at, arrived_at, roomed_at, room, started_at, finished_at, missed_at, cancelled_at,"
        " cancelled_by_id, cancel_reason, updated_at)",
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
    reason = models.CharField(_("what the visit is about"), max_length=200, blank=True)
    booked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
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
        ]
        constraints = [
            half_open("during", "appointment_half_open"),
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
    def is_open(self) -> bool:
        """Not begun and not called off: it can still be moved, confirmed or cancelled."""
        return self.status in OPEN


S = Appointment.Status
# Every status, and what may follow. A move to another time puts a confirmed visit back to booked.
MOVES: dict[str, frozenset[str]] = {
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
HOLDING = (*OPEN, *HERE, S.CHECKED_OUT)  # has its claims


class TimeClaim(BaseModel):
    """A resource is taken for a time: by a visit with its buffers, a block, or a hold that runs out.

    In one lane no two overlap, whoever writes them. Lane 0 is for visits and holds; blocks have lane -1, so that a
    provider may block hours with visits in them and none is lost: a trigger keeps new visits out of a block. No patient
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
    hold_until = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["appointment_id"], condition=Q(appointment_id__isnull=False), name="claim_by_appointment"
            ),
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
                condition=Q(kind="visit", appointment_id__isnull=False) | (~Q(kind="visit") & Q(appointment_id=None)),
                name="claim_of_a_visit_says_which",
            ),
            models.CheckConstraint(
                condition=Q(kind="hold", hold_until__isnull=False) | (~Q(kind="hold") & Q(hold_until=None)),
                name="claim_hold_runs_out",
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
