"""Directions: the sentence on the label, and how much of the medicine they take."""

import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prescriptions.knowledge import FORMS
from prescriptions.models import Medication
from prescriptions.rules.sig import (
    DROPS_PER_ML,
    FREQUENCIES,
    LONGEST_DAYS,
    ROUTES,
    UNITS,
    Sig,
    Step,
    doses_in,
    mistakes_in,
    number,
    quantity_of,
    quantity_sum,
    quantity_text,
    read_sig,
    sig_text,
)

D = Decimal


@st.composite
def sigs(draw: st.DrawFn) -> Sig:
    """Directions that can be followed."""
    unit = draw(st.sampled_from(sorted(UNITS)))
    steps = draw(st.integers(1, 400))
    return Sig(
        dose=UNITS[unit].splits * steps,
        dose_unit=unit,
        route=draw(st.sampled_from(sorted(ROUTES))),
        frequency=draw(st.sampled_from(sorted(FREQUENCIES))),
        duration_days=draw(st.integers(1, LONGEST_DAYS)),
        ongoing=draw(st.booleans()),
        as_needed=draw(st.booleans()),
        as_needed_for=draw(st.sampled_from(["", "pain"])),
        note=draw(st.sampled_from(["", "with water", "with food."])),
    )


@st.composite
def tapers(draw: st.DrawFn) -> Sig:
    """A first dose and steps after it."""
    first = draw(sigs().filter(lambda sig: sig.frequency != "once" and sig.duration_days <= 30))
    steps = draw(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 14)), min_size=1, max_size=12))
    then = tuple(Step(UNITS[first.dose_unit].splits * parts, days) for parts, days in steps)
    return replace(first, then=then)


@given(sigs())
def test_the_quantity_is_enough_and_not_more_than_a_unit_too_much(sig: Sig) -> None:
    quantity, unit = quantity_of(sig)
    per = DROPS_PER_ML if unit != sig.dose_unit else 1
    taken = Fraction(sig.dose) * doses_in(sig) / per
    assert taken <= Fraction(quantity) < taken + 1
    assert quantity == quantity.to_integral_value()
    assert quantity > 0


@given(sigs(), st.integers(1, LONGEST_DAYS))
def test_a_longer_supply_is_never_less(sig: Sig, days: int) -> None:
    other = Sig(**{**vars(sig), "duration_days": days})
    shorter, longer = sorted([sig, other], key=lambda one: one.duration_days)
    assert quantity_of(shorter)[0] <= quantity_of(longer)[0]


@given(sigs())
def test_there_is_always_a_first_dose_and_none_after_the_last_day(sig: Sig) -> None:
    per_day = FREQUENCIES[sig.frequency].per_day
    doses = doses_in(sig)
    assert doses >= 1
    if per_day:
        assert (doses - 1) / per_day < sig.duration_days
    else:
        assert doses == 1


@given(sigs())
def test_what_can_be_followed_has_no_mistakes_and_comes_back_equal(sig: Sig) -> None:
    assert mistakes_in(sig) == {}
    assert read_sig(sig.content()) == sig


@given(sigs())
def test_the_sentence_is_one_and_writes_no_dose_that_is_misread(sig: Sig) -> None:
    text = sig_text(sig)
    assert text.endswith(".")
    assert ".." not in text
    assert "  " not in text
    assert not re.search(r"\d\.\d*0\b|(?<![\d])\.\d", text), "no trailing zero, no missing zero"
    assert (f"for {sig.duration_days} day" in text) is (not sig.ongoing and sig.frequency != "once")


@given(st.decimals("0.001", "9999", places=3))
def test_numbers_have_a_leading_zero_and_no_trailing_one(value: Decimal) -> None:
    text = number(value)
    assert D(text) == value
    assert not text.startswith(".")
    assert "." not in text or not text.endswith("0")
    assert "E" not in text


@pytest.mark.parametrize(
    ("sig", "text", "quantity", "reckoned"),
    [
        (
            Sig(D(1), "tablet", "oral", "twice_daily", 3, note="with water"),
            "Take 1 tablet by mouth twice a day for 3 days, with water.",
            "6 tablets",
            "1 × 2 × 3 days",
        ),
        (
            Sig(D("0.5"), "tablet", "oral", "once_daily", 15, ongoing=True),
            "Take 0.5 tablet by mouth once a day.",
            "8 tablets",
            "0.5 × 1 × 15 days",
        ),
        (
            Sig(D(2), "tablet", "oral", "every_6_hours", 5, as_needed=True, as_needed_for="pain"),
            "Take 2 tablets by mouth every 6 hours if needed for pain for 5 days.",
            "40 tablets",
            "2 × 4 × 5 days",
        ),
        (
            Sig(D(1), "capsule", "oral", "three_times_daily", 1, as_needed=True),
            "Take 1 capsule by mouth up to 3 times a day if needed for 1 day.",
            "3 capsules",
            "1 × 3 × 1 day",
        ),
        (
            Sig(D("7.5"), "ml", "oral", "every_8_hours", 7),
            "Take 7.5 mL by mouth every 8 hours for 7 days.",
            "158 mL",
            "7.5 × 3 × 7 days",
        ),
        (
            Sig(D(2), "puff", "inhaled", "every_4_hours", 30, as_needed=True, ongoing=True),
            "Inhale 2 puffs every 4 hours if needed.",
            "360 puffs",
            "2 × 6 × 30 days",
        ),
        (
            Sig(D(1), "drop", "ophthalmic", "at_bedtime", 30, ongoing=True, note="both eyes"),
            "Put 1 drop into the eye at bedtime, both eyes.",
            "2 mL",
            "1 × 1 × 30 days",
        ),
        (
            Sig(D(1), "tablet", "oral", "once_weekly", 28, ongoing=True),
            "Take 1 tablet by mouth once a week.",
            "4 tablets",
            "1 × 4",
        ),
        (
            Sig(D(1), "tablet", "oral", "every_other_day", 3),
            "Take 1 tablet by mouth every other day for 3 days.",
            "2 tablets",
            "1 × 2",
        ),
        (Sig(D(1), "tablet", "oral", "once", 1), "Take 1 tablet by mouth one time only.", "1 tablet", "1 × 1"),
        (
            Sig(D("1.5"), "g", "topical", "twice_daily", 10),
            "Apply 1.5 g to the skin twice a day for 10 days.",
            "30 g",
            "1.5 × 2 × 10 days",
        ),
    ],
)
def test_examples(sig: Sig, text: str, quantity: str, reckoned: str) -> None:
    assert sig_text(sig) == text
    assert quantity_text(*quantity_of(sig)) == quantity
    assert quantity_sum(sig) == reckoned


GOOD = Sig(D(1), "tablet", "oral", "once_daily", 30)


@pytest.mark.parametrize(
    ("change", "mistakes"),
    [
        ({"dose": D(0)}, {"dose": "range"}),
        ({"dose": D(-1)}, {"dose": "range"}),
        ({"dose": D("NaN")}, {"dose": "range"}),
        ({"dose": D("Infinity")}, {"dose": "range"}),
        ({"dose": D(10000)}, {"dose": "range"}),
        ({"dose": D("0.3")}, {"dose": "cannot_be_split"}),
        ({"dose": D("0.5"), "dose_unit": "capsule"}, {"dose": "cannot_be_split"}),
        ({"dose_unit": "spoon"}, {"dose_unit": "unknown"}),
        ({"route": "by_post"}, {"route": "unknown"}),
        ({"frequency": "sometimes"}, {"frequency": "unknown"}),
        ({"duration_days": 0}, {"duration_days": "range"}),
        ({"duration_days": 367}, {"duration_days": "range"}),
    ],
)
def test_what_cannot_be_followed_is_named_by_field(change, mistakes) -> None:
    assert mistakes_in(Sig(**{**vars(GOOD), **change})) == mistakes


def test_a_draft_may_have_no_directions_yet() -> None:
    assert read_sig({}) is None


def test_every_form_of_the_formulary_can_be_prescribed() -> None:
    assert set(FORMS) == set(Medication.Form.values)
    for words, route, unit in FORMS.values():
        assert mistakes_in(Sig(D(1), unit, route, "once_daily", 1)) == {}
        assert words


# == Tapers ==
PREDNISONE = Sig(D(4), "tablet", "oral", "in_the_morning", 3, then=(Step(D(2), 3), Step(D("0.5"), 1)))


def test_a_taper_says_each_step() -> None:
    assert sig_text(PREDNISONE) == (
        "Take 4 tablets by mouth in the morning for 3 days, then 2 tablets for 3 days, then 0.5 tablet for 1 day."
    )
    going = replace(PREDNISONE, ongoing=True, note="with food")
    assert sig_text(going).endswith("then 2 tablets for 3 days, then 0.5 tablet, with food.")
    assert quantity_of(PREDNISONE) == (D(19), "tablet")
    assert quantity_sum(PREDNISONE) == "4 × 1 × 3 days + 2 × 1 × 3 days + 0.5 × 1 × 1 day"
    assert (PREDNISONE.days, PREDNISONE.largest_dose) == (7, D(4))


@given(tapers())
def test_the_quantity_of_a_taper_is_that_of_its_steps(sig: Sig) -> None:
    assert mistakes_in(sig) == {}
    assert read_sig(sig.content()) == sig
    per = DROPS_PER_ML if quantity_of(sig)[1] != sig.dose_unit else 1
    each = [replace(sig, dose=step.dose, duration_days=step.days, then=()) for step in sig.steps]
    taken = sum(Fraction(one.dose) * doses_in(one) for one in each) / per
    assert taken <= Fraction(quantity_of(sig)[0]) < taken + 1
    assert sig_text(sig).count(", then ") == len(sig.then)


@pytest.mark.parametrize(
    ("then", "frequency", "code"),
    [
        ((Step(D("0.1"), 3),), "once_daily", "cannot_be_split"),
        ((Step(D(0), 3),), "once_daily", "range"),
        ((Step(D(1), 0),), "once_daily", "steps"),
        ((Step(D(1), 400),), "once_daily", "steps"),
        ((Step(D(1), 1),) * 13, "once_daily", "steps"),
        ((Step(D(1), 3),), "once", "steps"),
    ],
)
def test_a_taper_that_nobody_could_follow_is_refused(then, frequency, code) -> None:
    assert mistakes_in(replace(PREDNISONE, frequency=frequency, then=then)) == {"then": code}


def test_what_was_kept_before_there_were_tapers_is_read_as_before() -> None:
    plain = replace(PREDNISONE, then=())
    assert "then" not in plain.content()
    assert read_sig(plain.content()) == plain
