"""Elements are read without trust in their shape."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcare.fhir.resources import Unfit
from patients.importing.elements import day, many, moment, one, text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b", "coding", "text", "code"]), inner),
)


def test_what_stands_at_a_path():
    resource = {"name": [{"given": ["Ada", "Maria"], "family": "Kowal"}], "active": True}
    assert one(resource, "name.family", str) == "Kowal"
    assert one(resource, "name.given", str) == "Ada"
    assert one(resource, "name.given", list) == ["Ada", "Maria"]
    assert one(resource, "active", str) is None
    assert one(resource, "name.period.start", str) is None
    assert one({"name": []}, "name.family", str) is None


def test_texts_are_trimmed_and_cut():
    assert text({"city": "  Worcester "}, "city") == "Worcester"
    assert text({"city": "Worcester West"}, "city", 10) == "Worcester"
    assert text({"city": 7}, "city") == ""


def test_one_object_counts_as_a_list_of_it():
    assert many({"name": {"family": "Kowal"}}, "name") == [{"family": "Kowal"}]
    assert many({"name": [{"family": "Kowal"}, "nonsense"]}, "name") == [{"family": "Kowal"}]
    assert many({"type": {"coding": [{"code": "MR"}]}}, "type.coding") == [{"code": "MR"}]
    assert many("nonsense", "name") == []


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2013-02-18T15:24:23-05:00", datetime(2013, 2, 18, 20, 24, 23, tzinfo=UTC)),
        ("2013-02-18T15:24:23.125Z", datetime(2013, 2, 18, 15, 24, 23, 125000, tzinfo=UTC)),
        ("2013-02-18T15:24Z", datetime(2013, 2, 18, 15, 24, tzinfo=UTC)),
        ("2013-02-18", datetime(2013, 2, 18, tzinfo=UTC)),
        ("2013-02", datetime(2013, 2, 1, tzinfo=UTC)),
        ("2013", datetime(2013, 1, 1, tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
def test_moments(said, meant):
    assert moment(said) == meant


@pytest.mark.parametrize(
    "said", ["yesterday", "2013-02-30", "2013-13", "2013-02-18T15:24:23", "2013-02-18T25:00:00Z", "0000", "٢٠١٣"]
)
def test_what_is_no_date(said):
    with pytest.raises(Unfit):
        moment(said)


def test_a_moment_before_the_first_year():
    with pytest.raises(Unfit):
        moment("0001-01-01T00:00:00+14:00")


def test_days():
    assert day("2013-02-18T23:24:23-05:00") == date(2013, 2, 18)
    assert day(None) is None


@given(JSON)
def test_no_shape_breaks_them(element):
    one(element, "a.b", str)
    text(element, "a.b")
    many(element, "a.b")
