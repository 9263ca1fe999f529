"""At one chart the first wall holds rows against what was found open when the chart was opened."""

from typing import Any

import pytest

from healthcare.accounts.permissions import Scope, Sensitivity
from healthcare.db.context import acting_as
from patients.access import NotInScope, check_can_open_chart
from patients.models import Patient, UserGrant, at_chart, held_on
from records.models import Entry
from tests.factories import CareRelationshipFactory, EntryFactory, PatientFactory
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
ALL = {scope.value for scope in Scope}


def reader_of(user: Any, patient: Any) -> Any:
    with acting_as(user):
        return check_can_open_chart(user, patient.pk).reader  # type: ignore[attr-defined]


def alone(reader: Any) -> set[Any]:
    """By the first wall, where the database shows everything."""
    with as_the_system():
        return set(Entry.objects.visible_to(reader).values_list("pk", flat=True))


def treating(patient: Any, **fields: Any) -> Any:
    return CareRelationshipFactory(patient=patient, role="doctor", **fields).user.in_role("doctor")


def test_the_reader_is_the_same_person_and_sees_this_patient_alone() -> None:
    rosa, theo = PatientFactory(), PatientFactory()
    doctor = treating(rosa)
    CareRelationshipFactory(patient=theo, role="doctor", user=doctor)
    mine, _other = EntryFactory(patient=rosa), EntryFactory(patient=theo)
    reader = reader_of(doctor, rosa)
    assert (reader.pk, reader.acting_role) == (doctor.pk, "doctor")
    assert alone(reader) == {mine.pk}
    assert len(alone(doctor)) == 2, "who asked goes on seeing both"


def test_without_the_scope_there_is_nothing_and_nothing_is_asked(django_assert_num_queries: Any) -> None:
    rosa = PatientFactory()
    EntryFactory(patient=rosa)
    reader = reader_of(treating(rosa, scopes=["identity", "schedule"]), rosa)
    with django_assert_num_queries(0):
        assert list(Entry.objects.visible_to(reader)) == []


@pytest.mark.parametrize("held", [[], ["adolescent"], ["mental_health"]])
def test_a_marked_entry_needs_its_label(held: list[str]) -> None:
    rosa = PatientFactory()
    plain, marked = EntryFactory(patient=rosa), EntryFactory(patient=rosa, sensitivity="mental_health")
    assert alone(reader_of(treating(rosa, labels=held), rosa)) == (
        {plain.pk, marked.pk} if "mental_health" in held else {plain.pk}
    )


def test_what_one_wrote_one_goes_on_reading() -> None:
    rosa = PatientFactory()
    doctor = treating(rosa)
    own = EntryFactory(patient=rosa, author=doctor, sensitivity="mental_health")
    assert alone(reader_of(doctor, rosa)) == {own.pk}


def test_a_right_that_was_taken_away_is_gone_when_the_chart_is_opened_again() -> None:
    rosa = PatientFactory()
    doctor = treating(rosa)
    assert reader_of(doctor, rosa)._chart.held == ALL
    with taking_role("owner"):
        UserGrant.objects.filter(user=doctor).exclude(permission__codename="identity").delete()
    assert reader_of(doctor, rosa)._chart.held == {"identity"}
    with taking_role("owner"):
        UserGrant.objects.filter(user=doctor).delete()
    with pytest.raises(NotInScope):
        reader_of(doctor, rosa)


@pytest.mark.parametrize("change", [{"is_active": False}, {"acting_role": ""}])
def test_without_an_account_or_a_role_nothing_is_open(change: dict[str, Any]) -> None:
    rosa = PatientFactory()
    entry = EntryFactory(patient=rosa, sensitivity="mental_health")
    doctor = treating(rosa, labels=["mental_health"])
    held = [*ALL, *(label.value for label in Sensitivity)]
    assert alone(at_chart(doctor, rosa.pk, held)) == {entry.pk}
    vars(doctor).update(change)
    assert alone(at_chart(doctor, rosa.pk, held)) == set()
    with as_the_system():
        assert Patient.objects.annotate(held=held_on(doctor)).values_list("held", flat=True).get(pk=rosa.pk) == []
