"""One factory a model. Rows are made in a worker as the system, so that a test can build a world it may not see."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory
from django.contrib.auth.models import Group
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import (
    Cover,
    FailureCount,
    Membership,
    OneTimeLink,
    Provider,
    RecoveryCode,
    RightsChange,
    RoleEdit,
    SecondFactorReset,
    Session,
    Site,
    Team,
    TOTPDevice,
    User,
)
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import ROLES, STAFF_ROLES
from patients.models import (
    AccessRequest,
    CareRelationship,
    Consent,
    Disclosure,
    Patient,
    PortalCode,
    Proxy,
    Restriction,
)
from patients.rules import medical_record_number
from tests.roles import as_the_system, taking_role

__all__ = [
    "ALWAYS",
    "LONG_AGO",
    "AccessRequestFactory",
    "CareRelationshipFactory",
    "ConsentFactory",
    "CoverFactory",
    "DisclosureFactory",
    "Factory",
    "FailureCountFactory",
    "MembershipFactory",
    "OneTimeLinkFactory",
    "PatientFactory",
    "PortalCodeFactory",
    "ProviderFactory",
    "ProxyFactory",
    "RecoveryCodeFactory",
    "RestrictionFactory",
    "RightsChangeFactory",
    "RoleEditFactory",
    "SecondFactorResetFactory",
    "SessionFactory",
    "SiteFactory",
    "TOTPDeviceFactory",
    "TeamFactory",
    "UserFactory",
    "portal_user",
    "proxy_of",
    "staff",
]

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ALWAYS = TimestamptzRange(LONG_AGO, None)


class Factory(factory.django.DjangoModelFactory):
    class Meta:
        abstract = True

    @classmethod
    def create(cls, **kwargs: Any) -> Any:
        """With the rows that it hangs on, in one go."""
        with as_the_system():
            return super().create(**kwargs)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        row = model_class(**kwargs)
        row.save(force_insert=True)
        return row


class UserFactory(Factory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@clinic.example")
    full_name = factory.Sequence(lambda n: f"Person Number{n}")


class SiteFactory(Factory):
    """A site with the teams of every role that can hold a scope."""

    class Meta:
        model = Site

    name = factory.Sequence(lambda n: f"Site {n}")
    slug = factory.Sequence(lambda n: f"site-{n}")

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        site = super()._create(model_class, *args, **kwargs)
        roles = [role for role in STAFF_ROLES if ROLES[role].scopes]
        with taking_role("owner"):
            groups = Group.objects.bulk_create(Group(name=f"{site.slug}: {role}") for role in roles)
            Team.objects.bulk_create(
                Team(site=site, role=role, group=group, scopes=sorted(ROLES[role].scopes))
                for role, group in zip(roles, groups, strict=True)
            )
        return site


class TeamFactory(Factory):
    class Meta:
        model = Team

    site = factory.SubFactory(SiteFactory)
    role = "doctor"
    scopes = factory.LazyAttribute(lambda team: sorted(ROLES[team.role].scopes))

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        with taking_role("owner"):
            kwargs["group"] = Group.objects.create(name=f"{kwargs['site'].slug}: {kwargs['role']}")
            return model_class.objects.create(**kwargs)


class MembershipFactory(Factory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    site = factory.SubFactory(SiteFactory)
    role = "doctor"
    validity = ALWAYS


class ProviderFactory(Factory):
    class Meta:
        model = Provider

    name = factory.Sequence(lambda n: f"Provider {n}")
    specialty = "Family medicine"


class RoleEditFactory(Factory):
    class Meta:
        model = RoleEdit

    role = "nurse"
    permission = "patients.register"
    held = False
    made_by = factory.SubFactory(UserFactory)


class RightsChangeFactory(Factory):
    class Meta:
        model = RightsChange

    role = "nurse"
    added = factory.LazyFunction(list)
    taken = factory.LazyFunction(lambda: ["patients.register"])
    reason = "Registration is for the front desk alone"
    made_by = factory.SubFactory(UserFactory)


class SessionFactory(Factory):
    class Meta:
        model = Session

    digest = factory.Sequence(lambda n: Session.digest_of(f"key {n}"))
    user = factory.SubFactory(UserFactory)
    started_at = factory.LazyFunction(timezone.now)
    last_action_at = factory.LazyFunction(timezone.now)


class OneTimeLinkFactory(Factory):
    class Meta:
        model = OneTimeLink

    purpose = "reset_password"
    user = factory.SubFactory(UserFactory)
    address = factory.LazyAttribute(lambda link: link.user.email)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=1))


class TOTPDeviceFactory(Factory):
    class Meta:
        model = TOTPDevice

    user = factory.SubFactory(UserFactory)
    name = "app"
    confirmed = True
    confirmed_at = factory.LazyFunction(timezone.now)


class RecoveryCodeFactory(Factory):
    class Meta:
        model = RecoveryCode

    user = factory.SubFactory(UserFactory)
    digest = factory.Sequence(lambda n: RecoveryCode.digest_of(f"code {n}"))


class SecondFactorResetFactory(Factory):
    class Meta:
        model = SecondFactorReset

    user = factory.SubFactory(UserFactory)
    requested_by = factory.SubFactory(UserFactory)
    reason = "Came in person"
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=3))


class FailureCountFactory(Factory):
    class Meta:
        model = FailureCount

    kind = "sign_in"
    digest = factory.Sequence(lambda n: f"{n:064d}")
    window_start = factory.LazyFunction(timezone.now)
    count = 1


def spelled(number: int) -> str:
    """In letters: a search takes four digits for the end of a telephone number."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


class PatientFactory(Factory):
    class Meta:
        model = Patient

    mrn = factory.Sequence(lambda n: medical_record_number(50_000_000 + n))
    site = factory.SubFactory(SiteFactory)
    given_name = factory.Sequence(lambda n: f"Given{spelled(n)}")
    family_name = factory.Sequence(lambda n: f"Family{spelled(n)}")
    birth_date = date(1968, 3, 12)
    sex = "female"


class CareRelationshipFactory(Factory):
    class Meta:
        model = CareRelationship

    patient = factory.SubFactory(PatientFactory)
    kind = "care_team"
    user = factory.SubFactory(UserFactory)
    role = "doctor"
    scopes = [scope.value for scope in Scope]
    validity = factory.LazyAttribute(lambda made: an_hour() if made.kind == "break_glass" else ALWAYS)
    reason = factory.LazyAttribute(lambda made: "Brought in unconscious" if made.kind == "break_glass" else "")
    source = factory.LazyAttribute(lambda made: "ETREAT" if made.kind == "break_glass" else "")

    @classmethod
    def _create(cls, model_class: type[CareRelationship], *args: Any, **kwargs: Any) -> CareRelationship:
        """A share rests on the patient's consent: it comes along."""
        if kwargs["kind"] == "share":
            agreed = Consent.objects.filter(patient=kwargs["patient"], purpose="treatment", withdrawn_at=None)
            if not agreed.exists():
                ConsentFactory(patient=kwargs["patient"])
        made: CareRelationship = super()._create(model_class, *args, **kwargs)
        return made


def an_hour() -> TimestamptzRange:
    """As long as emergency access usually lasts, from a moment ago."""
    now = timezone.now()
    return TimestamptzRange(now - timedelta(seconds=1), now + timedelta(hours=1))


class AccessRequestFactory(Factory):
    class Meta:
        model = AccessRequest

    patient = factory.SubFactory(PatientFactory)
    asked_for = factory.LazyAttribute(lambda made: made.patient.pk)
    user = factory.SubFactory(UserFactory)
    role = "doctor"
    scopes = ["identity", "clinical"]
    reason = "She was sent to me"
    until = factory.LazyFunction(lambda: timezone.now() + timedelta(days=30))


class ConsentFactory(Factory):
    class Meta:
        model = Consent

    patient = factory.SubFactory(PatientFactory)
    purpose = "treatment"
    decision = "permit"
    text_version = "treatment-1"
    text_hash = "0" * 64
    method = "in_person"
    given_at = LONG_AGO
    recorded_by = factory.SubFactory(UserFactory)
    validity = ALWAYS


class RestrictionFactory(Factory):
    class Meta:
        model = Restriction

    patient = factory.SubFactory(PatientFactory)
    user = factory.SubFactory(UserFactory)
    reason = "Neighbours"
    validity = ALWAYS
    agreed_by = factory.SubFactory(UserFactory)


class CoverFactory(Factory):
    class Meta:
        model = Cover

    absent = factory.SubFactory(UserFactory)
    cover = factory.SubFactory(UserFactory)
    role = "doctor"
    validity = factory.LazyFunction(lambda: TimestamptzRange(LONG_AGO, timezone.now() + timedelta(days=1)))
    granted_by = factory.SelfAttribute("absent")


class PortalCodeFactory(Factory):
    class Meta:
        model = PortalCode

    patient = factory.SubFactory(PatientFactory)
    code_hash = factory.Sequence(lambda n: f"{n:064x}")
    expires_at = datetime(2100, 1, 1, tzinfo=UTC)
    issued_by = factory.SubFactory(UserFactory)


class DisclosureFactory(Factory):
    class Meta:
        model = Disclosure

    patient = factory.SubFactory(PatientFactory)
    made_at = factory.LazyFunction(timezone.now)
    made_by = factory.SubFactory(UserFactory)
    recipient = "Aaron Feld, Doctor"
    description = "identity, clinical"
    purpose = "A second opinion"
    source = "share:1"


class ProxyFactory(Factory):
    class Meta:
        model = Proxy

    patient = factory.SubFactory(PatientFactory)
    user = factory.SubFactory(UserFactory)
    relation = "parent"
    extent = "all"
    agreed_by = "patient"
    checked_by = factory.SubFactory(UserFactory)


def proxy_of(patient: Patient, *, scopes: Any = tuple(Scope), validity: Any = ALWAYS, **fields: Any) -> User:
    """Somebody who acts for the patient in these scopes, in the role of a patient."""
    proxy = ProxyFactory(patient=patient, **fields)
    CareRelationshipFactory(
        patient=patient,
        kind="proxy",
        role="patient",
        user=proxy.user,
        scopes=[Scope(scope).value for scope in scopes],
        validity=validity,
        source=proxy.source,
    )
    return proxy.user.in_role("patient")


def staff(role: str, site: Site | None = None, **fields: Any) -> User:
    """A colleague who acts in this role, at this site or one of their own."""
    with as_the_system():
        membership = MembershipFactory(role=role, site=site or SiteFactory(), user=UserFactory(**fields))
    return membership.user.in_role(role)


def portal_user(patient: Patient, **fields: Any) -> User:
    """The patient's own account, acting as the patient."""
    with as_the_system():
        relationship = CareRelationshipFactory(patient=patient, kind="self", role="patient", user=UserFactory(**fields))
    return relationship.user.in_role("patient")
