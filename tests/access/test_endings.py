"""What is taken away is gone on the next request, by page, token and bare SQL; what ends in three seconds, too."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import Cover, Membership, RoleEdit, User
from healthcare.accounts.roles import ROLES
from healthcare.db.context import acting_as
from patients.actions import end_access
from patients.models import CareRelationship, Consent, EmergencyAccess, Patient, Restriction
from tests.accounts.conftest import audited, sign_in
from tests.bearer import Program, token_for
from tests.factories import (
    CareRelationshipFactory,
    ConsentFactory,
    CoverFactory,
    EntryFactory,
    MembershipFactory,
    PatientFactory,
    RestrictionFactory,
    RoleEditFactory,
    UserFactory,
    staff,
)
from tests.patients.emergencies import REASON, broken
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


class Somebody:
    """One person with a browser and a program, each signed in once, before anything is taken away."""

    def __init__(self, user: User, patient: Patient) -> None:
        self.user, self.patient = user, patient
        self.browser, self.program = sign_in(user, role=user.acting_role), Program(token_for(user))

    def reaches(self) -> tuple[bool, bool, bool]:
        """By the page, by the token, by a query without any filter under the signed context."""
        page = self.browser.get(f"/patients/{self.patient.pk}/")
        answer = self.program.read(f"/patients/{self.patient.pk}")
        fresh = User.objects.get(pk=self.user.pk).in_role(str(self.user.acting_role))
        with acting_as(fresh):
            bare = Patient.objects.filter(pk=self.patient.pk).exists()
        return page.status_code == 200, answer.status_code == 200, bare


EVERYWHERE, NOWHERE = (True, True, True), (False, False, False)
#: The role cannot open charts any more; the database asks for grants and knows no permissions.
NOT_BY_ROLE = (False, False, True)


def shorten(row: Any, **also: Any) -> None:
    with as_the_system():
        row.validity = TimestamptzRange(row.validity.lower, now())
        row.__dict__.update(also)
        row.save(update_fields=["validity", *also])


def by_grant(patient: Patient) -> tuple[User, Callable[[], None]]:
    grant = CareRelationshipFactory(patient=patient, kind="share")
    nurse = staff("doctor", patient.site)

    def end() -> None:
        with acting_as(nurse):
            end_access(by=nurse, relationship=grant, now=now())

    return grant.user.in_role("doctor"), end


def by_membership(patient: Patient) -> tuple[User, Callable[[], None]]:
    user = staff("nurse", patient.site)
    return user, lambda: shorten(Membership.objects.get(user=user))


def by_consent(patient: Patient) -> tuple[User, Callable[[], None]]:
    user = CareRelationshipFactory(patient=patient, kind="share").user.in_role("doctor")

    def end() -> None:
        with as_the_system():
            consent = Consent.objects.get(patient=patient, purpose="treatment")
        shorten(consent, withdrawn_at=now(), withdrawn_by_id=consent.recorded_by_id)

    return user, end


def by_cover(patient: Patient) -> tuple[User, Callable[[], None]]:
    absent = CareRelationshipFactory(patient=patient).user
    cover: Cover = CoverFactory(absent=absent)
    user = cover.cover.in_role("doctor")
    return user, lambda: shorten(cover)


def by_restriction(patient: Patient) -> tuple[User, Callable[[], None]]:
    user = staff("doctor", patient.site)
    return user, lambda: RestrictionFactory(patient=patient, user=user) and None


def by_emergency(patient: Patient) -> tuple[User, Callable[[], None]]:
    user = staff("doctor")
    opened = broken(user, patient.pk)

    def end() -> None:
        with as_the_system():
            relationship = CareRelationship.objects.get(pk=opened.relationship_id)
        shorten(relationship, ended_at=now(), ended_by_id=user.pk)

    return user, end


def by_edit(patient: Patient) -> tuple[User, Callable[[], None]]:
    user = staff("nurse", patient.site)
    return user, lambda: RoleEditFactory(role="nurse", permission="patients.open_chart", held=False) and None


WAYS = [by_grant, by_membership, by_consent, by_cover, by_restriction, by_emergency]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_taken_away_is_refused_on_the_next_request(way: Any) -> None:
    patient = PatientFactory()
    user, end = way(patient)
    if not user.memberships.exists():  # a session and a token need a role; at another site it brings no chart
        MembershipFactory(user=user, role=user.acting_role)
    one = Somebody(user, patient)
    assert one.reaches() == EVERYWHERE
    end()
    assert one.reaches() == NOWHERE


def test_a_right_taken_from_the_role_is_refused_on_the_next_request() -> None:
    patient = PatientFactory()
    user, end = by_edit(patient)
    one = Somebody(user, patient)
    assert one.reaches() == EVERYWHERE
    end()
    assert one.reaches() == NOT_BY_ROLE
    assert RoleEdit.objects.filter(role="nurse").count() == 1  # who edited what stays


def test_a_grant_that_ends_in_three_seconds_is_refused_in_the_fourth() -> None:
    patient = PatientFactory()
    ends = now() + timedelta(seconds=3)
    grant = CareRelationshipFactory(patient=patient, validity=TimestamptzRange(now() - HOUR, ends))
    entry = EntryFactory(patient=patient)
    MembershipFactory(user=grant.user, role="doctor")
    one = Somebody(grant.user.in_role("doctor"), patient)
    assert one.reaches() == EVERYWHERE
    assert one.program.read(f"/records/{entry.pk}").status_code == 200
    time.sleep(max(0.0, (ends - now()).total_seconds()) + 0.05)
    assert one.reaches() == NOWHERE
    assert one.program.read(f"/records/{entry.pk}").status_code == 404


def test_a_grant_to_come_opens_at_its_moment_and_not_before() -> None:
    patient = PatientFactory()
    begins = now() + timedelta(seconds=1)
    grant = CareRelationshipFactory(patient=patient, validity=TimestamptzRange(begins, begins + HOUR))
    with acting_as(grant.user.in_role("doctor")):
        assert not Patient.objects.exists()
        time.sleep(max(0.0, (begins - now()).total_seconds()) + 0.05)
        assert Patient.objects.exists()


# == Emergency access that nobody gave the right to ==
FORM = {"purpose": "ETREAT", "reason": REASON, "minutes": "60"}
WITHOUT_THE_RIGHT = [role for role in ROLES if role not in {"doctor", "nurse", "patient"}]


@pytest.mark.parametrize("role", WITHOUT_THE_RIGHT)
def test_emergency_access_forged_by_page_is_refused_and_audited(role: str) -> None:
    patient, user = PatientFactory(), staff(role)
    answer = sign_in(user, role=role).post(f"/patients/{patient.pk}/emergency", FORM)
    assert answer.status_code == 403
    assert [event.outcome for event in audited("accounts.denied", actor_id=user.pk)] == ["denied"]
    assert not opened_to(user)


@pytest.mark.parametrize("role", [*WITHOUT_THE_RIGHT, "patient"])
def test_emergency_access_forged_by_calling_the_verb_is_refused_and_audited(role: str) -> None:
    """HSDD-954: the registry took the flag of a message for the right to send it."""
    patient = PatientFactory()
    user = UserFactory().in_role(role) if role == "patient" else staff(role)
    with pytest.raises(NotAllowed):
        broken(user, patient.pk)
    (event,) = audited("patients.break_glass", actor_id=user.pk)
    assert (event.outcome, event.patient_id) == ("denied", patient.pk)
    assert not opened_to(user)


@pytest.mark.parametrize("role", ["doctor", "nurse", "pharmacist"])
@pytest.mark.parametrize("flag", ["break_glass", "emergency", "purpose_of_use", "breakglass"])
def test_a_flag_in_an_operation_opens_nothing(role: str, flag: str) -> None:
    patient, user = PatientFactory(), staff(role)
    program = Program(token_for(user))
    for said in ("true", "ETREAT", REASON):
        headers = {"X-Purpose-Of-Use": "ETREAT", "X-Break-Glass": said}
        answer = program.get(f"/v1/patients/{patient.pk}", {flag: said}, headers=headers)
        assert answer.status_code == 404
        body = {"patient": str(patient.pk), "kind": "condition", "code": "I10", "data": {}, flag: said}
        assert program.write("/records", body).status_code in {403, 404, 422}
    assert not opened_to(user)
    assert audited("patients.open_chart", actor_id=user.pk, outcome="denied")


INSERT = """INSERT INTO patients_carerelationship (id, created_at, updated_at, patient_id, kind, user_id, role, scopes,
labels, validity, reason, source, granted_by_id) VALUES (uuidv7(), now(), now(), %s, 'break_glass', %s, %s,
'{identity}', '{}', tstzrange(now(), now() + %s), %s, 'ETREAT', %s)"""


@pytest.mark.parametrize(
    ("role", "lasts", "reason"),
    [
        ("front_desk", HOUR, REASON),
        ("pharmacist", HOUR, REASON),
        ("administrator", HOUR, REASON),
        ("doctor", 5 * HOUR, REASON),
        ("doctor", HOUR, "too short"),
        ("doctor", HOUR, " " * 30),
    ],
)
def test_the_database_itself_refuses_a_forged_one(role: str, lasts: timedelta, reason: str) -> None:
    patient, user = PatientFactory(), staff(role)
    given = [patient.pk, user.pk, role, lasts, reason, user.pk]
    forging = pytest.raises(DatabaseError)
    with forging as refused, transaction.atomic(), acting_as(user), connection.cursor() as cursor:
        cursor.execute(INSERT, given)
    cause = refused.value.__cause__
    assert isinstance(cause, psycopg.Error)
    assert cause.sqlstate in {"42501", "23514"}
    assert not opened_to(user)


def test_nobody_breaks_the_glass_for_another() -> None:
    patient, user, friend = PatientFactory(), staff("doctor"), staff("doctor")
    with pytest.raises(DatabaseError), transaction.atomic(), acting_as(user), connection.cursor() as cursor:
        cursor.execute(INSERT, [patient.pk, friend.pk, "doctor", HOUR, REASON, user.pk])
    assert not opened_to(friend)


def opened_to(user: User) -> bool:
    with as_the_system():
        rows = CareRelationship.objects.filter(user=user).exists()
        return rows or EmergencyAccess.objects.filter(user=user).exists()


# == Deny wins (compliance 13) ==
@pytest.mark.parametrize("kind", ["care_team", "share", "break_glass", "appointment"])
def test_a_restriction_outweighs_every_kind_of_access(kind: str) -> None:
    patient = PatientFactory()
    relationship = CareRelationshipFactory(patient=patient, kind=kind)
    user = relationship.user.in_role("doctor")
    restriction: Restriction = RestrictionFactory(patient=patient, user=user)
    with acting_as(user):
        assert not Patient.objects.filter(pk=patient.pk).exists()
    shorten(restriction, ended_at=now(), ended_by_id=restriction.agreed_by_id)
    with acting_as(user):
        assert Patient.objects.filter(pk=patient.pk).exists()


def test_a_refusal_of_the_patient_opens_no_share() -> None:
    patient = PatientFactory()
    with as_the_system():
        user = UserFactory()
        CareRelationship(
            patient=patient,
            kind="share",
            user=user,
            role="doctor",
            scopes=["identity"],
            validity=TimestamptzRange(now() - HOUR, None),
        ).save(force_insert=True)
    for decision in (None, "deny"):
        if decision:
            ConsentFactory(patient=patient, decision=decision)
        with acting_as(user.in_role("doctor")):
            assert not Patient.objects.exists(), f"With {decision or 'no answer'} the share opens."
