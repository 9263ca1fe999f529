from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower, Now
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.roles import ROLE_CHOICES, STAFF_ROLE_CHOICES
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access


def has_address(email: str) -> Exact:
    """The condition that finds an account by its address in any case, along the unique index."""
    return Exact(Lower("email"), email.strip().lower())


class UserQuerySet(models.QuerySet["User"]):
    def staff(self) -> "UserQuerySet":
        """Who works here or did: portal accounts are nobody's business but their owners'."""
        return self.filter(Exists(Membership.objects.filter(user=OuterRef("pk"))))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(has_address(username or ""))


class User(BaseModel, AbstractBaseUser, PermissionsMixin):
    """A person who signs in. One account may be staff and patient: `acting_role` says as which, per session."""

    database_access = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")

    email = models.EmailField(_("e-mail"), max_length=254)
    full_name = models.CharField(_("full name"), max_length=200)
    is_active = models.BooleanField(default=True)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    theme = models.CharField(
        _("colours"), max_length=5, blank=True, choices=[("light", _("Light")), ("dark", _("Dark"))]
    )
    density = models.CharField(_("spacing"), max_length=5, blank=True, choices=[("roomy", _("Roomy"))])
    single_keys = models.BooleanField(_("keyboard shortcuts of one key"), default=True)

    #: The role this session or job acts in; set by the middleware or by whoever builds the context, never stored here.
    acting_role: str | None = None
    #: Administrators' edits of the acting role, by permission; None until somebody asks (see `access.permissions_of`).
    role_edits: dict[str, bool] | None = None

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]
    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique"),
            models.CheckConstraint(
                condition=Q(is_active=True, deactivated_at=None) | Q(is_active=False, deactivated_at__isnull=False),
                name="user_inactive_says_when",
            ),
        ]

    def __str__(self) -> str:
        return BaseModel.__str__(self)

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name.split(" ")[0]

    def in_role(self, role: str) -> "User":
        """This same user, acting in that role."""
        self.acting_role, self.role_edits = role, None
        return self


class Site(BaseModel):
    """A place of the clinic, with the zone in which its hours are meant."""

    database_access = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")

    name = models.CharField(max_length=120, unique=True)
    slug = models.SlugField(unique=True)
    time_zone = models.CharField(max_length=64, default="America/New_York")
    line = models.CharField(_("street address"), max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=2, blank=True)
    postal_code = models.CharField(max_length=10, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    demands_licence = models.BooleanField(_("nobody is booked or prescribes here without a licence"), default=False)
    closed_at = models.DateTimeField(null=True, blank=True)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> "MembershipQuerySet":
        return self.filter(validity__contains=Now())


class Membership(BaseModel):
    """A user works at a site in a role, for a time; outside it the role opens nothing."""

    database_access = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=STAFF_ROLE_CHOICES)
    validity = DateTimeRangeField(help_text=_("From the first moment to, and without, the last; open end is no end."))
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = MembershipQuerySet.as_manager()


class Team(BaseModel):
    """The people of one role at one site, as the group that grants are made to."""

    database_access = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="teams")
    role = models.CharField(max_length=20, choices=STAFF_ROLE_CHOICES)
    group = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="team")
    scopes = ArrayField(models.CharField(max_length=12), help_text=_("What a grant to this team can open at most."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "role"], name="team_one_per_site_and_role")]


class RoleEdit(BaseModel):
    """An administrator's change to a role as delivered: one permission added or taken. The row is the decision."""

    database_access = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")

    role = models.CharField(max_length=20, choices=ROLE_CHOICES)
    permission = models.CharField(max_length=40)
    held = models.BooleanField(help_text=_("Whether the role holds the permission, whatever it was delivered with."))
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "permission"], name="role_edit_one_per_permission")]


class RightsChange(BaseModel):
    """One decision about what a role may do or, at a site, what its team is granted: the history, never changed."""

    database_access = Access(web="SELECT, INSERT", worker="SELECT, INSERT")

    role = models.CharField(max_length=20, choices=ROLE_CHOICES)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    added = ArrayField(models.CharField(max_length=40), help_text=_("Permissions of a role, or scopes of a team."))
    taken = ArrayField(models.CharField(max_length=40))
    reason = models.CharField(max_length=200)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["role", "-created_at"], name="rights_change_by_role")]


class Provider(BaseModel):
    """A person who treats patients; FHIR's Practitioner with its role. Not every provider signs in."""

    database_access = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")
    links_access = Access()  # where they work is changed by taking a row away

    user = models.OneToOneField(User, null=True, blank=True, on_delete=models.PROTECT, related_name="provider")
    name = models.CharField(max_length=200)
    credentials = models.CharField(max_length=40, blank=True)
    specialty = models.CharField(max_length=100, blank=True)
    npi = models.CharField(_("national provider identifier"), max_length=10, blank=True)
    sites = models.ManyToManyField(Site, related_name="providers", blank=True)
    languages = ArrayField(models.CharField(max_length=12), default=list, blank=True, help_text=_("Codes of BCP 47."))
    accepting = models.BooleanField(_("accepting new patients"), default=True)
    about = models.CharField(_("about"), max_length=600, blank=True, help_text=_("Patients read it when they choose."))
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["npi"], condition=~Q(npi=""), name="provider_npi_unique"),
        ]
