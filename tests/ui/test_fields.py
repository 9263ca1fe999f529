from datetime import date

import pytest
import time_machine
from django import forms
from django.utils import translation

from healthcare.ui.fields import DateOfBirthField, FlexibleDateField, NumberField, PhoneField


class Sample(forms.Form):
    birth_date = DateOfBirthField()
    seen = FlexibleDateField(label="First visit", required=False, earliest=date(2000, 1, 1), latest=date(2026, 12, 31))
    phone = PhoneField(required=False)
    weight = NumberField(required=False, min_value=1)


def sample(**typed: str) -> Sample:
    return Sample({"birth_date": "Mar 12 1968"} | typed)


def test_a_day_is_read_and_kept_as_a_date() -> None:
    form = sample(seen="11/3/2026")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["birth_date"] == date(1968, 3, 12)
    assert form.cleaned_data["seen"] == date(2026, 11, 3)


def test_an_optional_day_may_be_left_out() -> None:
    form = sample()
    assert form.is_valid()
    assert form.cleaned_data["seen"] is None


def test_what_cannot_be_read_stays_as_typed() -> None:
    form = sample(birth_date="2/30/1968")
    assert form.errors["birth_date"] == ["February 1968 has no day 30"]
    assert 'value="2/30/1968"' in str(form["birth_date"])


def test_an_empty_day_of_birth_is_asked_for_by_name() -> None:
    assert sample(birth_date="").errors["birth_date"] == ["Enter the date of birth"]


@time_machine.travel("2026-11-23T17:00:00Z")
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("Nov 24, 2026", "Date of birth is in the future. Check the year"),
        ("Oct 31, 1896", "Date of birth is more than 130 years ago. Check the year"),
    ],
)
def test_a_birth_lies_within_a_long_life(typed: str, sentence: str) -> None:
    assert sample(birth_date=typed).errors["birth_date"] == [sentence]


@time_machine.travel("2026-11-23T17:00:00Z")
@pytest.mark.parametrize("typed", ["Nov 23, 2026", "Nov 1, 1896"])
def test_the_edges_of_a_long_life_are_allowed(typed: str) -> None:
    assert sample(birth_date=typed).is_valid()


@time_machine.travel("2026-11-24T03:00:00Z")
def test_today_is_the_clinics_day_not_londons() -> None:
    assert not sample(birth_date="Nov 24, 2026").is_valid()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("Dec 31, 1999", "First visit cannot be before Jan 1, 2000"),
        ("Jan 1, 2027", "First visit cannot be after Dec 31, 2026"),
    ],
)
def test_limits_are_named(typed: str, sentence: str) -> None:
    assert sample(seen=typed).errors["seen"] == [sentence]


def test_a_kept_day_is_shown_with_its_month_in_letters() -> None:
    form = Sample(initial={"birth_date": date(1968, 3, 12)})
    assert 'value="Mar 12, 1968"' in str(form["birth_date"])


def test_a_date_given_by_the_program_passes_as_it_is() -> None:
    assert FlexibleDateField().clean(date(1968, 3, 12)) == date(1968, 3, 12)


@pytest.mark.parametrize(
    ("typed", "changed"),
    [("Mar 12, 1968", False), ("1968-03-12", False), ("Mar 13, 1968", True), ("nonsense", True), ("", True)],
)
def test_another_way_of_writing_the_same_day_is_no_change(typed: str, changed: bool) -> None:
    assert FlexibleDateField().has_changed(date(1968, 3, 12), typed) is changed


def test_phone_is_kept_in_one_form_and_shown_in_ours() -> None:
    form = sample(phone="(508) 555-0177")
    assert form.is_valid()
    assert form.cleaned_data["phone"] == "+15085550177"
    assert 'value="508-555-0177"' in str(Sample(initial={"phone": "+15085550177"})["phone"])


def test_phone_says_how_many_digits_are_missing_and_keeps_them() -> None:
    form = sample(phone="508-555-017")
    assert form.errors["phone"] == ["Phone needs 10 digits. It has 9"]
    assert 'value="508-555-017"' in str(form["phone"])


def test_phone_may_be_left_out() -> None:
    form = sample()
    assert form.is_valid()
    assert form.cleaned_data["phone"] == ""


def test_phone_control_brings_up_the_digits_and_cuts_nothing() -> None:
    drawn = str(Sample()["phone"])
    assert 'type="tel"' in drawn
    assert 'inputmode="tel"' in drawn
    assert "maxlength" not in drawn


def test_a_number_that_cannot_be_read_stays_as_typed() -> None:
    form = sample(weight="81,4 kg")
    assert form.errors["weight"] == ["Enter a number, like 81.4"]
    drawn = str(form["weight"])
    assert 'value="81,4 kg"' in drawn
    assert 'type="text"' in drawn
    assert 'inputmode="decimal"' in drawn


def test_a_number_follows_the_readers_decimal_mark() -> None:
    with translation.override("es"):
        form = sample(birth_date="12 marzo 1968", weight="81,4")
        assert form.is_valid(), form.errors
    assert float(form.cleaned_data["weight"]) == 81.4
