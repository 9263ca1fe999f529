"""A clinic with its formulary, people who prescribe and hand out, and a browser in which somebody is signed in."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.models import Patient
from prescriptions import actions, queries
from prescriptions.models import Medication, Prescription, SafetyRule
from prescriptions.rules.safety import Answer
from prescriptions.rules.sig import Sig
from tests.factories import EntryFactory, PatientFactory, ProviderFactory, staff
from tests.patients.conftest import sign_in
from tests.roles import as_the_system, taking_role

NOW = datetime.now(UTC)
SIG = Sig(Decimal(1), "tablet", "oral", "twice_daily", 7)


@pytest.fixture(autouse=True)
def _formulary(request: pytest.FixtureRequest) -> None:
    """Loaded by the migrations; where a test before this one emptied the database, once more."""
    if request.node.get_closest_marker("django_db"):
        if not SafetyRule.objects.exists():
            with as_the_system():
                actions.load_knowledge(by=None)
        queries.checking._known.cache_clear()


def provider(patient: Patient, **fields: Any) -> User:
    """A doctor at the patient's site who can sign."""
    doctor = staff("doctor", patient.site, **fields)
    ProviderFactory(user=doctor, name=doctor.full_name)
    return doctor


def allergy(patient: Patient, display: str, *, reaction: str = "") -> Any:
    data = {"reaction": reaction} if reaction else {}
    return EntryFactory(
        patient=patient,
        kind="allergy",
        display=display,
        code="no-known-allergies" if display == "none" else "",
        code_system="",
        clinical_status="active",
        value=None,
        unit="",
        data=data,
    )


def medication(label: str) -> Medication:
    return Medication.objects.get(label=label)


def drafted(doctor: User, patient: Patient, label: str = "amoxicillin 500 mg, capsule", **content: Any) -> Prescription:
    """A draft for a medicine of the formulary, or in words where the label is none of it."""
    found = Medication.objects.filter(label=label).first()
    sig = Sig(Decimal(1), found.dose_unit if found else "capsule", found.route if found else "oral", "twice_daily", 7)
    with acting_as(doctor):
        return actions.draft_prescription(
            by=doctor,
            patient=patient,
            medication=found,
            medicine="" if found else label,
            content=actions.Content(**{"sig": sig, **content}),
            now=NOW,
        )


def signed(doctor: User, patient: Patient, label: str = "amoxicillin 500 mg, capsule", **content: Any) -> Prescription:
    draft = drafted(doctor, patient, label, **content)
    with acting_as(doctor):
        result = queries.check_prescription(doctor, draft, NOW).result
        answers = [Answer(key, "other", "A test") for key in result.to_answer]
        return actions.sign_prescription(by=doctor, prescription=draft, overrides=answers, now=NOW)


def ready(doctor: User, patient: Patient, **more: Any) -> Prescription:
    prescription = signed(doctor, patient, **more)
    pharmacist = staff("pharmacist", patient.site)
    with acting_as(pharmacist):
        return actions.mark_ready(by=pharmacist, prescription=prescription, now=NOW)


def reload(prescription: Prescription) -> Prescription:
    with as_the_system():
        return Prescription.objects.get(pk=prescription.pk)


def audit_of(prescription: Prescription) -> list[str]:
    with taking_role("owner"):
        events = AuditEvent.objects.filter(target_id=prescription.pk)
        return list(events.order_by("id").values_list("action", flat=True))


@pytest.fixture
def patient() -> Patient:
    """Somebody of whom no allergies are known."""
    made = PatientFactory(family_name="Delgado", given_name="Rosa")
    allergy(made, "none")
    return made


@pytest.fixture
def doctor(patient: Patient) -> User:
    return provider(patient)


@pytest.fixture
def pharmacist(patient: Patient) -> User:
    return staff("pharmacist", patient.site)


@pytest.fixture
def browser() -> Callable[[User], Client]:
    return sign_in
