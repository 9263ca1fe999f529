"""The two walls agree on every patient and relationship, for every role, and each alone keeps everybody else out."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import ROLES, STAFF_ROLES
from healthcare.audit.changes import bulk_verb
from healthcare.db.context import acting_as
from patients.access import find_visible
from patients.models import CareRelationship, GroupGrant, Patient, UserGrant
from tests.factories import (
    ALWAYS,
    CareRelationshipFactory,
    MembershipFactory,
    PatientFactory,
    SiteFactory,
    UserFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def behind_first_wall(user: User, scope: Scope = Scope.IDENTITY) -> set[Any]:
    """What the application's rule shows when the database would show everything."""
    with as_the_system():
        visible = set(Patient.objects.visible_to(user, scope).values_list("pk", flat=True))
        # The ready-made statement for one patient says the same of each.
        assert {pk for pk in Patient.objects.values_list("pk", flat=True) if find_visible(user, pk, scope)} == visible
    return visible


def behind_second_wall(user: User) -> set[Any]:
    """What the database shows to a view that forgot its filter."""
    with acting_as(user):
        return set(Patient.objects.values_list("pk", flat=True))


def both(user: User) -> set[Any]:
    first, second = behind_first_wall(user), behind_second_wall(user)
    assert first == second
    return first


def test_without_a_context_there_is_nothing() -> None:
    PatientFactory()
    assert Patient.objects.count() == 0
    with acting_as(None):
        assert Patient.objects.count() == 0


def test_the_walls_agree_for_every_role_and_every_kind_of_access() -> None:
    """Generated: each role at each of two sites, and with each kind of relationship to each patient."""
    sites = [SiteFactory(), SiteFactory()]
    patients = [PatientFactory(site=site) for site in sites for _twice in range(2)]
    for role, site in itertools.product(STAFF_ROLES, sites):
        colleague = staff(role, site)
        reached = both(colleague)
        expected = {p.pk for p in patients if p.site == site} if Scope.IDENTITY in ROLES[role].scopes else set()
        assert reached == expected, role
    for role, patient, (begin, end) in itertools.product(
        ("doctor", "nurse", "patient"), patients, ((-2, -1), (-1, 1), (1, 2), (-1, None))
    ):
        kind = "proxy" if role == "patient" else "share"
        validity = TimestamptzRange(NOW + begin * HOUR, NOW + end * HOUR if end is not None else None)
        one = CareRelationshipFactory(patient=patient, role=role, kind=kind, validity=validity)
        expected = {patient.pk} if begin < 0 and (end is None or end > 0) else set()
        assert both(one.user.in_role(role)) == expected
        for other in set(ROLES) - {role}:
            assert both(one.user.in_role(other)) == set(), "a grant holds in its own role alone"


def test_each_scope_opens_itself_alone() -> None:
    patient = PatientFactory()
    for scope in Scope:
        user = CareRelationshipFactory(patient=patient, scopes=[scope.value]).user.in_role("doctor")
        for other in Scope:
            assert behind_first_wall(user, other) == ({patient.pk} if other is scope else set())
            with acting_as(user), connection.cursor() as cursor:
                cursor.execute("SELECT app.reaches(%s, %s)", [patient.pk, other.value])
                assert cursor.fetchone()[0] is (other is scope)


def test_a_team_opens_no_more_than_its_role_can_hold() -> None:
    site = SiteFactory()
    patient = PatientFactory(site=site)
    for role in ("front_desk", "billing", "nurse", "doctor", "pharmacist"):
        user = staff(role, site)
        for scope in Scope:
            assert (patient.pk in behind_first_wall(user, scope)) == (scope in ROLES[role].scopes), (role, scope)


def test_nobody_opens_their_own_chart_in_a_staff_role() -> None:
    site = SiteFactory()
    own, other = PatientFactory(site=site), PatientFactory(site=site)
    user = portal_user(own)
    MembershipFactory(user=user, site=site, role="nurse")
    assert both(user.in_role("patient")) == {own.pk}
    assert both(user.in_role("nurse")) == {other.pk}


def test_an_ended_membership_ends_the_reach_at_that_moment() -> None:
    site = SiteFactory()
    PatientFactory(site=site)
    user = UserFactory()
    MembershipFactory(user=user, site=site, role="doctor", validity=TimestamptzRange(NOW - 2 * HOUR, NOW - HOUR))
    assert both(user.in_role("doctor")) == set()


def test_an_inactive_account_sees_nothing_behind_the_first_wall() -> None:
    patient = PatientFactory()
    user = staff("doctor", patient.site)
    user.is_active = False
    assert behind_first_wall(user) == set()
    assert CareRelationship.objects.visible_to(user).count() == 0


def test_relationships_are_seen_with_the_patient_or_by_whom_they_name() -> None:
    site = SiteFactory()
    patient = PatientFactory(site=site)
    shared = CareRelationshipFactory(patient=patient, scopes=["clinical"])
    nurse, stranger = staff("nurse", site), staff("nurse")
    for user, count in ((nurse, 2), (stranger, 0), (shared.user.in_role("doctor"), 1)):
        with as_the_system():
            first = set(CareRelationship.objects.visible_to(user).values_list("pk", flat=True))
        with acting_as(user):
            second = set(CareRelationship.objects.values_list("pk", flat=True))
        assert first == second
        assert len(first) == count


# == Grants are projected, and only projected ==
def spans(model: Any, **wanted: Any) -> set[tuple[datetime, datetime]]:
    with as_the_system():
        return set(model.objects.filter(**wanted).values_list("valid_from", "valid_until"))


def test_spans_that_touch_are_joined_and_the_next_one_waits() -> None:
    patient, user = PatientFactory(), UserFactory()
    for begin, end in ((-1, 1), (1, 2), (5, 6)):
        CareRelationshipFactory(
            patient=patient, user=user, validity=TimestamptzRange(NOW + begin * HOUR, NOW + end * HOUR)
        )
    assert spans(UserGrant, user=user) == {(NOW - HOUR, NOW + 2 * HOUR)}


def test_projection_is_idempotent_and_mends_drift() -> None:
    patient = PatientFactory()
    user = CareRelationshipFactory(patient=patient).user
    before = spans(UserGrant, user=user), spans(GroupGrant, content_object=patient)
    with taking_role("owner"):
        UserGrant.objects.filter(user=user).delete()
        GroupGrant.objects.filter(content_object=patient).update(valid_until=NOW)
    with as_the_system(), connection.cursor() as cursor:
        for _twice in range(2):
            cursor.execute("SELECT app.sync_access(%s::uuid[])", [[patient.pk]])
    assert (spans(UserGrant, user=user), spans(GroupGrant, content_object=patient)) == before


def test_many_patients_are_projected_in_one_statement() -> None:
    site = SiteFactory()
    patients = [PatientFactory(site=site).pk for _each in range(5)]
    with as_the_system(), connection.cursor() as cursor:
        cursor.execute("SELECT app.sync_access(%s::uuid[])", [patients])
    assert both(staff("doctor", site)) == set(patients)


# == What a person cannot do, even with SQL of their own under their own context ==
def refused(user: User, statement: str, parameters: list[Any]) -> str:
    with pytest.raises(DatabaseError) as problem, acting_as(user), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    cause = problem.value.__cause__
    assert isinstance(cause, psycopg.Error)
    return str(cause.sqlstate)


def test_nobody_writes_the_grant_tables() -> None:
    patient = PatientFactory()
    user = staff("doctor", patient.site)
    for table in ("patients_usergrant", "patients_groupgrant"):
        assert refused(user, f"DELETE FROM {table}", []) == "42501"
        assert refused(user, f"UPDATE {table} SET valid_until = now()", []) == "42501"
        assert refused(user, f"INSERT INTO {table} (content_object_id) VALUES (%s)", [patient.pk]) == "42501"


INSERT = """INSERT INTO patients_carerelationship (id, created_at, updated_at, patient_id, kind, user_id, role, scopes,
validity, reason, source, granted_by_id) VALUES (uuidv7(), now(), now(), %s, %s, %s, 'doctor', %s, '[,)', '', '', %s)"""


def test_nobody_opens_a_chart_that_they_do_not_reach() -> None:
    patient, stranger, friend = PatientFactory(), staff("doctor"), UserFactory()
    scopes = ["identity"]
    assert refused(stranger, INSERT, [patient.pk, "share", friend.pk, scopes, stranger.pk]) == "42501"
    assert refused(stranger, INSERT, [patient.pk, "share", stranger.pk, scopes, stranger.pk]) == "42501"


def test_nobody_grants_more_than_they_reach_nor_in_anothers_name_nor_to_themselves() -> None:
    patient, friend = PatientFactory(), UserFactory()
    desk = staff("front_desk", patient.site)
    assert refused(desk, INSERT, [patient.pk, "share", friend.pk, ["clinical"], desk.pk]) == "42501"
    assert refused(desk, INSERT, [patient.pk, "share", friend.pk, ["identity"], friend.pk]) == "42501"
    assert refused(desk, INSERT, [patient.pk, "share", desk.pk, ["identity"], desk.pk]) == "42501"
    assert refused(desk, INSERT, [patient.pk, "break_glass", friend.pk, ["identity"], desk.pk]) == "42501"


def test_a_relationship_is_shortened_and_signed_for_never_widened() -> None:
    relationship = CareRelationshipFactory(validity=TimestamptzRange(NOW - HOUR, NOW + HOUR))
    doctor = staff("doctor", relationship.patient.site)
    change = "UPDATE patients_carerelationship SET validity = %s, ended_at = now(), ended_by_id = %s WHERE id = %s"
    assert refused(doctor, change, [ALWAYS, doctor.pk, relationship.pk]) == "23514"
    shorter = TimestamptzRange(NOW - HOUR, NOW)
    assert refused(doctor, change, [shorter, relationship.user.pk, relationship.pk]) == "42501"
    widen = "UPDATE patients_carerelationship SET scopes = '{clinical}' WHERE id = %s"
    assert refused(doctor, widen, [relationship.pk]) == "42501"
    with acting_as(doctor), connection.cursor() as cursor:
        cursor.execute(change, [shorter, doctor.pk, relationship.pk])
    assert both(relationship.user.in_role("doctor")) == set()


def test_a_patient_is_registered_only_at_a_site_where_one_works() -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    moved = Patient(mrn="1", site=patient.site, given_name="A", family_name="B", birth_date="2000-01-01", sex="male")
    with pytest.raises(DatabaseError), transaction.atomic(), acting_as(doctor):
        moved.save(force_insert=True)


def test_what_is_not_seen_is_not_changed() -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    with acting_as(doctor), bulk_verb():
        assert Patient.objects.filter(pk=patient.pk).update(given_name="Mallory") == 0
    with as_the_system():
        assert Patient.objects.get(pk=patient.pk).given_name == patient.given_name
