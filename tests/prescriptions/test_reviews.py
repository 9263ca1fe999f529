"""The list of medicines reviewed: by whom and when, also where nothing changed by it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.access import NotInScope
from patients.models import Patient
from prescriptions import actions, queries
from tests.factories import PatientFactory, staff
from tests.prescriptions.conftest import NOW, provider, signed
from tests.prescriptions.test_halts import hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse(patient: Patient) -> User:
    return staff("nurse", patient.site)


def review(by: User, patient: Patient, changed: bool = False, listed: str = "", now: datetime = NOW) -> Any:
    with acting_as(by):
        said = {"listed": listed or queries.listed_now(by, patient, NOW), "changed": changed}
        return actions.review_medicines(by=by, patient=patient, now=now, **said)


def test_reviewed_by_whom_and_when_also_when_nothing_changed(doctor: User, nurse: User, patient: Patient) -> None:
    signed(doctor, patient)
    review(doctor, patient, changed=True)
    last = review(nurse, patient, now=NOW + timedelta(minutes=4))
    with acting_as(doctor):
        found = queries.last_review(doctor, patient)
        assert found == last
        assert (found.reviewed_by, found.changed) == (nurse, False)


def test_a_list_that_has_changed_meanwhile_is_looked_at_again(doctor: User, nurse: User, patient: Patient) -> None:
    row = signed(doctor, patient)
    with acting_as(nurse):
        listed = queries.medicine_list(nurse, patient, NOW).listed
    assert review(nurse, patient, listed=listed)
    hold(doctor, row)
    with pytest.raises(actions.NotPossible, match="Look again"):
        review(nurse, patient, listed=listed)


def test_who_does_not_reach_the_medicines_reviews_nothing(patient: Patient, pharmacist: User) -> None:
    with pytest.raises(NotAllowed):
        review(pharmacist, patient, listed="x")
    with pytest.raises(NotInScope):
        review(provider(PatientFactory()), patient, listed=str(uuid4()))
