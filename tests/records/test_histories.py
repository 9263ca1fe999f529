"""Operations, the family and how somebody lives: the verbs, and what is known of who never was asked."""

from datetime import UTC, datetime, timedelta

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.access import NotInScope
from patients.models import Patient
from records.access.entries import can_release
from records.actions.histories import (
    FAMILY,
    LIVING,
    SURGERY,
    Saying,
    record_living,
    record_none_known,
    record_operation,
    record_relative,
)
from records.actions.writing import AlreadyThere, NotCurrent, NotRecorded
from records.kinds import family_history, kind_of
from records.kinds.social_history import QUESTIONS, YES, answer_of, is_worry, question_of
from records.models import Entry
from records.queries.histories import Histories, histories_of
from records.rules.said import Operation, Relative
from tests.factories import EntryFactory, PatientFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def operated(user: User, patient: Patient, name: str = "Gallbladder removed", day: str = "", **said) -> Entry:
    saying = Saying(**{key: said.pop(key) for key in ("though", "replaces", "sensitivity") if key in said})
    with acting_as(user):
        return record_operation(
            by=user, patient=patient, operation=Operation(name, day, **said), now=NOW, saying=saying
        )


def related(user: User, patient: Patient, who: str = "MTH", what: str = "Breast cancer", **said) -> Entry:
    saying = Saying(**{key: said.pop(key) for key in ("though", "replaces", "sensitivity") if key in said})
    with acting_as(user):
        return record_relative(by=user, patient=patient, relative=Relative(who, what, **said), now=NOW, saying=saying)


def answered(user: User, patient: Patient, now: datetime = NOW, note: str = "", **answers: str) -> list[Entry]:
    named = {code.replace("q", "", 1).replace("_", "-"): answer for code, answer in answers.items()}
    with acting_as(user):
        return record_living(by=user, patient=patient, answers=named, note=note, now=now)


def nothing(user: User, patient: Patient, kind: str, now: datetime = NOW) -> Entry:
    with acting_as(user):
        return record_none_known(by=user, patient=patient, kind=kind, now=now)


def shown(user: User, patient: Patient) -> Histories:
    with acting_as(user):
        return histories_of(user, patient)


# == Operations ==
@pytest.mark.parametrize(
    ("day", "precision", "at"),
    [
        ("2009", "year", datetime(2009, 1, 1, 12, tzinfo=UTC)),
        ("2009-05", "month", datetime(2009, 5, 1, 12, tzinfo=UTC)),
        ("2009-05-04", "day", datetime(2009, 5, 4, 12, tzinfo=UTC)),
        ("", "unknown", NOW),
        ("2026-11-21", "day", datetime(2026, 11, 21, 12, tzinfo=UTC)),
    ],
)
def test_an_operation_is_dated_as_exactly_as_it_was_said(day, precision, at, rosa, nurse) -> None:
    entry = operated(nurse, rosa, day=day, where="Bay State", outcome="well")
    assert (entry.kind, entry.effective_at, entry.data["precision"]) == (SURGERY, at, precision)
    assert entry.data == {"where": "Bay State", "outcome": "well", "precision": precision}
    assert entry.released_at is not None


def test_what_is_done_this_morning_is_not_in_the_future(rosa, nurse) -> None:
    early = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    with acting_as(nurse):
        entry = record_operation(by=nurse, patient=rosa, operation=Operation("Stitches", "2026-11-21"), now=early)
    assert entry.effective_at == early


@pytest.mark.parametrize(
    ("name", "day", "sentence"),
    [
        (" ", "2009", "which operation"),
        ("Hernia repair", "long ago", "a day, a month or a year"),
        ("Hernia repair", "2027", "future"),
    ],
)
def test_an_operation_that_cannot_be_is_refused(name, day, sentence, rosa, nurse) -> None:
    with pytest.raises(NotRecorded, match=sentence):
        operated(nurse, rosa, name, day)


def test_the_same_operation_twice_asks_why_unless_it_was_another_year(rosa, nurse) -> None:
    first = operated(nurse, rosa, "Hernia repair", "2009-05")
    with pytest.raises(AlreadyThere) as found:
        operated(nurse, rosa, "hernia repair", "2009")
    assert found.value.standing == first
    with pytest.raises(AlreadyThere):
        operated(nurse, rosa, "Hernia repair")
    assert operated(nurse, rosa, "Hernia repair", "2009", though="The other side").data["though"] == "The other side"
    assert "though" not in operated(nurse, rosa, "Hernia repair", "2014", though="Not needed").data


def test_it_is_said_otherwise_and_the_mark_stays(rosa, doctor) -> None:
    first = operated(doctor, rosa, day="2009", sensitivity="reproductive")
    with acting_as(doctor):
        again = operated(doctor, rosa, day="2010", where="Abroad", replaces=first)
        assert (again.supersedes, again.record_status, again.sensitivity) == (first, "amended", "reproductive")
        with pytest.raises(NotCurrent):
            operated(doctor, rosa, day="2011", replaces=first)


# == The family ==
def test_a_relative_is_told_with_the_age_and_whether_they_died_of_it(rosa, nurse) -> None:
    entry = related(nurse, rosa, "FTH", "Heart attack", onset="61", died=True, note="smoked")
    assert (entry.code, entry.code_system, entry.display) == ("FTH", "v3-role", "Father")
    assert entry.data == {"conditions": [{"text": "Heart attack", "onset": "61", "died": True}], "note": "smoked"}
    assert kind_of(FAMILY).summary(entry) == "Father: Heart attack (at 61, died of it)"
    plain = related(nurse, rosa, "FTH", "Stroke")
    assert kind_of(FAMILY).summary(plain) == "Father: Stroke"
    told = Entry(kind=FAMILY, code="72705000", code_system="snomed", display="Mother", data={"deceased": "died"})
    assert family_history.summary(told) == "Mother: died"


@pytest.mark.parametrize(("who", "what", "sentence"), [("DOG", "Fleas", "who it was"), ("MTH", " ", "have or had")])
def test_a_relative_that_cannot_be_is_refused(who, what, sentence, rosa, nurse) -> None:
    with pytest.raises(NotRecorded, match=sentence):
        related(nurse, rosa, who, what)


def test_the_same_of_the_same_relative_twice_asks_why(rosa, nurse) -> None:
    related(nurse, rosa)
    related(nurse, rosa, "SIS")
    with pytest.raises(AlreadyThere):
        related(nurse, rosa, what="breast cancers")
    assert related(nurse, rosa, though="Both sides").data["though"] == "Both sides"


def test_the_closest_stand_first(rosa, nurse) -> None:
    for who in ("UNCLE", "BRO", "MTH"):
        related(nurse, rosa, who)
    told = EntryFactory(patient=rosa, kind=FAMILY, code="other", display="Neighbour", data={}, released_at=NOW)
    assert [line.entry.code for line in shown(nurse, rosa).family.lines] == ["MTH", "BRO", "UNCLE", told.code]


# == None, and never asked ==
@pytest.mark.parametrize(("kind", "name"), [(SURGERY, "surgery"), (FAMILY, "family")])
def test_never_asked_none_known_and_a_list(kind, name, rosa, nurse) -> None:
    assert getattr(shown(nurse, rosa), name).last is None
    none = nothing(nurse, rosa, kind)
    again = nothing(nurse, rosa, kind, NOW + DAY)
    assert (again.supersedes_id, again.record_status) == (none.pk, "amended")
    found = getattr(shown(nurse, rosa), name)
    assert (found.none_known, found.last, found.lines) == (again, again, [])
    entry = operated(nurse, rosa) if kind == SURGERY else related(nurse, rosa)
    assert entry.supersedes_id == again.pk
    found = getattr(shown(nurse, rosa), name)
    assert (found.none_known, [line.entry for line in found.lines]) == (None, [entry])
    with pytest.raises(NotRecorded, match="on the list"):
        nothing(nurse, rosa, kind)
    assert kind_of(kind).role(none) == "ok"
    assert kind_of(kind).summary(none).startswith("N")


# == Living ==
def test_answers_stand_as_they_were_and_the_last_one_is_shown(rosa, nurse) -> None:
    (before,) = answered(nurse, rosa, NOW - DAY, **{"q72166_2": "LA18976-3"})
    assert is_worry(before)
    assert kind_of(LIVING).role(before) == "warn"
    tobacco, housing = answered(nurse, rosa, note="with her son", **{"q72166_2": "LA15920-4", "q71802_3": "LA30189-7"})
    assert tobacco.data == {"answer": "LA15920-4", "value": "Used to smoke", "note": "with her son"}
    found = shown(nurse, rosa)
    assert [(one.question, one.answer, one.worries) for one in found.living] == [
        ("Tobacco", "Used to smoke", False),
        ("Housing", "Has housing", False),
    ]
    assert len(found.unasked) == len(QUESTIONS) - 2
    assert housing.code_system == "loinc"
    with as_the_system():
        before.refresh_from_db()
        assert before.superseded_at is None


def test_a_question_of_another_system_is_shown_as_told(rosa, nurse) -> None:
    row = EntryFactory(patient=rosa, kind=LIVING, code="99999-9", display="Sports", data={"value": "chess"})
    assert (question_of(row), answer_of(row), is_worry(row)) == ("Sports", "chess", False)
    assert kind_of(LIVING).summary(row) == "Sports: chess"
    answered(nurse, rosa, q93033_9=YES)
    assert [one.question for one in shown(nurse, rosa).living] == ["Worried about housing", "Sports"]


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [({}, "Nothing was answered"), ({"q71802_3": "castle"}, "not one of"), ({"q1": YES}, "not one of")],
)
def test_what_is_no_answer_is_refused(answers, sentence, rosa, nurse) -> None:
    with pytest.raises(NotRecorded, match=sentence):
        answered(nurse, rosa, **answers)


def test_every_worry_is_an_answer_and_every_answer_fits_its_column() -> None:
    for code, question in QUESTIONS.items():
        assert question.worries <= question.answers.keys()
        assert set(question.answers_elsewhere.values()) <= question.answers.keys()
        assert len(code) <= 32
        assert len(question.display) <= 300


# == Who ==
def test_who_does_not_treat_records_nothing(rosa) -> None:
    desk, stranger = staff("front_desk", rosa.site), staff("doctor")
    for by, refusal in ((desk, NotAllowed), (stranger, NotInScope)):
        for say in (operated, related):
            with pytest.raises(refusal):
                say(by, rosa)
        with pytest.raises(refusal):
            answered(by, rosa, q93033_9=YES)
        with pytest.raises(refusal):
            nothing(by, rosa, SURGERY)


def test_patients_read_operations_and_the_family_and_not_what_they_may_be_afraid_to_have_read(rosa, nurse) -> None:
    operated(nurse, rosa)
    related(nurse, rosa)
    afraid, _worried = answered(nurse, rosa, q76501_6=YES, q93033_9=YES)
    found = shown(portal_user(rosa), rosa)
    assert (len(found.surgery.lines), len(found.family.lines)) == (1, 1)
    assert [one.question for one in found.living] == ["Worried about housing"]
    doctor = staff("doctor", rosa.site)
    with acting_as(doctor):
        assert can_release(doctor, afraid)
        assert not can_release(doctor, _worried)


def test_another_patients_history_is_not_shown(rosa, nurse) -> None:
    other = PatientFactory(site=rosa.site)
    operated(nurse, other)
    assert shown(nurse, rosa).surgery.last is None
