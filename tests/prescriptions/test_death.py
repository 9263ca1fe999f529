"""For the dead nothing is signed, prepared or handed out; what was, stays in the record."""

import pytest

from healthcare.db.context import acting_as
from patients.models import Patient
from prescriptions import actions
from prescriptions.actions import NotPossible
from tests.prescriptions.conftest import NOW, drafted, ready, reload, signed
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


def die(patient: Patient, deceased: bool = True) -> None:
    with as_the_system():
        found = Patient.objects.get(pk=patient.pk)
        found.deceased = deceased
        found.save(update_fields=["deceased"])


def test_nothing_is_signed(doctor, patient) -> None:
    draft = drafted(doctor, patient)
    die(patient)
    with acting_as(doctor), pytest.raises(NotPossible, match="has died"):
        actions.sign_prescription(by=doctor, prescription=draft, now=NOW)
    assert reload(draft).status == "draft"


def test_nothing_is_prepared(doctor, pharmacist, patient) -> None:
    prescription = signed(doctor, patient)
    die(patient)
    with acting_as(pharmacist), pytest.raises(NotPossible, match="has died"):
        actions.mark_ready(by=pharmacist, prescription=prescription, now=NOW)
    assert reload(prescription).status == "signed"


def test_nothing_is_handed_out_until_it_is_taken_back(doctor, pharmacist, patient) -> None:
    prescription = ready(doctor, patient)
    die(patient)
    given = {"prescription": prescription, "name": "Ana Delgado", "relation": "relative", "identity_checked": True}
    with acting_as(pharmacist), pytest.raises(NotPossible, match="has died"):
        actions.pick_up(by=pharmacist, now=NOW, **given)
    assert reload(prescription).status == "ready"
    die(patient, deceased=False)
    with acting_as(pharmacist):
        assert actions.pick_up(by=pharmacist, now=NOW, **given).status == "picked_up"


def test_a_doctor_still_cancels_it(doctor, patient) -> None:
    prescription = signed(doctor, patient)
    die(patient)
    with acting_as(doctor):
        actions.cancel_prescription(by=doctor, prescription=prescription, reason="changed", now=NOW)
    assert reload(prescription).status == "cancelled"
