"""A medicine told from elsewhere and halted here, when its source tells of it again."""

from typing import Any

import pytest

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from prescriptions import actions, queries
from prescriptions.actions.statements import ToldMedicine
from prescriptions.models import MedicationStatement
from tests.factories import MedicationStatementFactory
from tests.prescriptions.conftest import NOW
from tests.prescriptions.test_halts import again, hold, resume, stop
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(patient: Patient) -> MedicationStatement:
    return MedicationStatementFactory(patient=patient)


def later(told: MedicationStatement, **said: Any) -> MedicationStatement:
    names = ("patient_id", "source", "medicine", "status", "said_at", "sig_text")
    content = {name: getattr(told, name) for name in names} | said
    with as_the_system():
        return actions.take_statements(by=None, told=[ToldMedicine(before=told.pk, **content)], now=NOW)[0]


def test_a_later_version_in_the_same_words_keeps_its_halt(doctor: User, told: MedicationStatement) -> None:
    first = hold(doctor, told)
    resume(doctor, told)
    last = stop(doctor, told)
    row = again(later(told))
    assert row.is_stopped
    assert row.pk != told.pk
    with acting_as(doctor):
        kept = queries.halts_of(doctor, row)
        assert [(one.reason, one.said_by, one.said_at) for one in kept] == [(last.reason, doctor, last.said_at)]
        assert queries.halts_of(doctor, told)[-1] == first


def test_a_later_version_in_other_words_is_taken(doctor: User, told: MedicationStatement) -> None:
    stop(doctor, told)
    assert again(later(told, sig_text="Two in the evening")).halt == ""
