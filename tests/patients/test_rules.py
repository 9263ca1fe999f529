from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients import rules


@given(st.integers(0, 99_999_999))
def test_every_record_number_checks(number: int) -> None:
    mrn = rules.medical_record_number(number)
    assert rules.is_medical_record_number(mrn)
    assert rules.is_medical_record_number(mrn.replace("-", " "))
    assert int(mrn.replace("-", "")[:8]) == number


@given(st.integers(0, 99_999_999), st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_is_caught(number: int, place: int, off: int) -> None:
    digits = rules.medical_record_number(number).replace("-", "")
    wrong = str((int(digits[place]) + off) % 10)
    assert not rules.is_medical_record_number(digits[:place] + wrong + digits[place + 1 :])


def test_the_check_digit_is_the_standards_example() -> None:
    assert rules.luhn_digit("7992739871") == 3  # the example of ISO/IEC 7812-1


@pytest.mark.parametrize("text", ["", "004-81-772", "004-81-77261", "abc-de-fghi", "٠٠٤٨١٧٧٢٦"])
def test_other_text_is_no_record_number(text: str) -> None:
    assert not rules.is_medical_record_number(text)


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(1968, 3, 12), date(2026, 3, 11), 57),
        (date(1968, 3, 12), date(2026, 3, 12), 58),
        (date(2024, 2, 29), date(2025, 2, 28), 0),
        (date(2024, 2, 29), date(2025, 3, 1), 1),
        (date(2026, 11, 21), date(2026, 11, 21), 0),
    ],
)
def test_age_counts_completed_years(born: date, on: date, years: int) -> None:
    assert rules.age_in_years(born, on) == years


MARCH_12 = date(1968, 3, 12)


@pytest.mark.parametrize(
    ("text", "name", "birth_date"),
    [
        ("Rosa Delgado", "Rosa Delgado", None),
        ("delgado-ferreira 1968-03-12", "delgado-ferreira", MARCH_12),
        ("3/12/1968 Rosa", "Rosa", MARCH_12),
        ("12.3.1968 Rosa", "Rosa", MARCH_12),
        ("Rosa Mar 12, 1968", "Rosa", MARCH_12),
        ("Rosa march 12 1968", "Rosa", MARCH_12),
        ("Rosa 1968-02-30", "Rosa", None),
        ("Rosa Foo 12, 1968", "Rosa Foo", None),
        ("O'Neil, Zoë", "O'Neil Zoë", None),
        ("x\0y", "x y", None),
        ("<script>_1", "script", None),
    ],
)
def test_a_search_is_taken_apart(text: str, name: str, birth_date: date | None) -> None:
    terms = rules.parse_search(text)
    assert (terms.name, terms.birth_date) == (name, birth_date)


def test_numbers_are_record_numbers_or_the_end_of_a_phone() -> None:
    mrn = rules.medical_record_number(481_772)
    assert rules.parse_search(mrn.replace("-", "")) == rules.SearchTerms(mrn=mrn)
    assert rules.parse_search("(508) 555-0142").digits == "5085550142"
    assert rules.parse_search("0142").digits == "0142"
    assert rules.parse_search("142").digits == ""


def test_nothing_typed_asks_for_nothing() -> None:
    assert not rules.parse_search("  ")
    assert rules.parse_search("Rosa")


@given(st.text())
def test_any_text_can_be_searched(text: str) -> None:
    terms = rules.parse_search(text)
    assert len(terms.name) <= rules.LONGEST_SEARCH
    assert "\0" not in terms.name


@given(st.text(alphabet=rules.CODE_ALPHABET, min_size=10, max_size=10))
def test_a_code_is_read_back_as_people_type_it(code: str) -> None:
    shown = rules.format_code(code)
    assert rules.normalize_code(f" {shown.lower()} ") == code


def test_the_wall_names_the_scope_and_the_column() -> None:
    condition = rules.sees("clinical", "records_entry.patient_id")
    assert "app.scope_permission('clinical')" in condition
    assert condition.count("records_entry.patient_id") == 3


# == Ages of a list ==
DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@given(
    on=DAYS, youngest=st.integers(0, 99), span=st.integers(0, 30), born=st.dates(date(1880, 1, 1), date(2100, 12, 31))
)
def test_birth_dates_of_ages_are_those_of_these_ages(on: date, youngest: int, span: int, born: date) -> None:
    first, last = rules.birth_dates_of_ages(youngest, youngest + span, on)
    assert first is not None
    assert last is not None
    assert (first <= born <= last) == (youngest <= rules.age_in_years(born, on) <= youngest + span)


def test_no_age_is_no_bound() -> None:
    assert rules.birth_dates_of_ages(None, None, date(2026, 11, 21)) == (None, None)


def test_on_february_29_the_year_before_had_none() -> None:
    assert rules.birth_dates_of_ages(1, None, date(2028, 2, 29)) == (None, date(2027, 2, 28))
