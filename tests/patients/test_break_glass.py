"""The verbs `break_glass` and `end_emergency`: a chart opens in an emergency, to whom the right was given before."""

import time
import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import NotAllowed, passes
from healthcare.accounts.permissions import Permission, Scope, Sensitivity
from healthcare.accounts.roles import ROLES
from healthcare.accounts.rules import may_edit
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import can_break_glass, check_can_open_chart
from patients.actions.emergency import GlassNotBroken, end_emergency
from patients.events import AccessEnded, AccessGranted, GlassBroken
from patients.models import CareRelationship, EmergencyAccess, Patient
from patients.queries.emergencies import running_emergency
from tests.factories import PatientFactory, RestrictionFactory, RoleEditFactory, portal_user, staff
from tests.patients.emergencies import REASON, broken, now
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def sees(user, patient, scope=Scope.IDENTITY) -> bool:
    """Both walls; they agree."""
    with acting_as(user):
        first = Patient.objects.visible_to(user, scope).filter(pk=patient.pk).exists()
        assert reaches(patient, scope) == first
    return first


def reaches(patient, scope) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.reaches(%s, %s)", [patient.pk, scope.value])
        return cursor.fetchone()[0]


def denials(user) -> list[tuple[str, str]]:
    with acting_as(user, using="audit"):
        rows = AuditEvent.objects.using("audit").filter(actor_id=user.pk, outcome="denied")
        return [(row.action, str(row.patient_id)) for row in rows.order_by("id")]


# == It opens ==
def test_a_doctor_opens_one_chart_with_all_that_the_role_can_hold(announced) -> None:
    patient, other = PatientFactory(), PatientFactory()
    doctor = staff("doctor")
    assert not sees(doctor, patient)
    emergency = broken(doctor, patient.pk)
    assert all(sees(doctor, patient, scope) for scope in Scope)
    with acting_as(doctor):
        assert all(reaches(patient, mark) for mark in Sensitivity), "in an emergency nothing is kept back"
    assert not sees(doctor, other)
    assert (emergency.user, emergency.role, emergency.purpose) == (doctor, "doctor", "ETREAT")
    assert (emergency.reason, emergency.verdict, emergency.until - emergency.opened_at) == (REASON, "", HOUR)
    with as_the_system():
        why = CareRelationship.objects.get(kind="break_glass")
    assert (why.user, why.granted_by, why.role, why.patient_id) == (doctor, doctor, "doctor", patient.pk)
    assert announced() == [AccessGranted(patient.pk, why.pk), GlassBroken(patient.pk, emergency.pk)]


def test_a_nurse_gets_no_more_than_a_nurse_ever_sees() -> None:
    patient, nurse = PatientFactory(), staff("nurse")
    broken(nurse, patient.pk)
    assert sees(nurse, patient, Scope.CLINICAL)
    assert not sees(nurse, patient, Scope.BILLING)


def test_the_audit_names_the_purpose_and_not_the_reason() -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    emergency = broken(doctor, patient.pk, purpose="COC", lasts=timedelta(hours=4))
    with acting_as(doctor):
        event = AuditEvent.objects.get(action="patients.break_glass")
    assert (event.patient_id, event.target_id, event.outcome) == (patient.pk, emergency.pk, "ok")
    assert event.detail == {"purpose": "COC", "minutes": 240}


def test_who_sees_a_part_already_gets_the_rest() -> None:
    """A visit next month shows the name and the time alone; an emergency does not wait for it."""
    patient, doctor = PatientFactory(), staff("doctor")
    with as_the_system():
        relationship = CareRelationship(patient=patient, kind="appointment", user=doctor, role="doctor")
        relationship.scopes, relationship.validity = ["identity"], TimestamptzRange(now() - HOUR, now() + 5 * HOUR)
        relationship.save()
    assert not sees(doctor, patient, Scope.CLINICAL)
    broken(doctor, patient.pk)
    assert sees(doctor, patient, Scope.CLINICAL)


def test_sent_twice_it_is_one(announced) -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    first, second = broken(doctor, patient.pk), broken(doctor, patient.pk, lasts=2 * HOUR)
    assert first == second
    assert len(announced(GlassBroken)) == 1
    with as_the_system():
        assert CareRelationship.objects.filter(kind="break_glass").count() == 1


# == It ends ==
def test_it_ends_to_the_second() -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    broken(doctor, patient.pk, lasts=timedelta(seconds=1))
    time.sleep(1.1)
    assert not sees(doctor, patient)
    with acting_as(doctor):
        assert running_emergency(doctor, patient.pk) is None


def test_it_is_given_back_before_its_time(announced) -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    emergency = broken(doctor, patient.pk)
    with acting_as(doctor):
        assert end_emergency(by=doctor, patient_id=patient.pk, now=now())
        assert not end_emergency(by=doctor, patient_id=patient.pk, now=now()), "ended already"
        event = AuditEvent.objects.get(action="patients.end_emergency")
        emergency.refresh_from_db()
    assert not sees(doctor, patient)
    assert event.patient_id == patient.pk
    assert emergency.ended_at is not None, "the review shows how long it was"
    assert announced(AccessEnded) == [AccessEnded(patient.pk, emergency.relationship_id)]


def test_nobody_ends_anothers() -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    colleague = staff("doctor")
    broken(doctor, patient.pk)
    with acting_as(colleague):
        assert not end_emergency(by=colleague, patient_id=patient.pk, now=now())
    assert sees(doctor, patient)


# == It stays closed ==
@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("patient", "doctor", "nurse")])
def test_a_role_without_the_right_is_refused_and_audited(role) -> None:
    patient, user = PatientFactory(), staff(role)
    with pytest.raises(NotAllowed, match="does not include this: open a chart in an emergency"):
        broken(user, patient.pk)
    assert denials(user) == [("patients.break_glass", str(patient.pk))]
    with as_the_system():
        assert not CareRelationship.objects.filter(kind="break_glass").exists()


def test_a_patient_is_refused_and_audited() -> None:
    patient, user = PatientFactory(), portal_user(PatientFactory())
    with pytest.raises(NotAllowed):
        broken(user, patient.pk)
    assert denials(user) == [("patients.break_glass", str(patient.pk))]


def test_the_right_is_given_and_taken_by_administrators_in_both_walls() -> None:
    patient, pharmacist = PatientFactory(), staff("pharmacist")
    RoleEditFactory(role="pharmacist", permission="patients.break_glass", held=True)
    RoleEditFactory(role="doctor", permission="patients.break_glass", held=False)
    broken(pharmacist, patient.pk)
    assert sees(pharmacist, patient, Scope.MEDICATION)
    assert not sees(pharmacist, patient, Scope.CLINICAL)
    doctor = staff("doctor")
    with pytest.raises(NotAllowed):
        broken(doctor, patient.pk)
    with acting_as(doctor):
        assert forged(doctor, patient) == "42501"


def test_a_role_that_opens_no_chart_opens_none_in_an_emergency() -> None:
    RoleEditFactory(role="administrator", permission="patients.break_glass", held=True)
    patient, administrator = PatientFactory(), staff("administrator")
    with pytest.raises(NotAllowed, match="does not include this"):
        broken(administrator, patient.pk)
    assert not can_break_glass(administrator)
    with acting_as(administrator):
        assert forged(administrator, patient, scopes=["clinical"]) == "42501"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": "urgent"}, "at least 20 characters"),
        ({"reason": "urgent" + " " * 40}, "at least 20 characters"),
        ({"lasts": 4 * HOUR + timedelta(seconds=1)}, "four hours at most"),
        ({"lasts": timedelta(0)}, "four hours at most"),
        ({"purpose": "CURIOUS"}, "Say what the chart is needed for"),
    ],
)
def test_without_a_reason_a_purpose_or_an_end_it_stays_closed(changes, sentence) -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    with pytest.raises(GlassNotBroken, match=sentence):
        broken(doctor, patient.pk, **changes)
    assert denials(doctor) == [("patients.break_glass", str(patient.pk))]
    assert not sees(doctor, patient)


def test_one_s_own_chart_one_that_is_closed_to_them_and_nobody_s_get_the_same_answer() -> None:
    doctor = staff("doctor")
    own = PatientFactory()
    portal_user_of(own, doctor)
    shut_out = RestrictionFactory(user=doctor).patient
    answers = set()
    for patient_id in (own.pk, shut_out.pk, uuid.uuid4()):
        with pytest.raises(GlassNotBroken) as refusal:
            broken(doctor, patient_id)
        answers.add(str(refusal.value))
    assert answers == {"This chart cannot be opened in this way."}
    assert len(denials(doctor)) == 3
    with acting_as(doctor):
        assert forged(doctor, own) == forged(doctor, shut_out) == "42501"
    with as_the_system():
        assert not EmergencyAccess.objects.exists(), "nothing is left behind of what was taken back"


def portal_user_of(patient, user) -> None:
    with as_the_system():
        own = CareRelationship(patient=patient, kind="self", user=user, role="patient", scopes=["identity"])
        own.validity = TimestamptzRange(now() - HOUR, None)
        own.save()


# == Past the verb: the second wall ==
INSERT = """INSERT INTO patients_carerelationship (id, created_at, updated_at, patient_id, kind, user_id, role, scopes,
validity, reason, source, granted_by_id) VALUES (uuidv7(), now(), now(), %s, 'break_glass', %s, %s, %s,
tstzrange(now() + %s, now() + %s), %s, %s, %s)"""


def forged(user, patient, *, for_user=None, role="", scopes=("identity",), start="0", end="1 hour", reason=REASON,
           purpose="ETREAT", by=None) -> str:  # fmt: skip
    """What the database says when a page is made to write the row itself: "" or the code of its refusal."""
    row = [patient.pk, (for_user or user).pk, role or user.acting_role, list(scopes)]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(INSERT, [*row, start, end, reason, purpose, (by or user).pk])
    except DatabaseError as refusal:
        return str(refusal.__cause__.sqlstate)  # type: ignore[union-attr]
    return ""


def test_the_database_lets_in_what_the_verb_would() -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    with acting_as(doctor):
        assert forged(doctor, patient) == ""
    with as_the_system():
        assert EmergencyAccess.objects.get().user == doctor, "and it stands in the queue, whoever wrote it"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"role": "nurse"}, "42501"),
        ({"end": "4 hours 1 second"}, "42501"),
        ({"start": "-10 minutes"}, "42501"),
        ({"start": "2 minutes"}, "42501"),
        ({"end": None}, "42501"),
        ({"reason": "urgent"}, "23514"),
        ({"purpose": "MARKT"}, "23514"),
    ],
)
def test_the_database_refuses_what_the_verb_would(changes, code) -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    with acting_as(doctor):
        assert forged(doctor, patient, **changes) == code


def test_nobody_breaks_the_glass_for_another_or_in_another_s_name() -> None:
    patient, doctor, friend = PatientFactory(), staff("doctor"), staff("doctor")
    with acting_as(doctor):
        assert forged(doctor, patient, for_user=friend) == "42501"
        assert forged(doctor, patient, by=friend) == "42501"


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("doctor", "nurse")])
def test_the_right_is_the_same_in_both_walls(role) -> None:
    patient = PatientFactory()
    user = portal_user(PatientFactory()) if role == "patient" else staff(role)
    with acting_as(user):
        assert forged(user, patient) == "42501"


def test_the_lists_in_the_database_are_those_of_the_roles() -> None:
    for role in ROLES.values():
        user = portal_user(PatientFactory()) if role.slug == "patient" else staff(role.slug)
        with acting_as(user), connection.cursor() as cursor:
            cursor.execute("SELECT app.may_break_glass()")
            assert cursor.fetchone()[0] == (Permission.BREAK_GLASS in role.permissions), role.slug
    for role in ROLES.values():
        if role.staff and not role.permissions & {Permission.BREAK_GLASS}:
            RoleEditFactory(role=role.slug, permission="patients.break_glass", held=True)
            with acting_as(staff(role.slug)), connection.cursor() as cursor:
                cursor.execute("SELECT app.may_break_glass()")
                assert cursor.fetchone()[0] == bool(role.scopes), "a role without scopes is never let in"


def test_nobody_writes_into_the_queue_but_the_trigger() -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    broken(doctor, patient.pk)
    with acting_as(doctor), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM patients_emergencyaccess")
    with acting_as(doctor), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO patients_emergencyaccess SELECT * FROM patients_emergencyaccess")


def test_reviewing_is_bound_to_the_privacy_officer() -> None:
    assert not may_edit("administrator", Permission.REVIEW_ACCESS, held=True)
    assert may_edit("nurse", Permission.BREAK_GLASS, held=False)


def test_can_open_chart_follows(announced) -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    with acting_as(doctor):
        assert not passes(check_can_open_chart, doctor, patient.pk)
    broken(doctor, patient.pk)
    with acting_as(doctor):
        assert passes(check_can_open_chart, doctor, patient.pk)
