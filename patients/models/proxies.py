from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models.people import PatientOwned, PatientOwnedQuerySet
from patients.models.reach import within_reach


class ProxyQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Of the patients one sees, and what names oneself: everybody may know for whom they act."""
        named = Q(user=user) if user.is_active and user.acting_role else Q(pk__in=[])
        return self.filter(within_reach(user, Scope.IDENTITY) | named)


class Proxy(PatientOwned):
    """Somebody acts for the patient: who agreed, and who of the staff looked at their ID. The row never changes.

    From when to when, and which parts of the record, is said by the care relationships whose source is `source`.
    """

    class Relation(models.TextChoices):
        """Who they are to the patient."""

        PARENT = "parent", _("Parent")
        GRANDPARENT = "grandparent", _("Grandparent")
        GUARDIAN = "guardian", _("Legal guardian")
        SPOUSE = "spouse", _("Wife, husband or partner")
        CHILD = "child", _("Grown-up child")
        SIBLING = "sibling", _("Brother or sister")
        OTHER = "other", _("Somebody else")

    class Extent(models.TextChoices):
        ALL = "all", _("Everything")
        APPOINTMENTS = "appointments", _("Visits only")
        BILLS = "bills", _("Bills only")

    class AgreedBy(models.TextChoices):
        PATIENT = "patient", _("The patient")
        PARENT = "parent", _("A parent with custody")
        COURT = "court", _("A court, or a power of attorney")

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, INSERT")
    SCOPES: ClassVar[dict[str, tuple[Scope, ...]]] = {
        Extent.ALL: tuple(Scope),
        Extent.APPOINTMENTS: (Scope.IDENTITY, Scope.SCHEDULE),
        Extent.BILLS: (Scope.IDENTITY, Scope.BILLING),
    }
    TO_THEM: ClassVar[dict[str, Promise]] = {
        Relation.PARENT: _("your child"),
        Relation.GRANDPARENT: _("your grandchild"),
        Relation.GUARDIAN: _("in your care"),
        Relation.SPOUSE: _("your wife, husband or partner"),
        Relation.CHILD: _("your parent"),
        Relation.SIBLING: _("your brother or sister"),
        Relation.OTHER: _("whom you look after"),
    }

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    relation = models.CharField(max_length=12, choices=Relation)
    extent = models.CharField(max_length=12, choices=Extent)
    agreed_by = models.CharField(max_length=8, choices=AgreedBy)
    checked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ProxyQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name_plural = _("proxies")
        indexes = [models.Index(fields=["user"], name="proxy_by_user")]
        constraints = [
            models.CheckConstraint(condition=~Q(user=models.F("checked_by")), name="proxy_checked_by_somebody_else"),
        ]

    @property
    def source(self) -> str:
        """What the care relationships say they came with."""
        return f"proxy:{self.pk}"

    @property
    def patient_is(self) -> Promise:
        """Who the patient is to them, as a phrase in the middle of a sentence."""
        return self.TO_THEM[self.relation]
