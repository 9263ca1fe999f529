"""What a colleague who is away or left was to see to comes to who stands in for them."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from healthcare.accounts.leaving import get_held
from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from prescriptions.actions import list_not_collected
from prescriptions.panels import HELD, held
from tests.factories import CoverFactory, staff
from tests.prescriptions.conftest import NOW, drafted, provider
from tests.prescriptions.test_dispensary_page import late

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(doctor: User, patient: Patient) -> Any:
    """One draft, and one that nobody came for."""
    drafted(doctor, patient, "lisinopril 20 mg, tablet")
    return late(doctor, patient)


def test_an_administrator_learns_how_much_there_is_and_nothing_else(doctor: User, patient: Patient, waiting) -> None:
    boss = staff("administrator", patient.site)
    with acting_as(boss):
        assert {(HELD["draft"], 1), (HELD["not_collected"], 1)} <= set(get_held(doctor, NOW))
        assert held(staff("doctor", patient.site), NOW) == {}


@pytest.mark.parametrize("role", ["doctor", "nurse", "front_desk", "privacy_officer"])
def test_nobody_else_is_told_the_counts(doctor: User, patient: Patient, role: str) -> None:
    refused = pytest.raises(DatabaseError, match="who closes the account")
    with acting_as(staff(role, patient.site)), refused, transaction.atomic():
        held(doctor, NOW)


@pytest.mark.parametrize("left", [False, True])
def test_who_stands_in_sees_what_was_not_collected(doctor: User, patient: Patient, waiting, left: bool) -> None:
    colleague, stranger = provider(patient), provider(patient)
    CoverFactory(absent=doctor, cover=colleague)
    if left:
        User.objects.filter(pk=doctor.pk).update(is_active=False, deactivated_at=NOW)
    for user, found in ((colleague, [waiting]), (stranger, [])):
        with acting_as(user):
            assert list_not_collected(by=user) == found
