"""The verbs `record_vitals` and `correct_vital`."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from patients.models import Patient
from records.actions.entries import void_entry
from records.actions.vitals import correct_vital, record_vitals
from records.actions.writing import NotCurrent, NotRecorded
from records.events import AbnormalValueRecorded, EntryRecorded
from records.models import Entry
from records.queries.entries import with_parts
from records.queries.lines import line_of
from records.queries.overview import overview_of
from records.queries.vitals import latest_vitals
from tests.factories import EncounterFactory, PatientFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
FINE = {
    "systolic": "122",
    "diastolic": "78",
    "heart_rate": "72",
    "temperature": "37.1",
    "weight": "81.4",
    "height": "165",
}


def of(**values: str) -> dict[str, Decimal]:
    return {slug: Decimal(value) for slug, value in values.items()}


def take(nurse: User, patient: Patient, values: dict[str, Decimal], **given: Any) -> Entry:
    with acting_as(nurse):
        return record_vitals(
            by=nurse, patient=patient, measurements=values, **{"effective_at": NOW, "now": NOW} | given
        )


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(birth_date=date(1968, 3, 12))


@pytest.fixture
def nurse(rosa) -> User:
    return staff("nurse", rosa.site)


def parts(panel: Entry) -> dict[str, Entry]:
    with as_the_system():
        return {row.code: row for row in Entry.objects.filter(parent_id=panel.pk).current()}


def test_a_taking_is_one_panel_with_an_entry_for_each_measure(rosa, nurse, announced) -> None:
    panel = take(nurse, rosa, of(**FINE), typed={"temperature": "98.8 F"})
    found = parts(panel)
    assert panel.code == "85353-1"
    assert (found["8310-5"].value, found["8310-5"].unit, found["8310-5"].data["typed"]) == (
        Decimal("37.1"),
        "Cel",
        "98.8 F",
    )
    assert found["39156-5"].value == Decimal("29.9")
    assert {row.author_id for row in found.values()} == {nurse.pk}
    assert announced() == [EntryRecorded(entry_id=panel.pk, patient_id=rosa.pk, kind="vital_signs")]
    with acting_as(nurse):
        event = AuditEvent.objects.get(action="records.record_vitals")
    assert (event.patient_id, event.target_id, event.detail) == (rosa.pk, panel.pk, {"measures": 6})


def test_a_blood_pressure_is_one_entry_with_two_components(rosa, nurse) -> None:
    pressure = parts(take(nurse, rosa, of(systolic="158", diastolic="84")))["85354-9"]
    upper, lower = pressure.data["components"]
    assert pressure.value is None
    assert (upper["code"], upper["value"], upper["flag"]) == ("8480-6", "158", "high")
    assert (lower["code"], lower["value"], lower["flag"]) == ("8462-4", "84", "")
    assert pressure.data["flag"] == "high"
    assert upper["range"]["high"] == "139"


@pytest.mark.parametrize(
    ("values", "severity"),
    [(of(temperature="38.4"), "high"), (of(oxygen="88"), "urgent"), (of(systolic="190", diastolic="100"), "urgent")],
)
def test_what_is_out_of_range_is_announced_once_with_the_worst(values, severity, rosa, nurse, announced) -> None:
    encounter = EncounterFactory(patient=rosa)
    panel = take(nurse, rosa, values | of(heart_rate="105"), encounter=encounter)
    assert announced(AbnormalValueRecorded) == [
        AbnormalValueRecorded(entry_id=panel.pk, patient_id=rosa.pk, severity=severity, encounter_id=encounter.pk)
    ]


def test_a_child_is_measured_by_its_age(nurse, rosa, announced) -> None:
    child = PatientFactory(site=rosa.site, birth_date=date(2024, 6, 1))
    take(nurse, child, of(heart_rate="125"))
    assert announced(AbnormalValueRecorded) == []
    take(nurse, rosa, of(heart_rate="125"))
    assert len(announced(AbnormalValueRecorded)) == 1


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "Nothing was measured"),
        (of(systolic="120"), "two numbers"),
        (of(systolic="80", diastolic="120"), "upper number"),
        (of(temperature="98.6"), "98.6 is not possible"),
        (of(pain="11"), "not possible"),
    ],
)
def test_what_cannot_be_is_refused_whole(values, sentence, rosa, nurse) -> None:
    with pytest.raises(NotRecorded, match=sentence):
        take(nurse, rosa, values)
    with as_the_system():
        assert not Entry.objects.exists()


def test_not_in_the_future_nor_in_a_visit_that_was_a_mistake(rosa, nurse) -> None:
    with pytest.raises(NotRecorded, match="future"):
        take(nurse, rosa, of(pain="3"), effective_at=NOW + timedelta(hours=1))
    wrong = EncounterFactory(patient=rosa, status="entered_in_error")
    with pytest.raises(NotRecorded, match="entered in error"):
        take(nurse, rosa, of(pain="3"), encounter=wrong)


def test_the_front_desk_measures_nothing_and_a_stranger_nobody(rosa) -> None:
    with pytest.raises(NotAllowed):
        take(staff("front_desk", rosa.site), rosa, of(pain="3"))
    with pytest.raises(NotInScope):
        take(staff("nurse"), rosa, of(pain="3"))


# == Correcting ==
def correct(nurse: User, entry: Entry, values: dict[str, Decimal]) -> Entry:
    with acting_as(nurse):
        entry = Entry.objects.visible_to(nurse).get(pk=entry.pk)
        return correct_vital(by=nurse, entry=entry, values=values, now=NOW + timedelta(minutes=5), typed="typed anew")


def test_a_corrected_value_replaces_and_keeps_the_wrong_one(rosa, nurse, announced) -> None:
    panel = take(nurse, rosa, of(temperature="39.8", pain="2"))
    wrong = parts(panel)["8310-5"]
    right = correct(nurse, wrong, of(temperature="36.9"))
    assert (right.record_status, right.supersedes_id, right.parent_id) == ("corrected", wrong.pk, panel.pk)
    assert (right.data["flag"], right.data["typed"]) == ("", "typed anew")
    assert parts(panel)["8310-5"] == right
    with as_the_system():
        wrong.refresh_from_db()
    assert (wrong.value, wrong.data["flag"], wrong.superseded_at) == (
        Decimal("39.8"),
        "high",
        NOW + timedelta(minutes=5),
    )
    assert len(announced(AbnormalValueRecorded)) == 1
    with pytest.raises(NotCurrent, match="later version"):
        correct(nurse, wrong, of(temperature="37"))


def test_a_correction_that_is_out_of_range_is_announced_too(rosa, nurse, announced) -> None:
    panel = take(nurse, rosa, of(oxygen="98"))
    right = correct(nurse, parts(panel)["59408-5"], of(oxygen="89"))
    assert announced(AbnormalValueRecorded) == [
        AbnormalValueRecorded(entry_id=right.pk, patient_id=rosa.pk, severity="urgent", encounter_id=None)
    ]


def test_a_corrected_weight_corrects_the_body_mass(rosa, nurse) -> None:
    panel = take(nurse, rosa, of(weight="181.4", height="165"))
    correct(nurse, parts(panel)["29463-7"], of(weight="81.4"))
    found = parts(panel)["39156-5"]
    assert (found.value, found.record_status) == (Decimal("29.9"), "corrected")


def test_a_corrected_weight_alone_leaves_no_body_mass(rosa, nurse) -> None:
    panel = take(nurse, rosa, of(weight="181.4"))
    correct(nurse, parts(panel)["29463-7"], of(weight="81.4"))
    assert parts(panel).keys() == {"29463-7"}


def test_a_void_weight_takes_its_body_mass_along_and_nothing_else(rosa, nurse) -> None:
    panel = take(nurse, rosa, of(weight="181.4", height="165", heart_rate="72"))
    with acting_as(nurse):
        assert void_entry(by=nurse, entry=parts(panel)["29463-7"], reason="Another scale", now=NOW) == 2
        assert void_entry(by=nurse, entry=parts(panel)["8867-4"], reason="Another person", now=NOW) == 1
    assert parts(panel).keys() == {"8302-2"}


def test_the_flag_of_a_taking_is_that_of_what_stands_in_it(rosa, nurse) -> None:
    panel = take(nurse, rosa, of(temperature="41.0", pain="2", oxygen="93"))
    assert shown_flag(nurse, rosa, panel) == "Critically high"
    correct(nurse, parts(panel)["8310-5"], of(temperature="36.9"))
    assert shown_flag(nurse, rosa, panel) == "Low"
    with acting_as(nurse):
        void_entry(by=nurse, entry=parts(panel)["59408-5"], reason="Cold fingers", now=NOW)
    assert shown_flag(nurse, rosa, panel) == ""


def shown_flag(nurse: User, patient: Patient, panel: Entry) -> str:
    with acting_as(nurse):
        (row,) = with_parts(nurse, patient, [Entry.objects.visible_to(nurse).get(pk=panel.pk)])
    return line_of(row).flag


def test_a_measure_is_corrected_by_the_same_measure(rosa, nurse) -> None:
    panel = take(nurse, rosa, of(weight="81.4"))
    with pytest.raises(NotRecorded, match="another measure"):
        correct(nurse, parts(panel)["29463-7"], of(pain="3"))


def test_the_trend_leaves_out_what_was_void_and_what_was_replaced(rosa, nurse) -> None:
    first = take(nurse, rosa, of(systolic="150", diastolic="90"), effective_at=NOW - timedelta(days=30))
    second = take(nurse, rosa, of(systolic="250", diastolic="90"))
    third = take(nurse, rosa, of(systolic="140", diastolic="85"))
    correct(nurse, parts(third)["85354-9"], of(systolic="138", diastolic="85"))
    with acting_as(nurse):
        assert void_entry(by=nurse, entry=second, reason="Wrong patient", now=NOW) == 2
        told = [row.data["components"][0]["value"] for row in overview_of(nurse, rosa).pressures]
    assert told == ["150", "138"]
    assert first.pk


def test_the_last_values_are_those_of_each_measure(rosa, nurse, assert_queries) -> None:
    take(nurse, rosa, of(**FINE), effective_at=NOW - timedelta(days=10))
    newest = take(nurse, rosa, of(weight="80"))
    with acting_as(nurse), assert_queries(at_most=2):
        last = latest_vitals(nurse, rosa.pk)
    assert last.by_code["29463-7"].value == 80
    assert last.by_code["8310-5"].value == Decimal("37.1")
    assert last.newest is not None
    assert last.newest.parent_id == newest.pk
