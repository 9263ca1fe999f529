"""The verbs of allergies, and who is told what."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions.allergies import change_allergy, record_allergy, record_no_known_allergies
from records.actions.entries import NotAMove, change_clinical_status, void_entry
from records.actions.writing import AlreadyThere, NotCurrent, NotRecorded
from records.events import AllergyRecorded
from records.kinds.allergy import standing_of
from records.models import Entry
from records.queries import allergies_of
from records.queries.allergies import AllergyList, list_of, said_at
from records.rules.said import Reaction
from records.rules.same import say_the_same
from tests.factories import EntryFactory, PatientFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory()


@pytest.fixture
def doctor(rosa) -> User:
    return staff("doctor", rosa.site)


def told(user: User, patient: Patient) -> AllergyList:
    with acting_as(user):
        return allergies_of([patient.pk])[patient.pk]


def allergic(user: User, patient: Patient, though: str = "", **said: str) -> Entry:
    reaction = Reaction(**{"substance": "latex"} | said)
    with acting_as(user):
        return record_allergy(by=user, patient=patient, reaction=reaction, now=NOW, though=though)


def say(user: User, entry: Entry, standing: str, because: str = "", **said: str) -> Entry:
    reaction = Reaction(entry.display, **said)
    with acting_as(user):
        return change_allergy(by=user, entry=entry, reaction=reaction, standing=standing, because=because, now=NOW)


def test_unknown_is_not_none_and_none_is_not_a_list(rosa, doctor, announced) -> None:
    assert told(doctor, rosa).state == "never_asked"
    with acting_as(doctor):
        none = record_no_known_allergies(by=doctor, patient=rosa, now=NOW)
        again = record_no_known_allergies(by=doctor, patient=rosa, now=NOW + DAY)
    assert (again.supersedes_id, again.record_status) == (none.pk, "amended")
    assert told(doctor, rosa) == AllergyList("none_known")
    entry = allergic(doctor, rosa, reaction="rash", severity="mild")
    found = told(doctor, rosa)
    assert (found.state, [(one.pk, one.display, one.reaction, one.severity) for one in found.entries]) == (
        "list",
        [(entry.pk, "latex", "rash", "mild")],
    )
    assert entry.supersedes_id == again.pk
    assert len(announced(AllergyRecorded)) == 3
    with acting_as(doctor):
        change_allergy(by=doctor, entry=entry, reaction=Reaction("latex"), standing="inactive", now=NOW)
    assert told(doctor, rosa) == AllergyList("list")
    with acting_as(doctor):
        record_no_known_allergies(by=doctor, patient=rosa, now=NOW)
    assert told(doctor, rosa).state == "none_known"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"substance": " "}, "Say to what"),
        ({"severity": "awful"}, "not one of the choices"),
        ({"category": "stars"}, "not one of the choices"),
        ({"criticality": "huge"}, "not one of the choices"),
        ({"nature": "curse"}, "not one of the choices"),
        ({"verification": "refuted", "substance": "egg"}, "on the list"),
        ({"substance": "LATEX"}, "on the list already"),
    ],
)
def test_an_allergy_that_cannot_be_is_refused(said, sentence, rosa, doctor) -> None:
    allergic(doctor, rosa)
    with pytest.raises(NotRecorded, match=sentence):
        allergic(doctor, rosa, **said)


def test_none_is_not_said_while_one_is_listed(rosa, doctor) -> None:
    allergic(doctor, rosa)
    with acting_as(doctor), pytest.raises(NotRecorded, match="on the list"):
        record_no_known_allergies(by=doctor, patient=rosa, now=NOW)


@pytest.mark.parametrize(
    ("role", "state", "shown"),
    [
        ("doctor", "list", 1),
        ("pharmacist", "list", 1),
        ("front_desk", "recorded", 0),
        ("billing", "recorded", 0),
    ],
)
def test_each_role_is_told_as_far_as_it_reaches(role, state, shown, rosa, doctor) -> None:
    allergic(doctor, rosa)
    found = told(staff(role, rosa.site), rosa)
    assert (found.state, len(found.entries)) == (state, shown)


def test_who_reaches_nobody_is_told_nothing(rosa, doctor) -> None:
    allergic(doctor, rosa)
    assert told(staff("doctor"), rosa).state == "not_shown"
    assert allergies_of([rosa.pk])[rosa.pk].state == "not_shown"
    with as_the_system():
        assert allergies_of([rosa.pk])[rosa.pk].state == "list"


# == What becomes of one ==
def test_refuted_stays_to_be_seen_and_counts_no_more(rosa, doctor, announced) -> None:
    entry = allergic(doctor, rosa, substance="penicillin", reaction="rash", note="as a child", verification="confirmed")
    with pytest.raises(NotRecorded, match="how it was shown"):
        say(doctor, entry, "refuted", " ")
    gone = say(doctor, entry, "refuted", "Skin test", reaction="rash")
    assert (gone.clinical_status, gone.record_status, gone.supersedes_id) == ("resolved", "amended", entry.pk)
    assert gone.data == {
        "verification": "refuted",
        "because": "Skin test",
        "reaction": "rash",
    }  # and no note
    assert standing_of(gone) == "refuted"
    assert told(doctor, rosa) == AllergyList("list")
    back = say(doctor, gone, "active", "Reacted again")
    assert back.data == {"verification": "unconfirmed", "because": "Reacted again"}
    assert [one.words for one in told(doctor, rosa).entries] == ["penicillin (not confirmed)"]
    assert len(announced(AllergyRecorded)) == 3
    sure = say(doctor, back, "active", verification="confirmed", criticality="high")
    assert (sure.data["verification"], sure.data["criticality"]) == ("confirmed", "high")


def test_active_again_ends_that_none_was_known(rosa, doctor) -> None:
    over = say(doctor, allergic(doctor, rosa), "resolved")
    with acting_as(doctor):
        none = record_no_known_allergies(by=doctor, patient=rosa, now=NOW)
    say(doctor, over, "active")
    assert told(doctor, rosa).state == "list"
    with as_the_system():
        none.refresh_from_db()
        assert none.superseded_at == NOW


@pytest.mark.parametrize(
    ("standing", "said", "sentence"),
    [
        ("gone", {}, "not one of the choices"),
        ("active", {"severity": "awful"}, "not one of the choices"),
        ("active", {"reaction": "rash"}, "Nothing was changed"),
    ],
)
def test_a_change_that_is_none_is_refused(standing, said, sentence, rosa, doctor) -> None:
    entry = allergic(doctor, rosa, reaction="rash")
    with pytest.raises(NotRecorded, match=sentence):
        say(doctor, entry, standing, **said)


def test_only_an_allergy_that_stands_is_changed_and_only_by_its_own_verb(rosa, doctor) -> None:
    entry = allergic(doctor, rosa)
    say(doctor, entry, "inactive")
    with pytest.raises(NotCurrent):
        say(doctor, entry, "resolved")
    other = PatientFactory(site=rosa.site)
    with acting_as(doctor):
        none = record_no_known_allergies(by=doctor, patient=other, now=NOW)
        with pytest.raises(NotAMove):
            change_clinical_status(by=doctor, entry=none, status="inactive", now=NOW)
    with pytest.raises(NotRecorded, match="not an allergy"):
        say(doctor, none, "resolved")


def test_what_another_system_told_keeps_its_resource_when_it_is_changed(rosa, doctor) -> None:
    told_ = {"resource": "{}", "precision": "year", "verification": "confirmed"}
    entry = EntryFactory(patient=rosa, kind="allergy", code="7984", display="Penicillin V", data=told_, source="fhir:")
    after = say(doctor, entry, "inactive")
    assert (after.data["resource"], after.code, after.data["precision"]) == ("{}", "7984", "year")
    assert "verification" not in after.data


def test_the_database_holds_that_what_is_refuted_is_not_active(rosa) -> None:
    with pytest.raises(IntegrityError, match="refuted_is_not_active"), transaction.atomic():
        EntryFactory(patient=rosa, kind="allergy", clinical_status="active", data={"verification": "refuted"})


def test_entered_in_error_leaves_never_asked(rosa, doctor) -> None:
    entry = allergic(doctor, rosa)
    with acting_as(doctor):
        void_entry(by=doctor, entry=entry, reason="Wrong patient", now=NOW)
    assert told(doctor, rosa).state == "never_asked"


# == The same twice ==
def test_the_same_twice_asks_why_and_an_earlier_one_that_is_over_does_not(rosa, doctor) -> None:
    first = allergic(doctor, rosa, substance="Peanuts")
    with pytest.raises(AlreadyThere) as found:
        allergic(doctor, rosa, substance="allergy to peanut")
    assert found.value.standing == first
    second = allergic(doctor, rosa, substance="peanut", though="Two kinds of reaction")
    assert second.data["though"] == "Two kinds of reaction"
    for standing, because in (("inactive", ""), ("resolved", ""), ("refuted", "Eaten since")):
        other = PatientFactory(site=rosa.site)
        say(doctor, allergic(doctor, other), standing, because)
        assert "though" not in allergic(doctor, other, though="Not needed").data


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("", "", "Latex"), ("", "", "LATEX "), True),
        (("", "", "Allergy to peanuts"), ("", "", "peanut (substance)"), True),
        (("", "", "Wasp venom"), ("", "", "venom, wasp"), True),
        (("", "", "Crème"), ("", "", "creme"), True),
        (("", "", "Penicillin V"), ("", "", "penicillin"), False),
        (("7984", "rxnorm", "Penicillin V"), ("7984", "rxnorm", "pen VK"), True),
        (("7984", "rxnorm", "a"), ("7984", "snomed", "b"), False),
        (("", "", "allergy"), ("", "", "reaction"), False),
        (("", "", "?"), ("", "", "!"), False),
    ],
)
def test_what_says_the_same(one, other, same) -> None:
    assert say_the_same(one, other) is same
    assert say_the_same(other, one) is same


# == The list ==
def test_the_worst_stands_first_and_a_doubt_is_said(rosa, doctor) -> None:
    allergic(doctor, rosa, substance="dust", severity="mild", reaction="sneezing", verification="presumed")
    allergic(doctor, rosa, substance="codeine", severity="severe")
    allergic(doctor, rosa, substance="egg", criticality="high", verification="confirmed")
    allergic(doctor, rosa, substance="milk")
    assert [one.words for one in told(doctor, rosa).entries] == ["egg", "codeine", "dust (sneezing, presumed)", "milk"]


def test_the_page_tells_who_asked_last_and_what_counts_nowhere(rosa, doctor) -> None:
    wrong = allergic(doctor, rosa, substance="milk")
    over = say(doctor, allergic(doctor, rosa, substance="egg"), "resolved")
    active = allergic(doctor, rosa)
    with acting_as(doctor):
        void_entry(by=doctor, entry=wrong, reason="Typed twice", now=NOW)
        found = list_of(doctor, rosa)
    assert (found.active, found.past, found.wrong, found.none_known, found.last) == (
        [active],
        [over],
        [wrong],
        None,
        active,
    )
    elsewhere = Entry(source="fhir:", effective_at=NOW - DAY, created_at=NOW)
    assert said_at(elsewhere) == NOW - DAY
    assert said_at(Entry(effective_at=NOW - DAY, created_at=NOW)) == NOW
