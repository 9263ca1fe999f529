"""What two registrations have in common, weighed: nothing here asks the database."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.reasons import reasons
from patients.rules import matching
from patients.rules.matching import Born, Comparison, Judgement, Name, Other, judge

NOTHING = Comparison(
    given=Name.NOT_SAID,
    family=Name.NOT_SAID,
    names_swapped=False,
    suffix=Other.NOT_SAID,
    born=Born.NOT_SAID,
    sex=Other.NOT_SAID,
    phone=Other.NOT_SAID,
    email=Other.NOT_SAID,
    line=Other.NOT_SAID,
    postal_code=Other.NOT_SAID,
    identifier=Other.NOT_SAID,
)
ALIKE = replace(NOTHING, given=Name.SAME, family=Name.SAME, born=Born.SAME)
HOUSEHOLD = {"phone": Other.SAME, "line": Other.SAME, "postal_code": Other.SAME}
LEVELS = st.builds(
    Comparison,
    given=st.sampled_from(Name),
    family=st.sampled_from(Name),
    names_swapped=st.booleans(),
    born=st.sampled_from(Born),
    **dict.fromkeys(("suffix", "sex", "phone", "email", "line", "postal_code", "identifier"), st.sampled_from(Other)),
)


def words(judgement: Judgement) -> str:
    why = reasons(judgement.compared)
    return f"{', '.join(map(str, why.agrees))}; {', '.join(map(str, why.differs))}"


SAME = {
    "nothing else known": {},
    "swapped date": {"born": Born.SWAPPED},
    "a digit of the date": {"born": Born.SLIP},
    "a letter": {"given": Name.ALIKE, "family": Name.ALIKE, "phone": Other.SAME},
    "married": {"family": Name.DIFFERS, "phone": Other.SAME},
    "nickname": {"given": Name.KNOWN_FORM},
    "names swapped": {"given": Name.DIFFERS, "family": Name.DIFFERS, "names_swapped": True},
    "no date, but the phone": {"born": Born.NOT_SAID, "phone": Other.SAME},
    "a sex mistyped": {"sex": Other.DIFFERS},
    "moved, another phone": {"phone": Other.DIFFERS, "line": Other.DIFFERS, "postal_code": Other.DIFFERS},
    "another day, the same number": {"born": Born.DIFFERS, "identifier": Other.SAME},
}
NOT_THE_SAME = {
    "twins": {"given": Name.DIFFERS, **HOUSEHOLD, "email": Other.SAME},
    "twins of two sexes, Daniel and Daniela": {"given": Name.ALIKE, "sex": Other.DIFFERS, **HOUSEHOLD},
    "father and son": {"born": Born.DIFFERS, **HOUSEHOLD, "email": Other.SAME},
    "father and son born on one day": {"born": Born.HARDLY, **HOUSEHOLD, "email": Other.SAME},
    "Junior and Senior": {"suffix": Other.DIFFERS, **HOUSEHOLD},
    "the name alone": {"born": Born.NOT_SAID},
    "a name that many bear, all else another": {
        "identifier": Other.DIFFERS,
        "phone": Other.DIFFERS,
        "line": Other.DIFFERS,
    },
}


@pytest.mark.parametrize("case", SAME)
def test_taken_for_one_person(case: str) -> None:
    assert judge(replace(ALIKE, **SAME[case])).same


@pytest.mark.parametrize("case", NOT_THE_SAME)
def test_not_taken_for_one_person(case: str) -> None:
    assert not judge(replace(ALIKE, **NOT_THE_SAME[case])).same


def test_twins_are_not_even_shown_and_a_father_is() -> None:
    assert not judge(replace(ALIKE, **NOT_THE_SAME["twins"])).perhaps
    assert judge(replace(ALIKE, **NOT_THE_SAME["father and son"])).perhaps


@given(LEVELS)
def test_what_agrees_more_never_weighs_less(compared: Comparison) -> None:
    """For the fields in which more is better at every step; none said is no step."""
    for name in ("phone", "email", "line", "identifier"):
        better = replace(compared, **{name: Other.SAME})
        if getattr(compared, name) != Other.NOT_SAID:
            assert judge(better).score >= judge(compared).score


@given(LEVELS)
def test_every_judgement_says_why(compared: Comparison) -> None:
    judgement = judge(compared)
    assert judgement.perhaps or not judgement.same
    why = reasons(compared)
    assert all(str(reason) for reason in [*why.agrees, *why.differs])
    if judgement.same:
        assert why.agrees


def test_the_reasons_are_words() -> None:
    told = words(judge(replace(ALIKE, given=Name.ALIKE, phone=Other.SAME, email=Other.NEAR, line=Other.DIFFERS)))
    assert told == (
        "same date of birth, given name differs by a letter or two, same family name, same phone, e-mail almost the"
        " same; another address"
    )
    told = words(judge(replace(ALIKE, names_swapped=True, born=Born.DIFFERS, sex=Other.DIFFERS, suffix=Other.DIFFERS)))
    assert told == "given and family name changed places; another date of birth, Junior and Senior, another sex"
    told = words(judge(replace(ALIKE, given=Name.DIFFERS, family=Name.DIFFERS)))
    assert told == "same date of birth; another given name, another family name"


def test_a_comparison_is_read_in_the_order_of_the_database() -> None:
    read = Comparison.of([5, 3, 1, -1, 4, 2, 1, 0, -1, 2, 0])
    assert read == Comparison(
        given=Name.SAME,
        family=Name.KNOWN_FORM,
        names_swapped=True,
        suffix=Other.NOT_SAID,
        born=Born.SWAPPED,
        sex=Other.SAME,
        phone=Other.NEAR,
        email=Other.DIFFERS,
        line=Other.NOT_SAID,
        postal_code=Other.SAME,
        identifier=Other.DIFFERS,
    )


def test_forms_of_a_name() -> None:
    assert {"robert", "bob", "roberto"} <= set(matching.forms_of(["bob"]))
    assert matching.forms_of(["zebulon"]) == []
    assert {"maria", "bob"} <= set(matching.forms_of(["mary", "robert"]))
    assert {"ella", "etta", "robert", "bob"} <= set(matching.known_names())
    assert "robert" not in matching.forms_of(["ella"])


@pytest.mark.parametrize(
    ("born", "likely"),
    [
        (None, []),
        (
            date(1968, 3, 12),
            ["1968-03-12", "1968-12-03", "1967-03-12", "1969-03-12", "1968-03-11", "1968-03-13"],
        ),
        (date(2024, 2, 29), ["2024-02-29", "2024-02-28", "2024-03-01"]),
        (date(1990, 5, 5), ["1990-05-05", "1989-05-05", "1991-05-05", "1990-05-04", "1990-05-06"]),
    ],
)
def test_the_dates_that_may_be_written_for_one(born: date | None, likely: list[str]) -> None:
    assert [day.isoformat() for day in matching.likely_births(born)] == likely
