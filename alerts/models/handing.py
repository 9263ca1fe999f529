"""How an alert went from one to the next."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.models.areas import ALERT_AREAS, within_areas
from alerts.rules.handing import LONGEST_WORD
from healthcare.accounts.models import Team, User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import PATIENT
from healthcare.db.privileges import Access
from patients.models import PatientOwned, PatientOwnedQuerySet


class HandingQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """As the alerts that they are of."""
        return self.none() if user.acting_role == PATIENT else self.filter(within_areas(user, ALERT_AREAS))


class Handing(PatientOwned):
    """Somebody handed an alert on, to a colleague or to a team. `turn` counts from 1; `instead_of` was away."""

    scope: ClassVar[Scope] = Scope.CLINICAL  # the narrowest of those that `area` may name
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, INSERT")

    alert = models.ForeignKey("alerts.Alert", on_delete=models.PROTECT, related_name="handings")
    area = models.CharField(max_length=12, choices=[(scope.value, scope.value) for scope in Scope])
    turn = models.PositiveSmallIntegerField()
    handed_at = models.DateTimeField()
    handed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    to = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    instead_of = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    word = models.CharField(max_length=LONGEST_WORD, blank=True)

    objects = HandingQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("handing on of an alert")
        verbose_name_plural = _("handings on of alerts")
        constraints = [
            models.UniqueConstraint(fields=["alert", "turn"], name="handing_one_a_turn"),
            models.CheckConstraint(
                condition=Q(to__isnull=False, team=None) | Q(to=None, team__isnull=False, instead_of=None),
                name="handing_to_somebody_or_a_team",
            ),
            models.CheckConstraint(condition=Q(turn__gte=1), name="handing_counts_from_one"),
        ]
