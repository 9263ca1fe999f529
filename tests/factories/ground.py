"""One factory a model. Rows are made in a worker as the system, so that a test can build a world it may not see."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory
from django.contrib.auth.models import Group
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import (
    FailureCount,
    Membership,
    OneTimeLink,
    Provider,
    RecoveryCode,
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
from patients.models import CareRelationship, Patient, PortalCode
from patients.rules import medical_record_number
from tests.roles import as_the_system, taking_role

__all__ = [
    "ALWAYS",
    "LONG_AGO",
    "CareRelationshipFactory",
    "Factory",
    "FailureCountFactory",
    "MembershipFactory",
    "OneTimeLinkFactory",
    "PatientFactory",
    "PortalCodeFactory",
    "ProviderFactory",
    "RecoveryCodeFactory",
    "RoleEditFactory",
    "SecondFactorResetFactory",
    "SessionFactory",
    "SiteFactory",
    "TOTPDeviceFactory",
    "TeamFactory",
    "UserFactory",
    "portal_user",
    "staff",
]

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ALWAYS = TimestamptzRange(LONG_AGO, None)


class Factory(factory.django.DjangoModelFactory):
    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        with as_the_system():
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
        for role in STAFF_ROLES:
            if ROLES[role].scopes:
                TeamFactory(site=site, role=role)
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
    validity = ALWAYS


class PortalCodeFactory(Factory):
    class Meta:
        model = PortalCode

    patient = factory.SubFactory(PatientFactory)
    code_hash = factory.Sequence(lambda n: f"{n:064x}")
    expires_at = datetime(2100, 1, 1, tzinfo=UTC)
    issued_by = factory.SubFactory(UserFactory)


def staff(role: str, site: Site | None = None, **fields: Any) -> User:
    """A colleague who acts in this role, at this site or one of their own."""
    membership = MembershipFactory(role=role, site=site or SiteFactory(), user=UserFactory(**fields))
    return membership.user.in_role(role)


def portal_user(patient: Patient, **fields: Any) -> User:
    """The patient's own account, acting as the patient."""
    relationship = CareRelationshipFactory(patient=patient, kind="self", role="patient", user=UserFactory(**fields))
    return relationship.user.in_role("patient")
