"""Values over time and the growth of a child, as pages."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions.entries import void_entry
from records.actions.vitals import correct_vital
from records.models import Entry
from records.queries.growth import MOST as MOST_MEASURED
from records.queries.growth import age_words, growth_of, growth_text
from records.queries.trends import MOST, trend_of
from tests.factories import EntryFactory, PatientFactory
from tests.records.measuring import measure, result
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PRESSURE, HEART, WEIGHT, HEAD = "85354-9", "8867-4", "29463-7", "9843-4"


def page(browser: Any, user: Any, patient: Patient, rest: str) -> str:
    answer = browser(user).get(f"/records/{patient.pk}/{rest}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def ago(days: int) -> datetime:
    return timezone.now() - days * DAY


def part(panel: Entry, code: str) -> Entry:
    with as_the_system():
        return Entry.objects.select_related("patient").get(parent_id=panel.pk, code=code, superseded_at=None)


@pytest.fixture
def child(rosa: Patient) -> Patient:
    born = timezone.localdate() - 200 * DAY
    return PatientFactory(site=rosa.site, birth_date=born, sex="female", sex_at_birth="")


# == Trends ==
def test_a_blood_pressure_is_two_lines_with_their_bands_and_a_table(rosa, nurse, browser) -> None:
    for days, systolic in ((30, "150"), (20, "142"), (10, "133")):
        measure(nurse, rosa, at=ago(days), systolic=systolic, diastolic="84")
    seen = page(browser, nurse, rosa, f"trends/{PRESSURE}")
    assert seen.count("<polyline class=") == 2
    assert seen.count('class="zone ok"') == 2
    assert re.findall(r"1\d\d/84 mmHg", seen) == ["133/84 mmHg", "142/84 mmHg", "150/84 mmHg"]
    assert "The table has the same values." in seen


def test_what_is_void_or_was_replaced_is_left_out(rosa, nurse, browser) -> None:
    measure(nurse, rosa, at=ago(30), heart_rate="71")
    wrong = part(measure(nurse, rosa, at=ago(20), heart_rate="172"), HEART)
    typed_twice = measure(nurse, rosa, at=ago(10), heart_rate="73")
    with acting_as(nurse):
        correct_vital(by=nurse, entry=wrong, values={"heart_rate": Decimal(72)}, now=timezone.now())
        void_entry(by=nurse, entry=typed_twice, reason="Typed twice", now=timezone.now())
        found = trend_of(nurse, rosa, HEART)
    assert found is not None
    assert [row.line.value for row in found.rows] == ["72 /min", "71 /min"]
    assert found.chart is not None
    assert [point.value for point in found.chart.points] == [71, 72]
    assert found.chart.bands == [(50, 100)]


def test_numbers_of_another_unit_stand_in_the_table_alone(rosa, nurse, browser) -> None:
    for days, value in ((9, "4.4"), (5, "4.6")):
        result(nurse, rosa, value, at=ago(days), code="2823-3")
    elsewhere = {"kind": "laboratory_result", "code": "2823-3", "source": "fhir:A", "effective_at": ago(20)}
    with as_the_system():
        EntryFactory(patient=rosa, value=Decimal("4.2"), unit="meq/L", data={"flag": ""}, author=None, **elsewhere)
        EntryFactory(patient=rosa, value=None, unit="", data={"flag": "", "value": "hemolysed"}, **elsewhere)
    seen = page(browser, nurse, rosa, "trends/2823-3")
    assert "4.2 meq/L" in seen
    assert "Values in another unit stand in the table alone." in seen
    with acting_as(nurse):
        found = trend_of(nurse, rosa, "2823-3")
    assert found is not None
    assert [row.drawn for row in found.rows] == [True, True, False, False]


def test_one_value_is_no_curve_and_none_is_no_table(rosa, nurse, browser) -> None:
    assert "For a curve there have to be two values." in page(browser, nurse, rosa, f"trends/{HEART}")
    measure(nurse, rosa, heart_rate="71")
    seen = page(browser, nurse, rosa, f"trends/{HEART}")
    assert "For a curve there have to be two values." in seen
    assert "71 /min" in seen
    assert browser(nurse).get(f"/records/{rosa.pk}/trends/no-such-code").status_code == 404


def test_the_oldest_are_left_out_and_the_page_says_so(rosa, nurse, browser) -> None:
    common = {"patient": rosa, "kind": "vital_signs", "code": HEART, "unit": "/min", "value": Decimal(70)}
    with as_the_system():
        for days in range(MOST + 1):
            EntryFactory(effective_at=ago(days), data={"flag": ""}, author=nurse, **common)
    seen = page(browser, nurse, rosa, f"trends/{HEART}")
    assert f"These are the last {MOST}." in seen


@pytest.mark.parametrize("rows", [1, 10])
@pytest.mark.parametrize("rest", [f"trends/{WEIGHT}", "growth"])
def test_it_costs_the_same_for_one_row_and_for_ten(rows, rest, child, nurse, browser, assert_queries) -> None:
    for days in range(rows):
        measure(nurse, child, at=ago(days + 1), weight="7.5", height="66", head_circumference="42")
    client = browser(nurse)
    with assert_queries(at_most=12):
        assert client.get(f"/records/{child.pk}/{rest}").status_code == 200


def test_the_chart_has_small_lines_that_lead_to_the_trend(rosa, nurse, browser) -> None:
    for days, rate in ((30, "70"), (10, "74")):
        measure(nurse, rosa, at=ago(days), heart_rate=rate)
    seen = browser(nurse).get(f"/patients/{rosa.pk}/").content.decode()
    card = seen[seen.index('id="vitals-card"') :]
    assert f"/records/{rosa.pk}/trends/{HEART}" in card
    assert 'class="spark"' in card[: card.index("</section>")]
    assert "/growth" not in card[: card.index("</section>")]


# == Growth ==
def test_a_childs_measures_stand_with_percentile_and_z_score(child, nurse, browser) -> None:
    panel = measure(nurse, child, weight="7.5", height="66", head_circumference="42.5", heart_rate="120")
    weight = part(panel, WEIGHT)
    text = growth_text(child, weight)
    assert re.fullmatch(r"percentile \d+, z [+−]\d\.\d\d", text)
    assert text in page(browser, nurse, child, f"entries/{weight.pk}/")
    assert text in browser(nurse).get(f"/patients/{child.pk}/").content.decode()
    assert text in page(browser, nurse, child, f"trends/{WEIGHT}")
    seen = page(browser, nurse, child, "growth")
    for name in ("Weight", "Height", "Head circumference"):
        assert f'<title id="{name.lower().replace(" ", "-")}-title">{name}</title>' in seen
    assert "WHO 2006" in seen
    assert "No percentile at this age" in seen  # the body mass index
    assert growth_text(child, part(panel, HEART)) == ""


def test_who_came_early_is_shown_for_the_age_since_the_due_date(child, nurse, browser) -> None:
    measure(nurse, child, weight="6.0")
    plain, early = (page(browser, nurse, child, f"growth{rest}") for rest in ("", "?weeks=28"))
    assert "Corrected for an early birth" in early
    assert "Corrected for an early birth" not in plain
    assert re.findall(r"[+−]\d\.\d\d", plain) != re.findall(r"[+−]\d\.\d\d", early)
    assert "Corrected" not in page(browser, nurse, child, "growth?weeks=99")


def test_the_far_ends_have_no_0_and_no_100(child, nurse, browser) -> None:
    measure(nurse, child, weight="2.5", at=ago(2))
    measure(nurse, child, weight="14.9")
    seen = page(browser, nurse, child, "growth")
    assert "&lt;0.1" in seen
    assert "&gt;99.9" in seen
    assert "Measure again" in seen


def test_without_a_sex_or_a_day_of_birth_it_says_why_there_is_none(rosa, nurse, browser) -> None:
    born = timezone.localdate() - 400 * DAY
    unknown = PatientFactory(site=rosa.site, birth_date=born, sex="unknown", sex_at_birth="")
    about = PatientFactory(site=rosa.site, birth_date=born, sex="male", birth_precision="year")
    for patient, sentence in ((unknown, "The sex is not known"), (about, "The day of birth is not known")):
        measure(nurse, patient, weight="9.8")
        seen = page(browser, nurse, patient, "growth")
        assert seen.count(sentence) == 2
        assert "<figure" not in seen
        assert "9.8 kg" in seen


def test_the_sex_at_birth_goes_before(rosa, nurse) -> None:
    born = timezone.localdate() - 300 * DAY
    one = PatientFactory(site=rosa.site, birth_date=born, sex="unknown", sex_at_birth="female")
    other = PatientFactory(site=rosa.site, birth_date=born, sex="female", sex_at_birth="")
    texts = {growth_text(patient, part(measure(nurse, patient, weight="8.9"), WEIGHT)) for patient in (one, other)}
    assert len(texts) == 1
    assert texts != {""}


def test_a_grown_up_has_none_and_the_page_says_so(rosa, nurse, browser) -> None:
    panel = measure(nurse, rosa, weight="81", height="165")
    assert growth_text(rosa, part(panel, WEIGHT)) == ""
    assert "Nothing to draw yet" in page(browser, nurse, rosa, "growth")


@pytest.mark.parametrize(
    ("years", "months", "references"),
    [(1, (0, 24), 1), (4, (0, 60), 2), (12, (0, 240), 2)],
)
def test_the_chart_is_that_of_the_age(rosa, nurse, years, months, references) -> None:
    child = PatientFactory(
        site=rosa.site, sex="male", sex_at_birth="", birth_date=timezone.localdate() - years * 365 * DAY
    )
    measure(nurse, child, weight="14", height="96", **({"head_circumference": "48"} if years == 1 else {}))
    with acting_as(nurse):
        charts = {chart.key: chart for chart in growth_of(nurse, child)}
    weight = charts["weight"]
    assert weight.months == months
    assert len(weight.paths()) == 7 * references
    named = [mark.text for mark in weight.names()]
    assert {"3", "50", "97"} <= set(named) <= {"3", "10", "25", "50", "75", "90", "97"}
    places = sorted(float(mark.y.rstrip("%")) for mark in weight.names())
    assert all(below - above >= 6.9 for above, below in pairwise(places))
    assert all(0 <= float(mark.y.rstrip("%")) <= 100 for mark in (*weight.grid(), *weight.marks(), *weight.names()))
    assert weight.ages()[0].text == "0 months"
    assert "percentile" in weight.description()
    if years > 1:
        assert charts["body-mass"].months[0] == 24
    else:
        assert charts["body-mass"].measured == []
        assert charts["body-mass"].description().startswith("Lines of the percentiles")
        assert charts["head-circumference"].months == (0, 24)


def test_ages_read_as_people_say_them() -> None:
    assert [age_words(months) for months in (3, 24, 30, 240)] == ["3 months", "2 years", "2 years 6 months", "20 years"]
    assert MOST_MEASURED >= MOST


# == The form ==
def test_a_head_is_measured_until_three_years(child, rosa, nurse, browser) -> None:
    assert "Head circumference" in page(browser, nurse, child, "vitals/record")
    assert "Head circumference" not in page(browser, nurse, rosa, "vitals/record")
    client = browser(nurse)
    answer = client.post(f"/records/{child.pk}/vitals/record", {"head_circumference": "17 in", "system": "metric"})
    assert answer.status_code == 302
    with as_the_system():
        assert Entry.objects.get(patient=child, code=HEAD).value == Decimal("43.2")


@time_machine.travel(datetime(2026, 3, 1, 4, 30, tzinfo=UTC), tick=False)
def test_the_day_is_that_of_the_clinic(rosa, nurse, browser) -> None:
    """Half past eleven in the evening in New York: the child is not two yet."""
    child = PatientFactory(site=rosa.site, sex="male", sex_at_birth="", birth_date=date(2024, 3, 1))
    measure(nurse, child, weight="12")
    with timezone.override("America/New_York"), acting_as(nurse):
        (chart,) = growth_of(nurse, child)
    assert chart.rows[0].place is not None
    assert chart.rows[0].place.reference == "WHO 2006"
