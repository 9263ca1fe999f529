from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.models.areas import ALERT_AREAS, NOTICE_AREAS, within_areas
from alerts.models.arranged import Ladder, Recipients
from alerts.models.digests import Digest
from alerts.models.handing import Handing, HandingQuerySet
from alerts.models.putting_off import PutOff, PutOffQuerySet
from alerts.models.watching import Anomaly, AnomalyQuerySet, Rule, WatchEdit, WatchMark
from alerts.rules import INFO, LADDERS, LETTERS, STAGES, last_level
from healthcare.accounts.models import Team, User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import PATIENT
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from healthcare.events.models import DueWork, DueWorkQuerySet
from patients.models import PatientOwned, PatientOwnedQuerySet, within_reach
from scheduling.models import Appointment, VisitType

__all__ = [
    "ALERT_AREAS",
    "NOTICE_AREAS",
    "Alert",
    "AlertQuerySet",
    "Anomaly",
    "AnomalyQuerySet",
    "Digest",
    "Handing",
    "HandingQuerySet",
    "Ladder",
    "Notice",
    "NoticeQuerySet",
    "PutOff",
    "PutOffQuerySet",
    "Recipients",
    "Reminder",
    "ReminderPlan",
    "ReminderQuerySet",
    "Rule",
    "Stage",
    "WatchEdit",
    "WatchMark",
    "within_areas",
]


class AlertQuerySet(DueWorkQuerySet):
    def visible_to(self, user: User) -> Self:
        """Of the patients one reaches, in the area of each; alerts are work of the clinic, never shown to a patient."""
        return self.none() if user.acting_role == PATIENT else self.filter(within_areas(user, ALERT_AREAS))

    def waiting(self) -> Self:
        """Nobody has acknowledged them yet."""
        return self.filter(state="open")

    def pressing(self) -> Self:
        """Waiting, and more than information."""
        return self.waiting().exclude(severity=INFO)

    def exhausted(self) -> Self:
        """Everybody was asked, and they still wait."""
        asked = Q(pk__in=[])
        for severity in LADDERS.keys() - {INFO}:
            asked |= Q(severity=severity, level__gte=last_level(severity))
        return self.waiting().filter(asked)


class Alert(DueWork, PatientOwned):
    """Somebody must know, and say that they do. While nobody has, `next_at` is when the next ones are asked.

    The row says that there is something, not what: `source` leads to that, for whoever may see it. `occasion` keeps one
    happening from being raised twice.
    """

    class Kind(models.TextChoices):
        ABNORMAL_VALUE = "abnormal_value", _("Abnormal value")
        UNREAD_RESULT = "unread_result", _("Result not read")
        CORRECTED_RESULT = "corrected_result", _("Result corrected after it was read")
        FAILED_ORDER = "failed_order", _("Nothing more comes of an order")
        AMENDMENT = "amendment", _("Asked that the record be amended")
        AMENDMENT_DUE = "amendment_due", _("Answer due: amendment of the record")
        RECALL_DUE = "recall_due", _("To be called in")
        NOT_COLLECTED = "not_collected", _("Medicine not collected")
        NOT_DISPENSED = "not_dispensed", _("Medicine not dispensed")
        PICKED_UP = "picked_up", _("Medicine picked up")
        LATER_CONFLICT = "later_conflict", _("Conflict found after signing")
        REFILL_REQUEST = "refill_request", _("Patient asks for a refill")
        BLOCKED_TIME = "blocked_time", _("Visit in blocked time")

    class Severity(models.TextChoices):
        URGENT = "urgent", _("Urgent")
        HIGH = "high", _("High")
        INFO = "info", _("For information")

    class State(models.TextChoices):
        OPEN = "open", _("Not acknowledged")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        CLOSED = "closed", _("Closed: its occasion is gone")

    scope: ClassVar[Scope] = Scope.CLINICAL  # the narrowest of those that `area` may name
    database_access: ClassVar[Access] = Access(
        web="SELECT, UPDATE (state, acknowledged_at, acknowledged_by_id, owner_id, team_id, level, turn, handed_on_at,"
        " handed_on_by_id, next_at, handed_until, updated_at)",
        worker="SELECT, INSERT, UPDATE",
    )

    kind = models.CharField(max_length=16, choices=Kind)
    severity = models.CharField(max_length=6, choices=Severity)
    area = models.CharField(max_length=12, choices=[(scope.value, scope.value) for scope in Scope])
    source = models.CharField(max_length=80, help_text=_("app.model:id of what it is about."))
    occasion = models.CharField(max_length=160, unique=True)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    level = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    turn = models.PositiveSmallIntegerField(default=0, help_text=_("How often it was handed on."))
    handed_on_at = models.DateTimeField(null=True, blank=True)
    handed_on_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = AlertQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta(DueWork.Meta):
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        indexes = [
            *DueWork.Meta.indexes,
            models.Index(fields=["patient", "state"], name="alert_by_patient"),
            models.Index(fields=["raised_at"], condition=Q(state="open"), name="alert_open"),
            models.Index(fields=["source"], condition=Q(state="open"), name="alert_by_source"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="acknowledged", acknowledged_at__isnull=False, acknowledged_by__isnull=False)
                | (~Q(state="acknowledged") & Q(acknowledged_at=None, acknowledged_by=None)),
                name="alert_acknowledged_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False) | (~Q(state="closed") & Q(closed_at=None)),
                name="alert_closed_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state="open") | Q(next_at=None), name="alert_asks_nobody_after_it_was_answered"
            ),
            models.CheckConstraint(
                condition=Q(turn=0, handed_on_at=None, handed_on_by=None)
                | Q(turn__gte=1, handed_on_at__isnull=False, handed_on_by__isnull=False),
                name="alert_handed_on_says_who_and_when",
            ),
        ]

    @property
    def team_role(self) -> str:
        """The role whose people may answer it: of whoever it was raised for."""
        return str(self.team.role)

    @property
    def asked_at(self) -> datetime:
        """From when the steps of the ladder count."""
        return self.handed_on_at or self.raised_at


class NoticeQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Of the patients one reaches, in the area of each; a patient sees those that went to them."""
        seen = self.filter(within_areas(user, NOTICE_AREAS))
        return seen.filter(recipient=user) if user.acting_role == PATIENT else seen

    def gathered(self) -> Self:
        """Kept for the next mail of the day."""
        return self.filter(state="gathered")


class Notice(PatientOwned):
    """Who was told what, when; or why they were not. What was written is in the message, until it was sent."""

    class State(models.TextChoices):
        GATHERED = "gathered", _("Kept for the mail of the day")
        QUEUED = "queued", _("In the post")
        SKIPPED = "skipped", _("Not sent")

    class Reason(models.TextChoices):
        NO_ADDRESS = "no_address", _("No e-mail address is known")
        NO_ACCOUNT = "no_account", _("There is no portal account to read it in")
        BAD_ADDRESS = "bad_address", _("The e-mail address cannot be used")
        ONCE_A_DAY = "once_a_day", _("The patient wants to hear of it once a day")
        OVER = "over", _("It was read, settled or taken back before it could be sent")
        OUTDATED = "outdated", _("The visit was changed again meanwhile")
        VISIT_PAST = "visit_past", _("The visit had begun")
        PATIENT_DIED = "patient_died", _("The patient has died")
        REFUSED = "refused", _("The patient does not want it in this way")
        NO_OTHER_WAY = "no_other_way", _("There is no other way to write to them")
        QUIET_HOURS = "quiet_hours", _("It would have come in their quiet hours, or too late")

    scope: ClassVar[Scope] = Scope.CLINICAL  # the narrowest of those that `area` may name
    database_access: ClassVar[Access] = Access(
        web="SELECT",
        worker="SELECT, INSERT, UPDATE (state, reason, message_id, recipient_id, channel, updated_at)",
    )

    letter = models.CharField(max_length=24, choices=[(name, name) for name in LETTERS])
    area = models.CharField(max_length=12, choices=[(scope.value, scope.value) for scope in Scope])
    source = models.CharField(max_length=80)
    occasion = models.CharField(max_length=160, unique=True)
    alert = models.ForeignKey(Alert, null=True, blank=True, on_delete=models.PROTECT, related_name="notices")
    level = models.PositiveSmallIntegerField(default=0)
    turn = models.PositiveSmallIntegerField(default=0)
    recipient = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=8, default="email")
    state = models.CharField(max_length=8, choices=State)
    reason = models.CharField(max_length=12, choices=Reason, blank=True)
    message_id = models.UUIDField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [
            models.Index(fields=["patient", "-created_at"], name="notice_by_patient"),
            models.Index(fields=["message_id"], condition=Q(message_id__isnull=False), name="notice_by_message"),
            models.Index(fields=["patient"], condition=Q(state="gathered"), name="notice_gathered"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="queued", message_id__isnull=False, reason="")
                | Q(state="gathered", message_id=None, reason="once_a_day")
                | (Q(state="skipped", message_id=None) & ~Q(reason="")),
                name="notice_sent_or_says_why_not",
            ),
        ]


class Stage(models.TextChoices):
    """When a visit is called to mind: the names of `rules.STAGES`."""

    THREE_DAYS = "three_days", _("Three days before")
    DAY_BEFORE = "day_before", _("The day before")
    TWO_HOURS = "two_hours", _("Two hours before")


class ReminderQuerySet(DueWorkQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(within_reach(user, Scope.SCHEDULE))

    def planned(self) -> Self:
        """Still to be sent."""
        return self.filter(state="due")


class Reminder(DueWork, PatientOwned):
    """A visit will be called to mind at a time. Made, superseded and withdrawn inside the booking's transaction."""

    class State(models.TextChoices):
        DUE = "due", _("Waits")
        SENT = "sent", _("Sent")
        SUPERSEDED = "superseded", _("Superseded")
        SKIPPED = "skipped", _("Not sent")

    class Reason(models.TextChoices):
        BOOKED_LATE = "booked_late", _("Booked later than that")
        VISIT_MOVED = "visit_moved", _("The visit was moved")
        VISIT_NOT_OPEN = "visit_not_open", _("The visit was cancelled, or has begun")
        VISIT_PAST = "visit_past", _("The visit had begun")
        NO_ADDRESS = "no_address", _("No e-mail address is known")
        BAD_ADDRESS = "bad_address", _("The e-mail address cannot be used")
        PATIENT_DIED = "patient_died", _("The patient has died")
        REFUSED = "refused", _("The patient does not want it in this way")
        QUIET_HOURS = "quiet_hours", _("It would have come in their quiet hours, or too late")
        LATER_ONE_DUE = "later_one_due", _("The next one was due by then")

    scope: ClassVar[Scope] = Scope.SCHEDULE
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (state, reason, next_at, handed_until, updated_at)", worker="SELECT, INSERT, UPDATE"
    )

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+", db_index=False)
    sequence = models.PositiveIntegerField()
    stage = models.CharField(max_length=12, choices=Stage)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    reason = models.CharField(max_length=16, choices=Reason, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = ReminderQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta(DueWork.Meta):
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints = [
            models.UniqueConstraint(fields=["appointment", "sequence", "stage"], name="reminder_one_a_stage"),
            models.CheckConstraint(
                condition=Q(state="due", next_at__isnull=False) | (~Q(state="due") & Q(next_at=None)),
                name="reminder_waits_while_due",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at=None)),
                name="reminder_sent_says_when",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=["due", "sent"]) & Q(reason=""))
                | (Q(state__in=["superseded", "skipped"]) & ~Q(reason="")),
                name="reminder_unsent_says_why",
            ),
        ]


class ReminderPlan(BaseModel):
    """When patients are reminded of visits of one kind, where that is not the usual."""

    database_access: ClassVar[Access] = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")

    visit_type = models.OneToOneField(VisitType, on_delete=models.PROTECT, related_name="reminder_plan")
    stages = ArrayField(
        models.CharField(max_length=12, choices=Stage),
        default=list,
        blank=True,
        help_text=_("None: nobody is reminded of such visits."),
    )

    class Meta:
        verbose_name = _("reminders of a kind of visit")
        verbose_name_plural = _("reminders by kind of visit")
        constraints = [
            models.CheckConstraint(condition=Q(stages__contained_by=list(STAGES)), name="reminderplan_known_stages"),
        ]
