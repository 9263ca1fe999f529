"""Sick notes: signed by who holds the visit, for days and without a diagnosis, and declared void."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from records.access.papers import can_sign_sick_note, can_void
from records.actions.papers import NotAsked, NotOpened, NotVoid, void_paper
from records.rules.papers import LONGEST, days_of, why_not_days
from tests.accounts.conftest import audited
from tests.records.papering import LATER, Kind, asks, made, opens, printed, signed_visit, signs
from tests.records.visits import supervised

pytestmark = [pytest.mark.django_db, pytest.mark.pango]


@pytest.fixture
def signed():
    return signed_visit()


def test_a_sick_note_names_the_days_and_no_diagnosis(signed) -> None:
    paper = signs(signed)
    text = printed(paper)
    for part in ("Nov 19, 2026", "Nov 21, 2026", "3 days", paper.number, "Signed by Maren Okafor", "unable to work"):
        assert part in text, part
    assert "tract" not in text
    assert "urine" not in text.lower()
    assert made(paper).version == 1
    assert audited("records.sign_sick_note")[0].target_id == paper.pk


@pytest.mark.parametrize("off", ["school", "both"])
def test_it_is_for_work_or_school(signed, off) -> None:
    assert "attend school" in printed(signs(signed, off=off))


def test_everybody_who_reads_the_chart_opens_it_and_the_patient(signed) -> None:
    paper = made(signs(signed))
    for user in (signed.colleague, signed.nurse, signed.rosa):
        assert opens(user, paper) == paper.document


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ({"last_day": date(2026, 11, 18)}, "before the first"),
        ({"last_day": date(2027, 11, 21)}, "at most 92 days"),
        ({"first_day": date(2026, 9, 1), "last_day": date(2026, 9, 2)}, "31 days from today"),
    ],
)
def test_days_that_cannot_be_are_refused(signed, days, sentence) -> None:
    with pytest.raises(NotAsked, match=sentence):
        signs(signed, **days)


@given(first=st.dates(date(2020, 1, 1), date(2030, 1, 1)), length=st.integers(-3, 120), ago=st.integers(-60, 60))
def test_the_days_of_a_note(first: date, length: int, ago: int) -> None:
    last, today = first + timedelta(days=length), first + timedelta(days=ago)
    wrong = why_not_days(first, last, today)
    assert (wrong == "order") == (length < 0)
    if not wrong:
        assert 1 <= days_of(first, last) <= LONGEST
        assert abs(ago) <= 31


def test_who_signs_one(signed) -> None:
    for user in (signed.colleague, signed.nurse, signed.stranger, signed.rosa):
        with acting_as(user):
            assert not can_sign_sick_note(user, signed.encounter)
    with pytest.raises(NotAsked, match="signed by the provider"):
        asks(signed.doctor, signed.patient, Kind.SICK_NOTE, signed.encounter)
    with acting_as(signed.doctor):
        assert can_sign_sick_note(signed.doctor, signed.encounter)
        signed.encounter.status = "planned"
        assert not can_sign_sick_note(signed.doctor, signed.encounter)
    signed.encounter.status = "in_progress"
    supervised(signed)
    with pytest.raises(NotAllowed, match="in training"):
        signs(signed)


def test_a_void_note_opens_for_nobody(signed) -> None:
    paper = made(signs(signed))
    with acting_as(signed.colleague):
        with pytest.raises(NotVoid, match="Say why"):
            void_paper(by=signed.colleague, paper=paper, reason=" ", now=LATER)
        void_paper(by=signed.colleague, paper=paper, reason="Wrong days", now=LATER)
        with pytest.raises(NotVoid, match="already"):
            void_paper(by=signed.colleague, paper=paper, reason="Again", now=LATER)
    for user in (signed.doctor, signed.rosa):
        with pytest.raises(NotOpened, match="void"):
            opens(user, paper)
    assert audited("records.void_paper")[0].actor_id == signed.colleague.pk


def test_who_declares_one_void(signed) -> None:
    note, chart = signs(signed), asks(signed.doctor, signed.patient)
    for user, paper, may in (
        (signed.doctor, note, True),
        (signed.nurse, note, False),
        (signed.rosa, note, False),
        (signed.stranger, note, False),
        (signed.doctor, chart, False),
    ):
        with acting_as(user):
            assert can_void(user, paper) is may
