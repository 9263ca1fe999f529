"""When results go out to patients: the house's policies, what patients wish, and what waits for its moment."""

from datetime import timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from healthcare.events.models import DueWork, DueWorkQuerySet
from patients.models import PatientOwned, PatientOwnedQuerySet, within_reach
from records.models.entries import Entry
from records.rules.release import MOST_DAYS, Held, Policy

HOLD = ("held_at", "held_by_id", "held_until", "held_reason", "reviewed_at", "reviewed_by_id")
RELEASE_WRITES = f"SELECT, INSERT, UPDATE (next_at, handed_until, {', '.join(HOLD)}, updated_at)"


def latest() -> timedelta:
    """How long a final result may wait for policy or wish: a setting, and never more than the law's own number."""
    return timedelta(days=max(0, min(settings.RESULTS_WAIT_DAYS, MOST_DAYS)))


class ReleasePolicy(BaseModel):
    """As the house does it for one category of results. Without a row: at once."""

    database_access: ClassVar[Access] = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")

    class Category(models.TextChoices):
        LABORATORY = "laboratory", _("Laboratory")
        IMAGING = "imaging", _("Imaging")
        OTHER = "other", _("Other reports")

    class When(models.TextChoices):
        AT_ONCE = "at_once", _("At once when it is final")
        AFTER_READ = "after_read", _("When a clinician has read it")
        AFTER_DAYS = "after_days", _("After some days")

    category = models.CharField(_("results of"), max_length=10, choices=Category)
    when = models.CharField(_("patients see them"), max_length=10, choices=When, default=When.AT_ONCE)
    days = models.PositiveSmallIntegerField(
        _("days"), default=0, help_text=_("With “after some days” alone; 0 otherwise.")
    )

    class Meta:
        verbose_name = _("release of results")
        verbose_name_plural = _("release of results")
        constraints = [
            models.UniqueConstraint(fields=["category"], name="release_policy_once"),
            models.CheckConstraint(
                condition=Q(when="after_days", days__range=(1, MOST_DAYS))
                | Q(when__in=["at_once", "after_read"], days=0),
                name="release_policy_says_days",
            ),
        ]

    def __str__(self) -> str:
        return f"release of {self.category}"

    def as_rule(self) -> Policy:
        return Policy(self.when, self.days)


class ReleaseWishQuerySet(PatientOwnedQuerySet):
    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-id")


class ReleaseWish(PatientOwned):
    """How a patient wants to get results; the newest counts, and none is rewritten."""

    class Wants(models.TextChoices):
        USUAL = "", _("As the clinic does it")
        AT_ONCE = "at_once", _("As soon as they are there")
        AFTER_TALK = "after_talk", _("When my doctor has sent them to me or spoken to me")

    scope: ClassVar[Scope] = Scope.CLINICAL
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, INSERT")

    wants = models.CharField(max_length=10, choices=Wants, blank=True)
    said_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ReleaseWishQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("wish about results")
        verbose_name_plural = _("wishes about results")
        constraints = [
            models.CheckConstraint(condition=Q(wants__in=["", "at_once", "after_talk"]), name="release_wish_known")
        ]


class ResultReleaseQuerySet(DueWorkQuerySet):
    def visible_to(self, user: User) -> Self:
        """With the result itself: a reason to hold it back says something of it."""
        result = Entry.objects.visible_to(user).filter(pk=OuterRef("entry_id"), patient_id=OuterRef("patient_id"))
        return self.filter(within_reach(user, self.model.scope), Exists(result))

    def held(self) -> Self:
        """Held back now."""
        return self.filter(held_at__isnull=False, next_at__isnull=False)


class ResultRelease(DueWork, PatientOwned):
    """A final result that the patient does not see yet: `next_at` is when the rule is asked (again).

    The moment itself is never kept: whoever has to know asks `rules.release` of the facts as they are then.
    """

    scope: ClassVar[Scope] = Scope.CLINICAL
    database_access: ClassVar[Access] = Access(web=RELEASE_WRITES, worker="SELECT, INSERT, UPDATE")

    entry = models.ForeignKey(
        Entry,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # the pair (entry_id, patient_id) is the constraint
    )
    final_at = models.DateTimeField(help_text=_("When it was final, and so could go out."))
    held_at = models.DateTimeField(null=True, blank=True)
    held_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    held_until = models.DateTimeField(null=True, blank=True)
    held_reason = models.CharField(max_length=300, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = ResultReleaseQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta(DueWork.Meta):
        verbose_name = _("result to be released")
        verbose_name_plural = _("results to be released")
        constraints = [
            models.UniqueConstraint(fields=["entry"], name="result_release_once"),
            models.CheckConstraint(
                condition=Q(held_at=None, held_by=None, held_until=None, held_reason="", reviewed_at=None)
                | Q(held_at__isnull=False, held_by__isnull=False, held_until__gt=F("held_at")) & ~Q(held_reason=""),
                name="result_hold_says_who_why_and_until",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_at=None, reviewed_by=None)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False) & ~Q(reviewed_by=F("held_by")),
                name="result_hold_is_reviewed_by_another",
            ),
        ]

    def get_hold(self) -> Held | None:
        """As the rule takes it."""
        if self.held_at is None or self.held_until is None:
            return None
        return Held(self.held_at, self.held_until, self.reviewed_at is not None)
