"""How the clinic is set up for booking: kinds of visits, what can be in one place at a time, and hours."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, Site, User
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access

KEPT = "SELECT, INSERT, UPDATE"
EDITED = f"{KEPT}, DELETE"
MOST_SEATS = 200
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
        REQUEST = "request", _("Patients ask for a time, and the clinic agrees")
        DIRECT = "direct", _("Patients book it themselves")

    class Anyone(models.TextChoices):
        FIRST = "first", _("Whoever is free, the first by name")
        IN_TURN = "in_turn", _("Whoever is free and has the fewest visits that day")

    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(unique=True)
    minutes = models.PositiveSmallIntegerField(_("length in minutes"))
    buffer_before = models.PositiveSmallIntegerField(_("minutes kept free before"), default=0)
    buffer_after = models.PositiveSmallIntegerField(_("minutes kept free after"), default=0)
    grid_minutes = models.PositiveSmallIntegerField(
        _("starts every so many minutes"), default=5, help_text=_("Counted from midnight on the clock at the site.")
    )
    notice_minutes = models.PositiveIntegerField(_("booked at least so many minutes ahead"), default=60)
    cancel_minutes = models.PositiveIntegerField(
        _("changed or cancelled by patients at least so many minutes ahead"), default=0
    )
    horizon_days = models.PositiveSmallIntegerField(_("booked at most so many days ahead"), default=180)
    most_per_day = models.PositiveSmallIntegerField(
        _("at most so many a day with one provider"), null=True, blank=True, help_text=_("Empty means no limit.")
    )
    most_per_week = models.PositiveSmallIntegerField(
        _("at most so many a week with one provider"), null=True, blank=True, help_text=_("Weeks begin on Monday.")
    )
    portal_mode = models.CharField(max_length=8, choices=PortalMode, default=PortalMode.DIRECT)
    answer_hours = models.PositiveSmallIntegerField(
        _("a time that a patient asks for is kept so many hours"),
        default=48,
        help_text=_("Unless somebody answers before; at most until the time itself."),
    )
    offer_minutes = models.PositiveSmallIntegerField(
        _("a time that became free is kept so many minutes for who waits for it"), default=30
    )
    seats = models.PositiveSmallIntegerField(
        _("seats, where several come at once"),
        null=True,
        blank=True,
        help_text=_("Planned as sessions, in which each takes a seat. Empty means one patient at a time."),
    )
    takes_copay = models.BooleanField(
        _("patients pay their copay when they come"), default=True, help_text=_("The desk is shown how much it is.")
    )
    specialty = models.CharField(max_length=100, blank=True, help_text=_("Of the provider; empty means any."))
    privilege = models.CharField(
        _("privilege the provider must hold"),
        max_length=120,
        blank=True,
        help_text=_("As it is recorded on the provider's page, and on the day of the visit; empty means none."),
    )
    needs = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        help_text=_("One of each is booked with the visit, at its site."),
    )
    anyone = models.CharField(
        _("who it is booked with where anybody will do"), max_length=7, choices=Anyone, default=Anyone.IN_TURN
    )
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(minutes__range=(1, 1440)), name="visit_type_has_a_length"),
            models.CheckConstraint(condition=Q(grid_minutes__range=(1, 1440)), name="visit_type_has_a_grid"),
            models.CheckConstraint(
                condition=~Q(most_per_day=0) & ~Q(most_per_week=0), name="visit_type_capped_above_none"
            ),
            models.CheckConstraint(
                condition=Q(seats=None) | Q(seats__range=(1, MOST_SEATS)), name="visit_type_has_seats_or_none"
            ),
            models.CheckConstraint(condition=Q(answer_hours__range=(1, 720)), name="visit_type_answered_in_a_month"),
            models.CheckConstraint(condition=Q(offer_minutes__range=(5, 720)), name="visit_type_offers_for_a_while"),
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
    category = models.CharField(
        _("what it is"), max_length=60, blank=True, help_text=_("Kinds of visits need one of these, whichever is free.")
    )
    time_zone = models.CharField(max_length=64, default="America/New_York")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="provider", provider__isnull=False) | (~Q(kind="provider") & Q(provider=None)),
                name="resource_provider_kind_has_one",
            ),
            models.CheckConstraint(
                condition=Q(category="") | Q(provider=None, site__isnull=False), name="resource_category_of_rooms"
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
