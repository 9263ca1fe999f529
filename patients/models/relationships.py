from collections.abc import Sequence
from typing import ClassVar, Self

from django.contrib.auth.models import Group, Permission
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from healthcare.accounts.models import Site, User
from healthcare.accounts.permissions import SENSITIVITY_CHOICES, Scope
from healthcare.accounts.roles import ROLE_CHOICES
from healthcare.db.privileges import READ, Access
from patients.models.people import Patient, PatientOwned, PatientOwnedQuerySet
from patients.models.reach import within_reach


class CareRelationshipQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Of the patients one sees, and those that name oneself: everybody may know why they have access."""
        named = Q(user=user) if user.is_active and user.acting_role else Q(pk__in=[])
        return self.filter(within_reach(user, Scope.IDENTITY) | named)

    def current(self) -> Self:
        return self.filter(validity__contains=Now())


class CareRelationship(PatientOwned):
    """Why somebody may open a chart. The grants that both walls read are projected from these rows, by trigger."""

    class Kind(models.TextChoices):
        SELF = "self", _("The patient")
        PROXY = "proxy", _("Acts for the patient")
        CARE_TEAM = "care_team", _("Care team")
        APPOINTMENT = "appointment", _("Appointment")
        SITE = "site", _("Site team")
        SHARE = "share", _("Shared with")
        BREAK_GLASS = "break_glass", _("Emergency access")

    scope: ClassVar[Scope] = Scope.IDENTITY
    # A row may be shortened and signed for, never widened or pointed elsewhere.
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (validity, ended_at, ended_by_id, updated_at)",
        worker="SELECT, INSERT, UPDATE (validity, ended_at, ended_by_id, updated_at)",
    )

    kind = models.CharField(max_length=12, choices=Kind)
    # The indexes below begin with patient and user.
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(_("in the role"), max_length=20, choices=ROLE_CHOICES, blank=True)
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    scopes = ArrayField(models.CharField(max_length=12, choices=[(scope.value, scope.value) for scope in Scope]))
    labels = ArrayField(
        models.CharField(max_length=16, choices=SENSITIVITY_CHOICES),
        default=list,
        blank=True,
        help_text=_("Which marked items it opens besides. One's own account and emergency access open all."),
    )
    validity = DateTimeRangeField()
    reason = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=60, blank=True, help_text=_("What it came with, such as appointment:id."))
    granted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = CareRelationshipQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [
            models.Index(fields=["patient", "kind"], name="relationship_by_patient"),
            models.Index(fields=["user", "kind"], name="relationship_by_user"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(Q(user__isnull=False, site=None) & ~Q(role="")) | Q(user=None, site__isnull=False, role=""),
                name="relationship_of_a_person_or_a_site",
            ),
            models.CheckConstraint(
                condition=Q(kind="site", site__isnull=False) | (~Q(kind="site") & Q(user__isnull=False)),
                name="relationship_site_kind_has_a_site",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["self", "proxy"]) | Q(role="patient"), name="relationship_self_is_patient_role"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False),
                name="relationship_ended_says_when",
            ),
            models.UniqueConstraint(
                fields=["patient"], condition=Q(kind="self", ended_at=None), name="relationship_one_self_per_patient"
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(kind="self", ended_at=None), name="relationship_one_self_per_user"
            ),
        ]


class UserGrant(UserObjectPermissionBase):
    """A scope on a patient for a person in one role: guardian's direct table, with validity. Written by projection."""

    database_access: ClassVar[Access] = Access(web=READ, worker=READ)

    # A booking writes twenty of these rows: each index is one that somebody asks along, and none stands twice.
    user = models.ForeignKey(User, on_delete=models.CASCADE, db_index=False)
    permission = models.ForeignKey(Permission, on_delete=models.CASCADE, db_index=False)
    content_object = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+", db_index=False)
    role = models.CharField(max_length=20)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    alone = DateTimeRangeField(
        null=True,
        help_text=_("When it is the holder's own: what an emergency opens, nobody reaches who stands in for them."),
    )

    class Meta:
        unique_together: ClassVar[Sequence[Sequence[str]]] = [("user", "role", "permission", "content_object")]
        indexes = [
            models.Index(fields=["content_object", "permission"], name="usergrant_by_patient"),
            models.Index(
                fields=["valid_until"], condition=Q(valid_until__lt="9000-01-01T00:00Z"), name="usergrant_by_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class GroupGrant(GroupObjectPermissionBase):
    """A scope on a patient for the team behind a group; the team's members hold it while they are members."""

    database_access: ClassVar[Access] = Access(web=READ, worker=READ)

    group = models.ForeignKey(Group, on_delete=models.CASCADE, db_index=False)
    permission = models.ForeignKey(Permission, on_delete=models.CASCADE, db_index=False)
    content_object = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+", db_index=False)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        unique_together: ClassVar[Sequence[Sequence[str]]] = [("group", "permission", "content_object")]
        indexes = [
            models.Index(fields=["content_object", "permission"], name="groupgrant_by_patient"),
            models.Index(
                fields=["valid_until"], condition=Q(valid_until__lt="9000-01-01T00:00Z"), name="groupgrant_by_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
