"""Alerts, notices and reminders behind both walls: seen where the patient is, each in its own area, by staff."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from alerts.models import Alert, Notice, Reminder
from alerts.rules import KINDS, LETTERS
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import ROLES, STAFF_ROLES
from healthcare.db.context import acting_as
from tests.alerts.conftest import Clinic
from tests.factories import (
    AlertFactory,
    AppointmentFactory,
    CareRelationshipFactory,
    NoticeFactory,
    ReminderFactory,
    staff,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
MODELS = (Alert, Notice, Reminder)


def seen(model: Any, user: User) -> set[Any]:
    """Behind each wall alone, which have to agree."""
    with as_the_system():
        first = set(model.objects.visible_to(user).values_list("pk", flat=True))
    with acting_as(user):
        second = set(model.objects.values_list("pk", flat=True))
    assert first == second, f"The walls round {model.__name__} do not agree for a {user.acting_role}."
    return first


@pytest.fixture
def rows(clinic: Clinic) -> dict[str, Any]:
    """An alert of each kind and a notice of each letter about the patient, and a reminder."""
    made: dict[str, Any] = {kind: AlertFactory(patient=clinic.patient, kind=kind) for kind in KINDS}
    for name, letter in LETTERS.items():
        made[f"letter {name}"] = NoticeFactory(patient=clinic.patient, letter=name, area=letter.area)
    made["reminder"] = ReminderFactory(appointment=AppointmentFactory(patient=clinic.patient))
    return made


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_each_role_sees_what_its_areas_hold(clinic: Clinic, rows: dict[str, Any], role: str) -> None:
    user, scopes = staff(role, clinic.site), ROLES[role].scopes
    reaches = {name for name, row in rows.items() if Scope(getattr(row, "area", "schedule")) in scopes}
    found = {name for name, row in rows.items() if row.pk in seen(type(row), user)}
    assert found == reaches


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_who_is_not_in_the_patients_care_sees_nothing(rows: dict[str, Any], role: str) -> None:
    user = staff(role)
    assert [seen(model, user) for model in MODELS] == [set(), set(), set()]


def test_a_grant_of_one_scope_opens_the_rows_of_that_area_alone(clinic: Clinic, rows: dict[str, Any]) -> None:
    for scope in Scope:
        user = CareRelationshipFactory(patient=clinic.patient, scopes=[scope.value]).user.in_role("doctor")
        areas = {rows[name].area for name in KINDS if rows[name].pk in seen(Alert, user)}
        assert areas == {scope.value} & {kind.area for kind in KINDS.values()}


def test_a_patient_sees_no_alert_and_of_the_letters_their_own(clinic: Clinic, rows: dict[str, Any]) -> None:
    own = NoticeFactory(patient=clinic.patient, recipient=clinic.account)
    assert seen(Alert, clinic.account) == set()
    assert seen(Notice, clinic.account) == {own.pk}
    assert seen(Reminder, clinic.account) == {rows["reminder"].pk}


def test_nobody_sees_their_own_in_a_staff_role(clinic: Clinic, rows: dict[str, Any]) -> None:
    worker = staff("doctor", clinic.site)
    CareRelationshipFactory(patient=clinic.patient, kind="proxy", role="patient", user=worker)
    assert seen(Alert, worker.in_role("patient")) == set()
    clinic.account.in_role("doctor")
    assert [seen(model, clinic.account) for model in MODELS] == [set(), set(), set()]


def test_without_a_role_there_is_nothing(clinic: Clinic, rows: dict[str, Any]) -> None:
    user = staff("doctor", clinic.site)
    user.acting_role = None
    with as_the_system():
        assert not Alert.objects.visible_to(user).exists()
        assert not Notice.objects.visible_to(user).exists()


@pytest.mark.parametrize("role", ["doctor", "front_desk", "nurse"])
def test_pages_add_and_remove_neither_alerts_nor_notices(clinic: Clinic, rows: dict[str, Any], role: str) -> None:
    user = staff(role, clinic.site)
    for model in (Alert, Notice):
        with acting_as(user), pytest.raises(DatabaseError), transaction.atomic():
            model(patient_id=clinic.patient.pk, area="clinical").save(force_insert=True)
        with acting_as(user), pytest.raises(DatabaseError), transaction.atomic():
            model.objects.filter(patient=clinic.patient).delete()


@contextmanager
def at_the_commit() -> Iterator[None]:
    """Keys that are looked at when a transaction ends, looked at when the block ends."""
    with transaction.atomic():
        yield
        connection.check_constraints()


def test_a_notice_is_about_the_patient_of_its_alert(clinic: Clinic) -> None:
    alert = AlertFactory()
    with as_the_system(), pytest.raises(DatabaseError), at_the_commit():
        NoticeFactory(patient=clinic.patient, alert=alert)


def test_a_reminder_is_of_the_patient_of_its_visit(clinic: Clinic) -> None:
    visit = AppointmentFactory()
    with as_the_system(), pytest.raises(DatabaseError), at_the_commit():
        ReminderFactory(appointment=visit, patient=clinic.patient)


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "acknowledged"},
        {"acknowledged_at": "2026-01-01T00:00Z"},
        {"state": "closed", "next_at": None},
        {"state": "closed", "closed_at": "2026-01-01T00:00Z"},
    ],
)
def test_the_database_keeps_an_alert_true(clinic: Clinic, wrong: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        AlertFactory(patient=clinic.patient, **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "sent", "next_at": None},
        {"state": "due", "next_at": None},
        {"state": "skipped", "next_at": None},
        {"reason": "visit_past"},
    ],
)
def test_the_database_keeps_a_reminder_true(clinic: Clinic, wrong: dict[str, Any]) -> None:
    visit = AppointmentFactory(patient=clinic.patient)
    with pytest.raises(DatabaseError), transaction.atomic():
        ReminderFactory(appointment=visit, **wrong)


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"state": "queued", "reason": ""}])
def test_the_database_keeps_a_notice_true(clinic: Clinic, wrong: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        NoticeFactory(patient=clinic.patient, **wrong)
