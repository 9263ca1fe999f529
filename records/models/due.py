from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from healthcare.events.models import DueWork, DueWorkQuerySet
from patients.models import PatientOwned, within_reach
from records.models.entries import Entry


class ResultDueQuerySet(DueWorkQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(within_reach(user, self.model.scope))


class ResultDue(DueWork, PatientOwned):
    """When somebody else is told of a result that nobody has read by then. Made in the transaction of the result.

    It says that there is a result, not which: `entry` leads to that, for whoever may see it.
    """

    scope: ClassVar[Scope] = Scope.CLINICAL
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, INSERT, UPDATE")

    entry = models.ForeignKey(
        Entry,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # the pair (entry_id, patient_id) is the constraint
    )

    objects = ResultDueQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta(DueWork.Meta):
        verbose_name = _("result to be read")
        verbose_name_plural = _("results to be read")
        constraints = [models.UniqueConstraint(fields=["entry"], name="result_due_once")]
