"""The form of vital signs: typed by keyboard, asked about, corrected."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from patients.models import Patient
from records.models import Entry
from tests.records.measuring import measure
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def current(patient: Patient, kind: str) -> list[Entry]:
    with as_the_system():
        return list(Entry.objects.filter(patient=patient).of_kind(kind).current().order_by("id"))


# == Vital signs ==
def test_vitals_are_recorded_and_shown(rosa, nurse, browser) -> None:
    client = browser(nurse)
    typed = {"pressure": "120/80", "temperature": "98.6 F", "weight": "180 lb", "height": "5'5\"", "system": "metric"}
    answer = client.post(f"/records/{rosa.pk}/vitals/record", typed)
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "Everything is in range" in page
    assert "37 °C" in page
    assert "81.65 kg" in page
    form = client.get(f"/records/{rosa.pk}/vitals/record").content.decode()
    assert ">180 lb<" in form
    assert ">98.6 °F<" in form


def test_the_keyboard_begins_in_the_first_field_until_something_is_wrong(rosa, nurse, browser) -> None:
    client, address = browser(nurse), f"/records/{rosa.pk}/vitals/record"
    page = client.get(address).content.decode()
    assert re.findall(r'<input[^>]*name="([^"]+)"[^>]*\bautofocus\b', page) == ["pressure"]
    assert not re.search(r"<input[^>]*\bautofocus\b", client.post(address, {"pressure": "x"}).content.decode())


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"temperature": "370"}, "370 °C is not possible"),
        ({"temperature": "98.6"}, "Did you mean 98.6 °F?"),
        ({"temperature": "42"}, "42 °C is outside"),
        ({"pressure": "80/120"}, "The upper number is the larger one"),
        ({"pressure": "120"}, "Type both numbers"),
        ({"pressure": "16/10"}, "16 mmHg is not possible"),
        ({"weight": "heavy"}, "This is not a number"),
        ({"weight": "80 stone"}, "This unit does not fit here"),
        ({}, "Nothing is filled in"),
    ],
)
def test_what_is_asked_about_or_refused_keeps_all_that_was_typed(typed, sentence, rosa, nurse, browser) -> None:
    answer = browser(nurse).post(
        f"/records/{rosa.pk}/vitals/record", {"system": "metric", **({"heart_rate": "72"} if typed else {}), **typed}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    for value in typed.values():
        assert f'value="{value}"' in page
    assert not current(rosa, "vital_signs")


@pytest.mark.parametrize(("text", "value"), [("98.6", "37.0"), ("42", "42.0")])
def test_an_answered_question_lets_the_value_pass_and_a_changed_one_is_asked_anew(
    text, value, rosa, nurse, browser
) -> None:
    client, url = browser(nurse), f"/records/{rosa.pk}/vitals/record"
    other = {"temperature": "41.9", "sure_temperature": text, "system": "metric"}
    assert client.post(url, other).status_code == 422
    sure = {"temperature": text, "sure_temperature": text, "system": "metric"}
    assert client.post(url, sure).status_code == 302
    assert current(rosa, "vital_signs")[-1].value == Decimal(value)


def test_numbers_may_be_american_throughout(rosa, nurse, browser) -> None:
    typed = {"temperature": "98.6", "weight": "180", "height": "65", "system": "us"}
    assert browser(nurse).post(f"/records/{rosa.pk}/vitals/record", typed).status_code == 302
    assert {row.code: row.value for row in current(rosa, "vital_signs") if row.value} == {
        "8310-5": Decimal(37),
        "29463-7": Decimal("81.65"),
        "8302-2": Decimal("165.1"),
        "39156-5": Decimal("30.0"),
    }


def test_a_pressure_in_kilopascal_is_kept_in_ours_with_what_was_typed(rosa, nurse, browser) -> None:
    answer = browser(nurse).post(f"/records/{rosa.pk}/vitals/record", {"pressure": "16/10.7 kPa", "system": "metric"})
    assert answer.status_code == 302
    pressure = next(row for row in current(rosa, "vital_signs") if row.parent_id)
    assert [part["value"] for part in pressure.data["components"]] == ["120", "80"]
    assert pressure.data["typed"] == "16/10.7 kPa"


def test_of_somebody_whose_age_nobody_knows_the_page_says_that_the_range_is_wide(rosa, nurse, browser) -> None:
    with as_the_system():
        rosa.birth_date, rosa.birth_precision = None, "unknown"
        rosa.save(update_fields=["birth_date", "birth_precision"])
    client = browser(nurse)
    answer = client.post(f"/records/{rosa.pk}/vitals/record", {"heart_rate": "120", "system": "metric"})
    page = client.get(answer["Location"]).content.decode()
    assert "50 to 131 /min (age not known, the widest of all)" in page


def test_a_measure_is_corrected_and_its_versions_stand_on_its_page(rosa, nurse, browser) -> None:
    measure(nurse, rosa, temperature="39.9")
    wrong = current(rosa, "vital_signs")[-1]
    client, url = browser(nurse), f"/records/{rosa.pk}/entries/{wrong.pk}/correct-vital"
    assert "39.9 °C" in client.get(url).content.decode()
    assert client.post(url, {"temperature": "99"}).status_code == 422
    answer = client.post(url, {"temperature": "36.9"})
    page = client.get(answer["Location"]).content.decode()
    assert "Corrected" in page
    assert "39.9 °C" in page
    assert "Open the last version" in client.get(f"/records/{rosa.pk}/entries/{wrong.pk}/").content.decode()
    assert "later version" in client.post(url, {"temperature": "37"}).content.decode()
    panel = next(row for row in current(rosa, "vital_signs") if row.parent_id is None)
    assert client.get(f"/records/{rosa.pk}/entries/{panel.pk}/correct-vital").status_code == 404
