"""The rules of notes: what a text is, whose pen, what a signature binds, when a note is late."""

import string
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.forms.notes import LABELS, MISSING
from records.kinds import NotOfKind, kind_of
from records.models import Entry
from records.rules.notes import (
    LONGEST,
    LONGEST_PART,
    MUST_BE_WRITTEN,
    PARTS,
    NotANote,
    NoteText,
    clean_text,
    differing,
    is_late,
    is_later_stroke,
    note_text,
    signature_of,
)

NOW = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)
CONTENTS = st.dictionaries(st.sampled_from(PARTS), st.text(max_size=150))
WHOSE = {"patient_id": uuid.UUID(int=1), "encounter_id": uuid.UUID(int=2), "signer_id": uuid.UUID(int=3)}


def signed(content=None, **other) -> str:
    return signature_of(content or {"plan": "Rest"}, **(WHOSE | {"signed_at": NOW} | other))


# == Texts ==
@given(CONTENTS)
def test_what_is_read_is_read_the_same_again(content) -> None:
    once = note_text(content)
    assert note_text(vars(once)) == once
    assert differing(once, once) == []


@given(st.text())
def test_a_clean_text_is_clean(text) -> None:
    clean = clean_text(text)
    assert clean == clean_text(clean)
    assert "\r" not in clean
    assert "\0" not in clean


def test_lines_stay_lines() -> None:
    assert clean_text("One\r\n\r\n  two  \rthree\n\n") == "One\n\n  two\nthree"


@pytest.mark.parametrize("content", [{"mood": "x"}, {"plan": None}, {"plan": 5}, {"plan": ["x"]}])
def test_what_is_no_note_is_refused(content) -> None:
    with pytest.raises(NotANote):
        note_text(content)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_its_end(part) -> None:
    most = LONGEST.get(part, LONGEST_PART)
    assert getattr(note_text({part: "x" * most}), part)
    with pytest.raises(NotANote, match="longer"):
        note_text({part: "x" * (most + 1)})


def test_nothing_written_is_nothing() -> None:
    assert not NoteText()
    assert NoteText(plan="Rest")
    assert NoteText(reason="Cough").missing() == list(MUST_BE_WRITTEN)
    assert NoteText(assessment="Cold", plan="Rest").missing() == []


@given(CONTENTS, CONTENTS)
def test_what_differs_is_named(one, other) -> None:
    first, second = note_text(one), note_text(other)
    assert (differing(first, second) == []) == (first == second)


def test_every_part_has_words_for_people() -> None:
    assert list(LABELS) == list(PARTS)
    assert set(MISSING) == set(MUST_BE_WRITTEN)


# == Whose pen ==
@pytest.mark.parametrize(
    ("kept", "given", "later"),
    [
        ("ab.1", "ab.2", True),
        ("ab.9", "ab.10", True),
        ("ab.2", "ab.2", False),
        ("ab.3", "ab.2", False),
        ("ab.1", "cd.2", False),
        ("", "", False),
        ("", "ab.1", False),
        (".1", ".2", False),
        ("ab", "ab", False),
        ("ab.1", "ab.x", False),
        ("ab.²", "ab.³", False),
    ],
)
def test_only_a_later_stroke_of_the_same_page_goes_on(kept, given, later) -> None:
    assert is_later_stroke(kept, given) is later


@given(st.text(string.hexdigits, min_size=1), st.integers(0, 10**6), st.integers(0, 10**6))
def test_of_two_strokes_one_is_later(page, one, other) -> None:
    first, second = f"{page}.{one}", f"{page}.{other}"
    assert is_later_stroke(first, second) + is_later_stroke(second, first) == (one != other)


# == The signature ==
def test_it_is_the_same_wherever_it_is_made() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=-5)))
    assert signed() == signed(signed_at=there)
    assert signed({"a": "1", "b": "2"}) == signed({"b": "2", "a": "1"})
    assert len(signed()) == 64


@pytest.mark.parametrize(
    "other",
    [
        {"content": {"plan": "Rest."}},
        {"content": {"plan": "Rest", "reason": ""}},
        {"patient_id": uuid.UUID(int=9)},
        {"encounter_id": uuid.UUID(int=9)},
        {"encounter_id": None},
        {"signer_id": uuid.UUID(int=9)},
        {"signed_at": NOW + timedelta(microseconds=1)},
    ],
)
def test_whatever_changes_changes_it(other) -> None:
    assert signed(**other) != signed()


@given(CONTENTS, CONTENTS)
def test_two_texts_have_two_signatures(one, other) -> None:
    one, other = {"plan": "", **one}, {"plan": "", **other}
    assert (signed(one) == signed(other)) == (one == other)


def test_a_time_without_a_zone_signs_nothing() -> None:
    with pytest.raises(ValueError, match="zone"):
        signed(signed_at=NOW.replace(tzinfo=None))


# == Late ==
@pytest.mark.parametrize(("hours", "late"), [(0, False), (24, False), (24.01, True), (200, True)])
def test_a_note_is_late_a_day_after_its_visit(hours, late) -> None:
    assert is_late(NOW, NOW + timedelta(hours=hours)) is late


def test_a_visit_that_goes_on_has_no_late_note() -> None:
    assert not is_late(None, NOW)


# == As kinds ==
def test_a_note_is_named_by_what_the_doctor_made_of_it() -> None:
    kind = kind_of("note")
    assert kind.summary(Entry(data={"assessment": "Cystitis.\nSimple.", "reason": "Burning"})) == "Cystitis."
    assert kind.summary(Entry(data={"assessment": "", "reason": "Burning"})) == "Burning"
    assert kind.summary(Entry(data={})) == ""
    assert len(kind.summary(Entry(data={"assessment": "x" * 500}))) == 120
    assert kind_of("addendum").summary(Entry(data={"text": "More\nlines"})) == "More"
    assert {kind.role(Entry()), kind_of("addendum").role(Entry())} == {"ok"}


def test_a_note_of_another_shape_does_not_fit_its_kind() -> None:
    kind_of("note").schema.check(vars(NoteText(plan="Rest")))
    kind_of("addendum").schema.check({"text": "More"})
    with pytest.raises(NotOfKind):
        kind_of("note").schema.check({"plan": "Rest"})
    with pytest.raises(NotOfKind):
        kind_of("addendum").schema.check({"words": "More"})
