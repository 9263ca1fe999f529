"""Observation: vital signs among ours, results of laboratories, and everything else as it was observed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from healthcare.fhir.resources import Home
from records.fhir import ObservationResource
from records.models import Entry
from records.queries import results
from records.queries.charts import chart_of
from records.queries.lines import line_of
from tests.factories import EncounterFactory, EntryFactory, PatientFactory
from tests.records.arriving import LOINC, NOW, coded, concept, entries, incoming, ledger, row_of, take, taken

pytestmark = pytest.mark.django_db
OBSERVATION = ObservationResource()
WHEN = "2020-05-06T09:00:00Z"


@pytest.fixture
def rosa():
    return PatientFactory(birth_date=date(1968, 3, 12), sex="female")


def quantity(value: Any, code: str = "", **more: Any) -> dict[str, Any]:
    unit = {"unit": code, "code": code, "system": "http://unitsofmeasure.org"} if code else {}
    return {"value": value} | unit | more


def observation(code: str, name: str = "Something", **fields: Any) -> dict[str, Any]:
    category = fields.pop("category", "vital-signs")
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [coded(category)] if category else [],
        "code": concept(name, code, LOINC),
        "effectiveDateTime": WHEN,
    } | fields


def lab(loinc: str = "4548-4", **fields: Any) -> dict[str, Any]:
    return observation(loinc, "Hemoglobin A1c", category="laboratory", **fields)


def pressure(upper: Any, lower: Any, unit: str = "mm[Hg]", panel: str = "55284-4") -> dict[str, Any]:
    parts = [
        {"code": concept("Diastolic", "8462-4", LOINC), "valueQuantity": quantity(lower, unit)},
        {"code": concept("Systolic", "8480-6", LOINC), "valueQuantity": quantity(upper, unit)},
    ]
    return observation(panel, "Blood Pressure", component=parts)


def one(patient, resource: dict[str, Any]) -> Entry:
    return taken(OBSERVATION, incoming(patient, resource))[0]


# == Vital signs ==
@pytest.mark.parametrize(
    ("code", "given", "stored"),
    [
        ("8302-2", quantity(Decimal("176.14991271437884"), "cm"), ("8302-2", Decimal("176.1"), "cm")),
        ("8302-2", quantity(70, "[in_i]"), ("8302-2", Decimal("177.8"), "cm")),
        ("29463-7", quantity(180, "[lb_av]"), ("29463-7", Decimal("81.65"), "kg")),
        ("3141-9", quantity(80, "kg"), ("29463-7", Decimal(80), "kg")),
        ("8331-1", quantity(Decimal("37.34"), "Cel"), ("8310-5", Decimal("37.3"), "Cel")),
        ("8310-5", quantity(Decimal("98.6"), "[degF]"), ("8310-5", Decimal(37), "Cel")),
        ("8867-4", quantity(72, "{beats}/min"), ("8867-4", Decimal(72), "/min")),
        ("72514-3", quantity(3, "{score}"), ("72514-3", Decimal(3), "{score}")),
        ("72514-3", {"value": 3}, ("72514-3", Decimal(3), "{score}")),
        ("39156-5", quantity(Decimal("27.41"), "kg/m2"), ("39156-5", Decimal("27.4"), "kg/m2")),
        ("29463-7", {"value": 81, "unit": "kilograms"}, ("29463-7", Decimal(81), "kg")),
    ],
)
def test_a_measure_is_kept_in_our_unit(rosa, code, given, stored) -> None:
    row = one(rosa, observation(code, valueQuantity=given))
    assert (row.kind, row.code, row.value, row.unit) == ("vital_signs", *stored)
    assert row.source == "fhir:https://other.example/fhir"


@pytest.mark.parametrize(
    "given",
    [
        quantity(-5, "kg"),
        quantity(0, "kg"),
        quantity(5000, "kg"),
        quantity(80, "stone"),
        quantity(80, "kg", comparator=">"),
    ],
)
def test_what_cannot_be_a_weight_of_ours_stays_an_observation_as_it_was_made(rosa, given) -> None:
    row = one(rosa, observation("29463-7", "Body Weight", valueQuantity=given))
    assert (row.kind, row.display, row.value) == ("observation", "Body Weight", given["value"])
    assert row.data["category"] == "vital-signs"


def test_a_number_without_a_unit_is_words_and_compared_with_nothing(rosa) -> None:
    row = one(rosa, observation("29463-7", valueQuantity={"value": 80}))
    assert (row.kind, row.value, row.data["value"]) == ("observation", None, "80")


def test_both_codes_of_oxygen_are_one(rosa) -> None:
    row = one(
        rosa,
        observation("2708-6", valueQuantity=quantity(99, "%"))
        | {"code": {"coding": [{"system": LOINC, "code": code} for code in ("2708-6", "59408-5")]}},
    )
    assert (row.kind, row.code) == ("vital_signs", "59408-5")


@pytest.mark.parametrize("panel", ["85354-9", "55284-4"])
def test_a_blood_pressure_has_its_upper_number_first_and_is_flagged(rosa, panel) -> None:
    row = one(rosa, pressure(182, 80, panel=panel))
    assert (row.kind, row.code) == ("vital_signs", "85354-9")
    assert [part["value"] for part in row.data["components"]] == ["182", "80"]
    assert row.data["flag"] == "critical_high"
    assert line_of(row).value == "182/80 mmHg"


@pytest.mark.parametrize("odd", [pressure(120, None), pressure(80, 120), pressure(120, 80, "kPa"), pressure(9000, 80)])
def test_half_a_pressure_or_an_impossible_one_is_told_in_parts(rosa, odd) -> None:
    row = one(rosa, odd)
    assert row.kind == "observation"
    assert {part["display"] for part in row.data["parts"]} == {"Systolic", "Diastolic"}


def test_flags_of_vital_signs_are_those_of_the_age_then(rosa) -> None:
    child = PatientFactory(birth_date=date(2019, 5, 1))
    fast = observation("8867-4", valueQuantity=quantity(115, "/min"))
    assert one(rosa, fast).data["flag"] == "high"
    assert one(child, fast).data["flag"] == ""


def test_what_was_measured_at_once_hangs_on_one_panel_also_when_it_comes_later(rosa) -> None:
    weight = observation("29463-7", valueQuantity=quantity(80, "kg"))
    height = observation("8302-2", valueQuantity=quantity(170, "cm"))
    first = taken(OBSERVATION, incoming(rosa, weight), incoming(rosa, height))
    assert first[0].parent_id == first[1].parent_id is not None
    later = one(rosa, observation("8867-4", valueQuantity=quantity(70, "/min")))
    assert later.parent_id == first[0].parent_id
    other = one(rosa, observation("8867-4", valueQuantity=quantity(70, "/min"), effectiveDateTime="2020-05-07"))
    assert other.parent_id != first[0].parent_id
    panels = entries(rosa, code="85353-1")
    assert [panel.data.get("precision", "") for panel in panels] == ["", "day"]
    assert all(panel.source and panel.released_at for panel in panels)


# == Results ==
def test_a_result_is_compared_with_our_interval_where_the_source_has_none(rosa) -> None:
    row = one(rosa, lab(valueQuantity=quantity(Decimal("7.41234"), "%")))
    assert (row.kind, row.value, row.unit, row.data["flag"]) == ("laboratory_result", Decimal("7.4123"), "%", "high")
    assert row.data["range"]["source"].startswith("conventional adult interval")
    assert "7.41234" in row.data["resource"]


@pytest.mark.parametrize(
    ("fields", "flag", "bounds"),
    [
        ({"referenceRange": [{"low": quantity(4, "%"), "high": quantity(8, "%")}]}, "", ("4", "8")),
        ({"referenceRange": [{"high": quantity(7)}]}, "high", (None, "7")),
        ({"referenceRange": [{"low": quantity(40, "mmol/mol")}]}, "high", ("4.0", "5.6")),
        ({"referenceRange": [{"low": quantity(9, "%"), "high": quantity(8, "%")}]}, "high", ("4.0", "5.6")),
        ({"referenceRange": [{"low": quantity(4, "%"), "appliesTo": [coded("248152002")]}]}, "high", ("4.0", "5.6")),
        ({"referenceRange": [{"low": quantity(4, "%")}, {"low": quantity(5, "%")}]}, "high", ("4.0", "5.6")),
        ({"interpretation": [coded("HH")]}, "critical_high", ("4.0", "5.6")),
        ({"interpretation": [coded("N")]}, "", ("4.0", "5.6")),
    ],
)
def test_the_sources_own_range_and_words_go_before_ours(rosa, fields, flag, bounds) -> None:
    row = one(rosa, lab(valueQuantity=quantity(Decimal("7.4"), "%"), **fields))
    assert row.data["flag"] == flag
    assert (row.data["range"].get("low"), row.data["range"].get("high")) == bounds


def test_our_interval_is_not_held_against_another_unit(rosa) -> None:
    row = one(rosa, lab(valueQuantity=quantity(57, "mmol/mol")))
    assert (row.unit, row.data["flag"], "range" in row.data) == ("mmol/mol", "", False)
    assert line_of(row).flag == "No range known"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"valueCodeableConcept": concept("Positive")}, "Positive"),
        ({"valueString": "Trace\u200b"}, "Trace"),
        ({"valueBoolean": True}, "yes"),
        ({"valueBoolean": False}, "no"),
        ({"valueInteger": 0}, "0"),
        ({"valueRange": {"low": quantity(1, "mg"), "high": quantity(3, "mg")}}, "1 mg – 3 mg"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}, "1:128"),
        ({"valuePeriod": {"start": "2020", "end": "2021"}}, "2020 – 2021"),
        ({"valueDateTime": "2020-01"}, "2020-01"),
        ({"valueTime": "10:00:00"}, "10:00:00"),
        ({"valueSampledData": {"data": "1 2 3"}}, "a series of measurements"),
    ],
)
def test_a_result_that_is_no_number_is_its_words(rosa, value, words) -> None:
    row = one(rosa, lab(**value))
    assert (row.kind, row.value, row.data["value"], line_of(row).value) == ("laboratory_result", None, words, words)


@pytest.mark.parametrize(
    "broken",
    [
        {"valueRange": "x"},
        {"valueRatio": "x"},
        {"valueRatio": {"numerator": {"value": 1}}},
        {"valuePeriod": []},
        {"valueInteger": "five"},
        {"valueSampledData": "x"},
        {"valueBoolean": "maybe"},
        {"dataAbsentReason": coded("not-performed")},
        {},
    ],
)
def test_what_has_no_value_is_kept_whole_and_says_why(rosa, broken) -> None:
    outcome = take(OBSERVATION, incoming(rosa, lab(**broken)))[0]
    row = row_of(outcome)
    assert (outcome.state, row.kind, row.data["because"], row.display) == (
        "kept",
        "imported",
        "absent",
        "Hemoglobin A1c",
    )


def test_an_abnormal_result_without_a_number_is_seen_to_be_one(rosa) -> None:
    row = one(rosa, lab(valueString="Positive", interpretation=[concept("Abnormal", "A")]))
    line = line_of(row)
    assert (row.data["flag"], line.flag, line.flag_role) == ("abnormal", "Abnormal", "warn")
    other = line_of(one(rosa, lab(valueString="See note", interpretation=[concept("Better", "B")])))
    assert (other.flag, other.flag_role) == ("Better", "info")
    assert line_of(one(rosa, lab(valueString="Clear"))).flag == ""


@pytest.mark.parametrize(("code", "flag"), [("32623-1", "High"), ("32207-3", "No range known")])
def test_the_size_of_platelets_is_not_how_far_they_differ(rosa, code, flag) -> None:
    row = one(rosa, lab(code, valueQuantity=quantity(312, "fL")))
    assert line_of(row).flag == flag


def test_a_bound_of_measuring_is_kept(rosa) -> None:
    row = one(rosa, lab(valueQuantity=quantity(4, "%", comparator="<")))
    assert line_of(row).value == "<4 %"


def test_results_of_a_history_wait_for_nobody_and_are_seen_by_no_patient_before_a_release(rosa) -> None:
    row = one(rosa, lab(valueQuantity=quantity(15, "%")))
    assert row.released_at is None
    assert row.pk not in [entry.pk for entry in Entry.objects.unread()]


# == Everything else ==
def test_what_is_no_measure_is_an_observation_and_the_patient_may_see_it(rosa) -> None:
    said = observation("63512-8", "People at home", category="survey", valueCodeableConcept=concept("Three"))
    row = one(rosa, said)
    assert (row.kind, row.data["category"], row.data["value"]) == ("observation", "survey", "Three")
    assert row.released_at == NOW
    assert line_of(row).title == "People at home"


def test_components_that_are_no_pressure_are_parts_with_their_absent_reasons(rosa) -> None:
    parts = [
        {"code": concept("Heart rate"), "valueQuantity": quantity(2, "{score}")},
        {"code": concept("Color"), "valueCodeableConcept": concept("Pink")},
        {"code": concept("Cry"), "dataAbsentReason": concept("Not heard")},
    ]
    row = one(rosa, observation("9274-2", "Apgar", category="survey", component=parts))
    assert [part["value"] for part in row.data["parts"]] == ["2 {score}", "Pink", "Not heard"]


@pytest.mark.parametrize(
    ("said", "status"),
    [("registered", "preliminary"), ("preliminary", "preliminary"), ("amended", "amended"), ("corrected", "corrected")],
)
def test_how_final_it_is(rosa, said, status) -> None:
    assert one(rosa, lab(valueString="x", status=said)).record_status == status


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"status": "cancelled"}, "cancelled"),
        ({"status": "unknown"}, "status"),
        ({"status": None}, "status"),
        ({"effectiveDateTime": "2031-01-01T00:00:00Z"}, "future"),
        ({"effectiveDateTime": "2027"}, "future"),
        ({"code": {}}, "nothing_named"),
    ],
)
def test_what_does_not_stand_is_kept_whole(rosa, fields, because) -> None:
    outcome = take(OBSERVATION, incoming(rosa, lab(valueString="x") | fields))[0]
    assert (outcome.state, row_of(outcome).data["because"]) == ("kept", because)


def test_an_error_of_its_source_is_void_from_the_beginning(rosa) -> None:
    row = one(rosa, lab(status="entered-in-error"))
    assert (row.kind, row.record_status, row.released_at) == ("laboratory_result", "entered_in_error", None)
    assert row.void_reason


@pytest.mark.parametrize(
    ("fields", "at", "precision"),
    [
        ({"effectiveDateTime": "1999"}, "1999-01-01T12:00:00+00:00", "year"),
        ({"effectiveDateTime": "1999-07-02"}, "1999-07-02T12:00:00+00:00", "day"),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2001-02"}}, "2001-02-01T12:00:00+00:00", "month"),
        ({"effectiveDateTime": None, "effectivePeriod": "x", "issued": WHEN}, "2020-05-06T09:00:00+00:00", None),
        ({"effectiveDateTime": "soon"}, NOW.isoformat(), "unknown"),
        ({"effectiveDateTime": "2026-11-20"}, NOW.isoformat(), "day"),  # tomorrow by our clock, today by another
    ],
)
def test_when_it_was(rosa, fields, at, precision) -> None:
    row = one(rosa, lab(valueString="x") | fields)
    assert (row.effective_at.isoformat(), row.data.get("precision")) == (at, precision)


def test_who_measured_and_what_was_noted_stands_beside(rosa) -> None:
    resource = lab(valueString="x", performer=[{"display": "River Bend Lab"}], note=[{"text": "Fasting."}, {"text": 3}])
    row = one(rosa, resource)
    assert (row.data["by"], row.data["note"]) == ("River Bend Lab", "Fasting.")


def test_sensitive_results_are_marked_and_private_ones_not_shown_to_the_patient(rosa) -> None:
    row = one(
        rosa,
        observation("72166-2", category="survey", valueString="x", meta={"security": [{"code": "ETH"}, {"code": "R"}]}),
    )
    assert (row.sensitivity, row.released_at) == ("substance_use", None)


def test_somebody_without_a_row_here_is_refused(rosa) -> None:
    outcome = take(OBSERVATION, incoming(None, lab(valueString="x")))[0]
    assert (outcome.state, outcome.home) == ("rejected", None)


def test_numbers_of_two_units_make_no_line(rosa) -> None:
    given = ((6, "%"), (57, "mmol/mol"), (7, "%"))
    rows = [EntryFactory.build(patient=rosa, value=Decimal(value), unit=unit) for value, unit in given]
    assert results.TestHistory(rows[2], rows[:2]).values == [6.0, 7.0]
    chart = chart_of(rows)
    assert chart is not None
    assert len(chart.series[0].points) == 2
    assert chart_of(rows[:2]) is None


def test_the_ledger_is_asked_for_the_visit_and_no_other_patients_visit_is_taken(rosa) -> None:
    other = EncounterFactory()
    known = ledger()
    known.note(("https://other.example/fhir", "Encounter", "v"), Home("records.encounter", other.pk, other.patient_id))
    resource = lab(valueString="x", encounter={"reference": "Encounter/v"})
    assert taken(OBSERVATION, incoming(rosa, resource), known=known)[0].encounter_id is None
    assert taken(OBSERVATION, incoming(other.patient, resource), known=known)[0].encounter_id == other.pk
