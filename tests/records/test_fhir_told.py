"""Reading what another system said: dates of any exactness, codes, numbers, names; whatever else is nothing."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from records.rules import told
from records.rules.told import Amount, Concept, Moment
from tests.records.arriving import ICD, LOINC, SNOMED, concept


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2012-05-06T05:35:54+00:00", Moment(at(2012, 5, 6, 5, 35, 54))),
        ("1941-10-14T18:33:18-05:00", Moment(at(1941, 10, 14, 23, 33, 18))),
        ("2019-02-03T19:43:30.000Z", Moment(at(2019, 2, 3, 19, 43, 30))),
        ("2012-05-06T05:35:54", Moment(at(2012, 5, 6, 5, 35, 54))),  # no offset: FHIR forbids it, and it happens
        ("1999-07-02", Moment(at(1999, 7, 2, 12), "day")),
        ("1999-07", Moment(at(1999, 7, 1, 12), "month")),
        (" 1999 ", Moment(at(1999, 1, 1, 12), "year")),
        ("1999-13", None),
        ("1999-02-30", None),
        ("0000", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1999, None),
        ({"start": "1999"}, None),
    ],
)
def test_a_moment_is_as_exact_as_it_was_said(said, moment) -> None:
    assert told.moment(said) == moment


def test_a_day_without_an_hour_is_the_same_day_by_the_clocks_of_the_country() -> None:
    from zoneinfo import ZoneInfo

    found = told.moment("2020-03-01")
    assert found is not None
    for zone in ("Pacific/Honolulu", "America/New_York", "America/Los_Angeles", "Europe/Berlin"):
        assert found.at.astimezone(ZoneInfo(zone)).date().isoformat() == "2020-03-01"


def test_the_first_moment_that_is_one_counts_and_is_written_as_exactly() -> None:
    assert told.first_moment([None, "soon", "1999", "2000"]) == told.moment("1999")
    assert told.first_moment([]) is None
    written = [told.moment_words(told.moment(said)) for said in ("1999", "1999-07", "1999-07-02", "nonsense")]
    assert written == ["1999", "1999-07", "1999-07-02", ""]
    assert told.moment_words(told.moment("2012-05-06T05:35:54Z")) == "2012-05-06"


def test_a_concept_takes_the_preferred_code_and_its_own_words() -> None:
    both = {
        "coding": [
            {"system": SNOMED, "code": "38341003", "display": "Hypertensive disorder"},
            {"system": ICD, "code": "I10", "display": "Essential (primary) hypertension"},
        ],
        "text": "High blood pressure",
    }
    assert told.concept(both, ("icd-10-cm",)) == Concept("I10", "icd-10-cm", "High blood pressure")
    assert told.concept(both) == Concept("38341003", "snomed", "High blood pressure")
    assert told.codes_of(both) == {"38341003", "I10"}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (concept("Only words"), Concept(text="Only words")),
        ({"coding": [{"system": LOINC, "code": "718-7"}]}, Concept("718-7", "loinc", "loinc 718-7")),
        ({"coding": [{"code": "x1"}]}, Concept("x1", "other", "x1")),
        ({"coding": [{"system": "urn:oid:1.2.3", "code": "x", "display": "Y"}]}, Concept("x", "other", "Y")),
        ({"coding": [{"system": LOINC, "code": "7" * 60, "display": "Long"}]}, Concept("", "", "Long")),
        ({"coding": {"code": "not a list", "display": "Alone"}}, Concept("not a list", "other", "Alone")),
        ({"coding": [None, 3, "x"]}, Concept()),
        ({"coding": [{"system": 4, "code": ["x"]}]}, Concept()),
        ([concept("First"), concept("Second")], Concept(text="First")),
        (None, Concept()),
        ("text", Concept()),
    ],
)
def test_odd_concepts(said, found) -> None:
    assert told.concept(said) == found


def test_several_concepts_are_named_once_each() -> None:
    assert told.text_of([concept("A"), concept("B"), concept("A"), {}]) == "A, B"
    assert told.text_of(None) == ""


def test_a_status_is_a_code_a_concept_or_words() -> None:
    assert told.status_of("final") == "final"
    assert told.status_of({"coding": [{"code": "active"}]}) == "active"
    assert told.status_of(concept("Resolved")) == "resolved"
    assert told.status_of(None) == ""


def test_words_lose_what_cannot_be_seen_or_stored_and_what_is_too_long() -> None:
    assert told.words(" Leukocytes [#/\u200bvolume]\0 ") == "Leukocytes [#/volume]"
    assert told.words("x" * 30, 10) == "xxxxxxxxx…"
    assert told.words(7) == ""


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"value": Decimal("176.1499"), "unit": "cm", "code": "cm"}, Amount(Decimal("176.1499"), "cm")),
        ({"value": 5, "unit": "tablets"}, Amount(Decimal(5), "tablets")),
        ({"value": -3, "comparator": "<", "code": "mg/dL"}, Amount(Decimal(-3), "mg/dL", "<")),
        ({"value": 1.5}, Amount(Decimal("1.5"))),
        ({"value": True, "code": "cm"}, None),
        ({"value": "12", "code": "cm"}, None),
        ({"value": 10**10, "code": "cm"}, None),
        ({"value": float("nan"), "code": "cm"}, None),
        ({"code": "cm"}, None),
        (None, None),
    ],
)
def test_an_amount_is_a_number_in_a_unit(said, found) -> None:
    assert told.amount(said) == found


def test_an_amount_in_words() -> None:
    assert told.amount_words({"value": Decimal("12.50"), "unit": "milligrams", "code": "mg"}) == "12.5 milligrams"
    assert told.amount_words({"value": 100, "comparator": ">"}) == ">100"
    assert told.amount_words({}) == ""


def test_sensitivity_comes_by_security_labels() -> None:
    labels = told.labels_of({"meta": {"security": [{"code": "ETH"}, {"code": "R"}, {}]}})
    assert labels == {"ETH", "R"}
    assert told.sensitivity_of(labels) == "substance_use"
    assert told.is_private(labels)
    assert told.is_private(frozenset({"V"}))
    assert not told.is_private(frozenset({"N"}))
    assert told.labels_of({"meta": "x"}) == frozenset()
    assert told.labels_of({}) == frozenset()


def test_names_of_people_and_houses() -> None:
    assert told.named([{"display": "Dr. A"}, {"reference": "x"}, {"display": "Dr. B"}]) == "Dr. A, Dr. B"
    assert told.person_name("River Bend Clinic") == "River Bend Clinic"
    assert told.person_name([{"prefix": ["Dr."], "given": ["Sam", "P."], "family": "Roe"}]) == "Dr. Sam P. Roe"
    assert told.person_name({"text": "Sam Roe", "family": "Roe"}) == "Sam Roe"
    assert told.person_name(None) == ""


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=40),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
NAMED = some.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("coding", "text", "code", "system", "display", "value", "unit", "comparator", "security", "meta", "name"), JSON
    ),
)


@given(JSON | NAMED)
def test_nothing_that_json_can_say_breaks_it(said) -> None:
    for read in (told.moment, told.concept, told.text_of, told.codes_of, told.status_of, told.words, told.number):
        read(said)
    for read in (told.amount, told.amount_words, told.named, told.person_name, told.objects):
        read(said)
    if isinstance(said, dict):
        told.labels_of(said)


@given(some.datetimes(timezones=some.just(UTC)))
def test_every_moment_that_is_written_is_read(moment) -> None:
    assert told.moment(moment.isoformat()) == Moment(moment)
