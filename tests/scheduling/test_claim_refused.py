"""The database finds the patient's time taken: because they are elsewhere then, died, or became one with another."""

from typing import Any

import pytest

from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from patients.actions.deaths import report_death
from patients.models import DeathReport
from scheduling.actions import NotBookable, steps
from scheduling.actions.claims import PatientBusy
from tests.scheduling.conftest import NOW, Clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Any:
    def busy(*_what: Any, **_more: Any) -> Any:
        raise PatientBusy

    booked = clinic.book()
    monkeypatch.setattr(steps, "claim_times", busy)
    return booked


def test_who_is_elsewhere_then_is_said_to_be_busy(clinic: Clinic, visit: Any) -> None:
    with acting_as(clinic.desk), pytest.raises(PatientBusy):
        steps.claim(visit, clinic.resource)


def test_whose_record_went_into_another_a_moment_ago(clinic: Clinic, visit: Any) -> None:
    visit.patient_id = uuid7()
    with acting_as(clinic.desk), pytest.raises(NotBookable, match="made one with another"):
        steps.claim(visit, clinic.resource)


def test_who_died_a_moment_ago(clinic: Clinic, visit: Any) -> None:
    with acting_as(clinic.desk):
        source = DeathReport.Source.FAMILY
        report_death(by=clinic.desk, patient=clinic.patient, died_on=None, source=source, now=NOW)
        with pytest.raises(NotBookable, match="has died"):
            steps.claim(visit, clinic.resource)
