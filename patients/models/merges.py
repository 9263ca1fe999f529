from typing import ClassVar, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import READ, Access
from patients.models.people import PatientOwned, PatientOwnedQuerySet
from patients.models.reach import within_reach


class MergeQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Where the kept record is; once undone, also where the other is: rows of both may be signed under either."""
        apart = Q(undone_at__isnull=False) & within_reach(user, self.model.scope, "merged")
        return self.filter(within_reach(user, self.model.scope) | apart)

    def standing(self) -> Self:
        """Not taken apart again."""
        return self.filter(undone_at=None)


class Merge(PatientOwned):
    """Two records were one person's: `patient` was kept, and everything of the other went to them.

    The other's row in patients is gone, so that nothing can point to it any more; `record` holds it as it was, `moved`
    the ids of all that went along by table and column, `aside` whole rows that could not stand beside the kept ones,
    `settled` rows as they were before one of two had to end. Written by the functions of docs/decisions/0039 alone.
    """

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(web=READ, worker=READ)

    merged = models.UUIDField(help_text=_("The id of the record that went; audit lines of that time name it."))
    former_mrn = models.CharField(_("former record number"), max_length=11)
    former_name = models.CharField(max_length=201)
    record = models.JSONField(help_text=_("The row that went, as it was."))
    moved = models.JSONField(default=dict)
    aside = models.JSONField(default=dict)
    settled = models.JSONField(default=list)
    fields = models.JSONField(default=dict, help_text=_("What was taken over from the other: field, before, after."))
    reason = models.CharField(max_length=300)
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at_work = models.CharField(max_length=20, blank=True, help_text=_("The transaction, while it moves rows."))

    objects = MergeQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        indexes = [
            models.Index(fields=["former_mrn"], condition=Q(undone_at=None), name="merge_by_former_mrn"),
            models.Index(fields=["at_work"], condition=~Q(at_work=""), name="merge_at_work"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["merged"], condition=Q(undone_at=None), name="merge_once"),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None) | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="merge_undone_says_who",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="merge_says_why"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=False) | ~Q(merged=models.F("patient")), name="merge_of_two"
            ),
        ]


def former_numbers() -> ArraySubquery:
    """Beside a patient: the record numbers of what was merged into it, the earliest merge first."""
    merges = Merge.objects.standing().filter(patient=models.OuterRef("pk")).order_by("merged_at", "pk")
    return ArraySubquery(merges.values("former_mrn"))
