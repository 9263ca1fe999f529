"""The two walls agree on prescriptions and what hangs on them, and what was signed stays as it was signed."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import ROLES, STAFF_ROLES
from healthcare.db.context import acting_as
from prescriptions.models import CollectionDeadline, Prescription, SafetyCheck
from tests.factories import (
    CollectionDeadlineFactory,
    EncounterFactory,
    PatientFactory,
    PrescriptionFactory,
    SafetyCheckFactory,
    portal_user,
    staff,
)
from tests.factories.prescriptions import NOON
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


def both(model: Any, user: Any) -> set[Any]:
    with as_the_system():
        first = set(model.objects.visible_to(user).values_list("pk", flat=True))
    with acting_as(user):
        second = set(model.objects.values_list("pk", flat=True))
    assert first == second, f"The walls differ for a {user.acting_role}."
    return first


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_the_walls_agree_for_every_role_at_the_site_and_elsewhere(role) -> None:
    draft = PrescriptionFactory(status="draft")
    patient = draft.patient
    signed = PrescriptionFactory(patient=patient)
    check = SafetyCheckFactory(prescription=signed)
    deadline = CollectionDeadlineFactory(prescription__patient=patient)
    here, elsewhere = staff(role, patient.site), staff(role)
    reaches = Scope.MEDICATION in ROLES[role].scopes
    seen = {signed.pk, deadline.prescription.pk} if reaches else set()
    assert both(Prescription, here) == seen | ({draft.pk} if role in {"doctor", "nurse"} else set())
    assert both(SafetyCheck, here) == ({check.pk} if reaches else set())
    assert both(CollectionDeadline, here) == ({deadline.pk} if reaches else set())
    for model in (Prescription, SafetyCheck, CollectionDeadline):
        assert both(model, elsewhere) == set()


def test_patients_see_their_own_and_no_draft() -> None:
    signed = PrescriptionFactory()
    PrescriptionFactory(status="draft", patient=signed.patient)
    PrescriptionFactory()
    assert both(Prescription, portal_user(signed.patient)) == {signed.pk}


def test_without_a_context_there_is_nothing() -> None:
    CollectionDeadlineFactory()
    SafetyCheckFactory()
    assert not Prescription.objects.exists()
    assert not SafetyCheck.objects.exists()
    assert not CollectionDeadline.objects.exists()


# == What nobody can do, even with SQL of their own ==
def refused(user: Any, statement: str, parameters: list[Any]) -> str:
    with pytest.raises(DatabaseError) as problem, acting_as(user), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    cause = problem.value.__cause__
    assert isinstance(cause, psycopg.Error)
    return str(cause.sqlstate)


SIGNED = {
    "medicine": "water",
    "reason": "none",
    "sig": '{"dose": "9"}',
    "sig_text": "Drink all of it.",
    "quantity": 900,
    "quantity_unit": "ml",
    "repeats": 12,
    "may_substitute": False,
    "signed_at": NOON + timedelta(days=1),
    "signature": "f" * 64,
    "medication_id": None,
}


@pytest.mark.parametrize("column", SIGNED)
@pytest.mark.parametrize("status", ["signed", "ready", "not_collected", "picked_up"])
def test_signed_content_never_changes(column, status) -> None:
    prescription = PrescriptionFactory(status=status)
    doctor = staff("doctor", prescription.patient.site)
    change = f"UPDATE prescriptions_prescription SET {column} = %s WHERE id = %s"
    assert refused(doctor, change, [SIGNED[column], prescription.pk]) == "23514"


@pytest.mark.parametrize("status", ["picked_up", "cancelled"])
def test_what_is_over_stays_over(status) -> None:
    prescription = PrescriptionFactory(status=status)
    doctor = staff("doctor", prescription.patient.site)
    for change in ("status = 'ready'", "picked_up_by = 'Mallory'", "cancel_reason = 'other'"):
        statement = f"UPDATE prescriptions_prescription SET {change} WHERE id = %s"
        assert refused(doctor, statement, [prescription.pk]) == "23514", change


def test_nobody_signs_in_the_name_of_another() -> None:
    draft = PrescriptionFactory(status="draft")
    doctor = staff("doctor", draft.patient.site)
    sign = "UPDATE prescriptions_prescription SET status = 'signed', signed_at = now(), signed_by_id = %s,"
    sign += " signature = 'x' WHERE id = %s"
    assert refused(doctor, sign, [draft.prescriber.user.pk, draft.pk]) == "23514"
    with acting_as(doctor), connection.cursor() as cursor:
        cursor.execute(sign, [doctor.pk, draft.pk])
        assert cursor.rowcount == 1


COPY = """INSERT INTO prescriptions_prescription SELECT (jsonb_populate_record(p, %s::jsonb)).*
FROM prescriptions_prescription p WHERE p.id = %s"""


def test_people_add_drafts_alone_and_patients_nothing() -> None:
    draft = PrescriptionFactory(status="draft")
    signed = PrescriptionFactory(patient=draft.patient)
    doctor, patient = staff("doctor", draft.patient.site), portal_user(draft.patient)
    new = '{"id": "019a0000-0000-7000-8000-00000000000%d"}'
    assert refused(doctor, COPY, [new % 1, signed.pk]) == "42501"
    assert refused(patient, COPY, [new % 2, signed.pk]) == "42501"
    cancel = "UPDATE prescriptions_prescription SET status = 'cancelled' WHERE id = %s"
    assert refused(patient, cancel, [signed.pk]) == "42501"


def test_a_check_is_never_rewritten_and_nothing_is_deleted() -> None:
    check = SafetyCheckFactory()
    doctor = staff("doctor", check.patient.site)
    assert refused(doctor, "UPDATE prescriptions_safetycheck SET findings = '[]'", []) == "42501"
    for table in ("prescription", "safetycheck", "collectiondeadline"):
        assert refused(doctor, f"DELETE FROM prescriptions_{table}", []) == "42501"
    for table in ("ingredient", "medication", "safetyrule"):
        assert refused(doctor, f"UPDATE prescriptions_{table} SET created_at = now()", []) == "42501"


def tied(**made: Any) -> None:
    with transaction.atomic():
        made["factory"](**{name: value for name, value in made.items() if name != "factory"})
        connection.check_constraints()


@pytest.mark.parametrize("factory", [SafetyCheckFactory, CollectionDeadlineFactory])
def test_what_hangs_on_a_prescription_is_of_the_same_patient(factory) -> None:
    with pytest.raises(DatabaseError):
        tied(factory=factory, patient=PatientFactory())


def test_an_encounter_is_of_the_same_patient() -> None:
    with pytest.raises(DatabaseError):
        tied(factory=PrescriptionFactory, encounter=EncounterFactory())
