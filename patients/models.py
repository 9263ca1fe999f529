from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import connection, models
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from healthcare.accounts.models import Site, User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import ROLE_CHOICES
from healthcare.audit.changes import NoSilentWrites
from healthcare.db.models import BaseModel
from healthcare.db.privileges import READ, Access
from patients.rules import Demographics

# The first wall's condition. It is written apart from the second wall's on purpose: a test compares the two.
GRANTED = """FROM {table} g WHERE {holder}
AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp()
AND g.permission_id = (SELECT p.id FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
 WHERE t.app_label = 'patients' AND t.model = 'patient' AND p.codename = %s)"""
TO_PERSON = GRANTED.format(table="patients_usergrant", holder="g.user_id = %s AND g.role = %s")
TO_TEAMS = GRANTED.format(table="patients_groupgrant", holder="g.group_id = ANY(%s::integer[])")
BROUGHT = """
SELECT t.group_id, NULL::uuid FROM accounts_membership m
JOIN accounts_team t ON t.site_id = m.site_id AND t.role = m.role
WHERE m.user_id = %s AND m.role = %s AND m.validity @> statement_timestamp()
UNION ALL
SELECT NULL, r.patient_id FROM patients_carerelationship r
WHERE r.user_id = %s AND r.kind = 'self' AND r.validity @> statement_timestamp()
"""


@dataclass(frozen=True)
class Reach:
    """What a person in a role brings along: the groups of their teams, and their own chart, closed to staff roles."""

    role: str
    groups: tuple[int, ...]
    own_patient: UUID | None


def reach_of(user: User) -> Reach:
    """One query, kept on the user object for the rest of the request."""
    role = user.acting_role or ""
    known: Reach | None = getattr(user, "_reach", None)
    if known is None or known.role != role:
        with connection.cursor() as cursor:
            cursor.execute(BROUGHT, [user.pk, role, user.pk])
            rows = cursor.fetchall()
        known = Reach(
            role=role,
            groups=tuple(group for group, _own in rows if group is not None),
            own_patient=next((own for _group, own in rows if own is not None and role != "patient"), None),
        )
        user._reach = known  # type: ignore[attr-defined]
    return known


class WithinReach(Func):
    """True for the patients on whom this user, in the role they act in, holds a grant of this scope now.

    A team may reach most patients of the clinic, so each row asks for its own grant, along an index; OFFSET 0 keeps the
    planner from reading all of the team's grants for the first page of a list. Who has no team reaches few: their
    grants come first, and the patients after them.
    """

    output_field = models.BooleanField()

    def __init__(self, patient: str, reach: Reach, user_id: UUID, scope: Scope) -> None:
        super().__init__(F(patient))
        self.person = [user_id, reach.role, scope.value]
        self.teams = [list(reach.groups), scope.value]

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: Any, **_: Any
    ) -> tuple[str, list[Any]]:
        patient, bound = compiler.compile(self.source_expressions[0])
        same = f"AND g.content_object_id = {patient} OFFSET 0"
        if not self.teams[0]:
            return f"{patient} IN (SELECT g.content_object_id {TO_PERSON})", [*bound, *self.person]
        return (
            f"(EXISTS (SELECT 1 {TO_PERSON} {same}) OR EXISTS (SELECT 1 {TO_TEAMS} {same}))",
            [*self.person, *bound, *self.teams, *bound],
        )


def within_reach(user: User, scope: Scope, patient: str = "patient_id") -> Q:
    """The first wall, for a table whose field `patient` is the patient's id. Without an account or a role: nothing."""
    if not user.is_active or not user.acting_role:
        return Q(pk__in=[])
    reach = reach_of(user)
    reached = Q(WithinReach(patient, reach, user.pk, scope))
    return reached & ~Q(**{patient: reach.own_patient}) if reach.own_patient else reached


class PatientQuerySet(NoSilentWrites):
    def visible_to(self, user: User, scope: Scope = Scope.IDENTITY) -> Self:
        """The one rule: every door reaches patients through it."""
        return self.filter(within_reach(user, scope, "pk"))


class PatientOwnedQuerySet(NoSilentWrites):
    """Rows of a table with `patient_id`: visible where the patient is, in the table's scope."""

    def visible_to(self, user: User) -> Self:
        return self.filter(within_reach(user, self.model.scope))


class Patient(BaseModel):
    """A person the clinic treats. The first access comes by a trigger: the teams of the site that registers."""

    class Sex(models.TextChoices):
        FEMALE = "female", _("Female")
        MALE = "male", _("Male")
        OTHER = "other", _("Other")
        UNKNOWN = "unknown", _("Unknown")

    mrn = models.CharField(_("medical record number"), max_length=11, unique=True, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("site"))
    given_name = models.CharField(_("given name"), max_length=100)
    family_name = models.CharField(_("family name"), max_length=100)
    preferred_name = models.CharField(_("goes by"), max_length=100, blank=True)
    birth_date = models.DateField(_("date of birth"))
    sex = models.CharField(_("sex"), max_length=10, choices=Sex)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    line = models.CharField(_("street address"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=2, blank=True)
    postal_code = models.CharField(_("ZIP code"), max_length=10, blank=True)
    search_name = models.TextField(editable=False, default="", help_text=_("The names without accents, by a trigger."))

    objects = PatientQuerySet.as_manager()

    class Meta:
        permissions = [(scope.value, f"{scope.value} of a patient") for scope in Scope]
        default_permissions = ()
        indexes = [
            models.Index(fields=["family_name", "given_name", "id"], name="patient_by_name"),
            models.Index(fields=["birth_date"], name="patient_by_birth_date"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(birth_date__gte="1880-01-01"), name="patient_birth_date_plausible"),
            models.CheckConstraint(condition=~Q(given_name="") & ~Q(family_name=""), name="patient_has_a_name"),
        ]

    @property
    def name(self) -> str:
        """As on bills and labels: the legal name, given name first."""
        return f"{self.given_name} {self.family_name}"

    def demographics(self) -> Demographics:
        return Demographics(**{field.name: getattr(self, field.name) for field in fields(Demographics)})


class PatientOwned(BaseModel):
    """Base of every table whose rows belong to a patient: names its scope, and carries a policy made of the same."""

    scope: ClassVar[Scope]
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")

    objects = PatientOwnedQuerySet.as_manager()

    class Meta:
        abstract = True


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
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(_("in the role"), max_length=20, choices=ROLE_CHOICES, blank=True)
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    scopes = ArrayField(models.CharField(max_length=12, choices=[(scope.value, scope.value) for scope in Scope]))
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

    content_object = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=20)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        unique_together: ClassVar[Sequence[Sequence[str]]] = [("user", "role", "permission", "content_object")]
        indexes = [
            models.Index(fields=["content_object"], name="usergrant_by_patient"),
            models.Index(
                fields=["valid_until"], condition=Q(valid_until__lt="9000-01-01T00:00Z"), name="usergrant_by_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class GroupGrant(GroupObjectPermissionBase):
    """A scope on a patient for the team behind a group; the team's members hold it while they are members."""

    database_access: ClassVar[Access] = Access(web=READ, worker=READ)

    content_object = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        unique_together: ClassVar[Sequence[Sequence[str]]] = [("group", "permission", "content_object")]
        indexes = [
            models.Index(fields=["content_object"], name="groupgrant_by_patient"),
            models.Index(
                fields=["valid_until"], condition=Q(valid_until__lt="9000-01-01T00:00Z"), name="groupgrant_by_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class PortalCode(PatientOwned):
    """A one-time code that, with the date of birth, links a portal account to a patient. Only its hash is kept."""

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (revoked_at, updated_at)", worker="SELECT, INSERT, UPDATE (revoked_at, updated_at)"
    )

    code_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(used_at=None, used_by=None) | Q(used_at__isnull=False, used_by__isnull=False),
                name="portal_code_used_says_who",
            ),
        ]
