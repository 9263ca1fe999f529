from datetime import date
from typing import ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.payers import Plan
from billing.models.prices import money
from billing.rules import coverage as rules
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.fields import EncryptedTextField
from healthcare.db.privileges import READ, Access
from patients.models import PatientOwned, PatientOwnedQuerySet
from records.models import Encounter
from scheduling.models import Appointment


class Relationship(models.TextChoices):
    """What the patient is to whoever is insured (FHIR R4, SubscriberPolicyholder Relationship Codes)."""

    SELF = "self", _("Insured in their own name")
    SPOUSE = "spouse", _("Husband, wife or partner of the insured person")
    CHILD = "child", _("Child of the insured person")
    PARENT = "parent", _("Parent of the insured person")
    OTHER = "other", _("Insured by somebody else")


class Carded(PatientOwned):
    """What stands on a card besides its plan. The member's number is encrypted (45 CFR 164.312(a)(2)(iv))."""

    scope: ClassVar[Scope] = Scope.BILLING

    priority = models.PositiveSmallIntegerField(_("asked to pay"), choices=[(n, str(n)) for n in rules.PRIORITIES])
    relationship = models.CharField(max_length=6, choices=Relationship, default=Relationship.SELF)
    member_id = EncryptedTextField(_("member number"), blank=True)
    group_number = models.CharField(_("group number"), max_length=40, blank=True)
    subscriber_name = models.CharField(max_length=200, blank=True)
    subscriber_birth_date = models.DateField(null=True, blank=True)
    validity = DateRangeField(help_text=_("From the first day to, and without, the last; an open side is not known."))

    class Meta:
        abstract = True

    @property
    def first_day(self) -> date | None:
        return self.validity.lower

    @property
    def last_day(self) -> date | None:
        """It still counts on this day; None: nobody said when it ends."""
        return rules.last_before(self.validity.upper)


class CoverageQuerySet(PatientOwnedQuerySet):
    def standing(self) -> Self:
        """Neither replaced by a later version nor entered in error."""
        return self.filter(status="active")

    def on(self, day: date) -> Self:
        """Counts on this day, its last one included."""
        return self.standing().filter(validity__contains=day)


class Coverage(Carded):
    """An insurance card of a patient: of which plan, who is asked first, and from which day to which.

    A card never changes but to be replaced by its next version, or withdrawn as a mistake; both say who and when. For
    one priority there is one card a day, whoever writes.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Stands")
        REPLACED = "replaced", _("Replaced")
        WRONG = "entered-in-error", _("Entered in error")

    LIFE = "status, ended_at, ended_by_id, end_reason, updated_at"
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({LIFE})", worker=f"SELECT, INSERT, UPDATE ({LIFE})"
    )

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+", verbose_name=_("plan"))
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    entered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    supersedes = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True, help_text=_("When it was replaced or withdrawn."))
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    end_reason = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=200, blank=True, help_text=_("The system that told of it; empty: this one."))
    told = EncryptedTextField(blank=True, help_text=_("The resource whole, as its source sent it."))

    objects = CoverageQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("coverage")
        verbose_name_plural = _("coverages")
        indexes = [models.Index(fields=["patient", "priority"], name="coverage_by_patient")]
        constraints = [
            ExclusionConstraint(
                name="coverage_one_a_priority_and_day",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    ("priority", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
                condition=Q(status="active"),
            ),
            models.CheckConstraint(condition=Q(validity__isempty=False), name="coverage_some_day"),
            models.CheckConstraint(condition=Q(priority__in=rules.PRIORITIES), name="coverage_first_to_third"),
            models.CheckConstraint(
                condition=Q(relationship="self", subscriber_name="", subscriber_birth_date=None)
                | (~Q(relationship="self") & (~Q(subscriber_name="") | ~Q(source=""))),
                name="coverage_subscriber_is_named",
            ),
            models.CheckConstraint(
                condition=Q(status="active", ended_at=None, ended_by=None, end_reason="")
                | (~Q(status="active") & Q(ended_at__isnull=False)),
                name="coverage_ended_says_when",
            ),
        ]


class VisitCoverageQuerySet(PatientOwnedQuerySet):
    def standing(self) -> Self:
        return self.filter(replaced_at=None)


class VisitCoverage(Carded):
    """Which card counted on the day of a visit, as it was: a copy that no later edit of the card or its plan changes.

    Without a card: nobody knew of any that day, which is not the same as nobody having looked. Until the visit is
    billed, a corrected card gives a new copy; from then on it is frozen, by trigger.
    """

    database_access: ClassVar[Access] = Access(web=READ, worker="SELECT, INSERT, UPDATE (replaced_at, updated_at)")

    appointment = models.ForeignKey(Appointment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(
        Encounter, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text=_("Without a booking.")
    )
    service_date = models.DateField(help_text=_("Of the visit, on the calendar of its site."))
    coverage = models.ForeignKey(Coverage, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    payer_name = models.CharField(max_length=120, blank=True)
    payer_number = models.CharField(max_length=20, blank=True)
    plan_name = models.CharField(max_length=120, blank=True)
    taken_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)

    objects = VisitCoverageQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("coverage of a visit")
        verbose_name_plural = _("coverages of visits")
        constraints = [
            models.CheckConstraint(
                condition=Q(appointment__isnull=False, encounter=None) | Q(appointment=None, encounter__isnull=False),
                name="visit_coverage_of_one_visit",
            ),
            models.CheckConstraint(
                condition=(Q(coverage__isnull=False) & ~Q(plan_name="")) | Q(coverage=None, plan_name="", priority=1),
                name="visit_coverage_copies_a_card_or_says_none",
            ),
            models.CheckConstraint(
                condition=Q(coverage=None) | Q(validity__contains=models.F("service_date")),
                name="visit_coverage_counts_that_day",
            ),
            models.UniqueConstraint(
                fields=["appointment", "priority"], condition=Q(replaced_at=None), name="visit_coverage_one_a_place"
            ),
            models.UniqueConstraint(
                fields=["encounter", "priority"], condition=Q(replaced_at=None), name="encounter_coverage_one_a_place"
            ),
        ]


class EligibilityCheck(PatientOwned):
    """A question to whoever pays, whether a card counts on a day, and the answer as it was; asked again, a new one.

    It is answered by a worker, so that no page waits for it or fails with it.
    """

    class Status(models.TextChoices):
        ASKED = "asked", _("Asked, no answer yet")
        ANSWERED = "answered", _("Answered")
        FAILED = "failed", _("No answer could be had")

    class Outcome(models.TextChoices):
        ACTIVE = rules.Outcome.ACTIVE.value, _("Covered")
        INACTIVE = rules.Outcome.INACTIVE.value, _("Not covered")
        NOT_FOUND = rules.Outcome.NOT_FOUND.value, _("Member not found")

    class Reason(models.TextChoices):
        COVERED = rules.Reason.COVERED.value, _("The plan covers this day.")
        NOT_OFFERED = rules.Reason.NOT_OFFERED.value, _("The plan is not offered on this day.")
        NOT_YET = rules.Reason.NOT_YET.value, _("The card begins later.")
        OVER = rules.Reason.OVER.value, _("The card ended before.")
        NO_NUMBER = rules.Reason.NO_NUMBER.value, _("There is no member number on the card.")
        NOT_ITS_NUMBER = rules.Reason.NOT_ITS_NUMBER.value, _("The payer gives no member numbers of this form.")
        PAYER_CLOSED = rules.Reason.PAYER_CLOSED.value, _("This payer pays no longer.")

    scope: ClassVar[Scope] = Scope.BILLING
    ANSWER = "status, answered_at, outcome, reason, copay, deductible, answered_by, received, updated_at"
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker=f"SELECT, INSERT, UPDATE ({ANSWER})")

    coverage = models.ForeignKey(Coverage, on_delete=models.PROTECT, related_name="checks")
    appointment = models.ForeignKey(Appointment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    service_date = models.DateField(help_text=_("The day asked about, on the calendar of the site."))
    status = models.CharField(max_length=8, choices=Status, default=Status.ASKED)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.CharField(
        max_length=80, blank=True, help_text=_("What answered, by its name in the settings.")
    )
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True)
    reason = models.CharField(max_length=14, choices=Reason, blank=True)
    copay = money(null=True, blank=True)
    deductible = money(null=True, blank=True)
    received = EncryptedTextField(blank=True, help_text=_("The answer as it came."))

    OWN_RULES = "billing.eligibility.by_rules"

    class Meta:
        verbose_name = _("eligibility check")
        indexes = [models.Index(fields=["coverage", "-asked_at"], name="eligibility_by_coverage")]
        constraints = [
            models.CheckConstraint(
                condition=(Q(status="asked", answered_at=None, outcome="", reason=""))
                | (Q(status="answered", answered_at__isnull=False) & ~Q(outcome="") & ~Q(reason=""))
                | Q(status="failed", answered_at__isnull=False, outcome="", reason=""),
                name="eligibility_answered_says_when_and_what",
            ),
        ]

    @property
    def by_own_rules(self) -> bool:
        """The payer was not asked."""
        return self.answered_by == self.OWN_RULES
