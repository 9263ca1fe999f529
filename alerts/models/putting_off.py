"""What somebody does not want to see in their inbox until later."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import PATIENT
from healthcare.db.privileges import Access
from patients.models import PatientOwned, within_reach


class PutOffQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Self:
        """One's own alone, of patients one still reaches."""
        own = self.filter(within_reach(user, Scope.IDENTITY), user=user)
        return own.none() if user.acting_role == PATIENT else own

    def lasting(self, now: datetime) -> Self:
        return self.filter(until__gt=now)


class PutOff(PatientOwned):
    """A line of one person's inbox, by what it is about ("app.model:id"), hidden for them alone until a moment.

    One row a line and person: whoever puts it off again, or takes that back, changes `until`.
    """

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (until, put_off_at, updated_at)", worker="SELECT, INSERT, UPDATE"
    )

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    source = models.CharField(max_length=80, help_text=_("app.model:id of what the line is about."))
    put_off_at = models.DateTimeField()
    until = models.DateTimeField()

    objects = PutOffQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta:
        verbose_name = _("line put off")
        verbose_name_plural = _("lines put off")
        constraints = [
            models.UniqueConstraint(fields=["user", "source"], name="putoff_one_a_line"),
            models.CheckConstraint(condition=Q(until__gte=F("put_off_at")), name="putoff_is_for_later"),
        ]
