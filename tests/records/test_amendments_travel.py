"""What a patient asked to have amended goes wherever the entry goes: paper, file, `/v1` (45 CFR 164.526(d)(4))."""

import pytest

from healthcare.db.context import acting_as
from records.actions import amendments as actions
from records.actions.amendments import withdraw_amendment
from records.printing import body_of
from tests.factories import EntryFactory, PaperFactory
from tests.records.downloading import dangling, downloaded, of, well
from tests.records.test_amendments import (
    ANSWER,
    NOW,
    REASON,
    REBUTTAL,
    STATEMENT,
    WANTED,
    asked,
    asks,
    denied,
    does,
    entry,
    patient_user,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
__all__ = ["asked", "denied", "entry", "patient_user"]


@pytest.fixture
def disputed(denied, patient_user, doctor):
    """Denied, disagreed with and rebutted."""
    does(actions.disagree_with_denial, patient_user, denied, statement=STATEMENT)
    return does(actions.rebut_disagreement, doctor, denied, rebuttal=REBUTTAL)


def on_paper(user, patient, kind: str = "chart") -> str:
    with as_the_system():
        paper = PaperFactory(patient=patient, kind=kind, asked_by=user, asked_as=user.acting_role)
    with acting_as(user):
        return body_of(paper, user, NOW).html


def test_the_chart_on_paper_says_all_of_it_beside_the_entry(disputed, rosa, doctor, patient_user) -> None:
    EntryFactory(patient=rosa, display="Sodium", code="2951-2")
    for user in (doctor, patient_user):
        text = on_paper(user, rosa)
        places = [
            text.index(said) for said in ("Blood sugar over 3 months", WANTED, REASON, ANSWER, STATEMENT, REBUTTAL)
        ]
        assert places == sorted(places)
        assert text.count(WANTED) == 1


def test_one_about_the_record_as_a_whole_stands_at_its_end(patient_user, rosa, doctor) -> None:
    asks(patient_user, rosa)
    text = on_paper(doctor, rosa)
    assert text.index("Asked to have amended in the record") < text.index(WANTED)


def test_what_was_taken_back_goes_nowhere(asked, patient_user, rosa, doctor, browser) -> None:
    does(withdraw_amendment, patient_user, asked)
    assert WANTED not in on_paper(doctor, rosa)
    assert of(downloaded(browser(patient_user)), "Communication") == []


def test_the_file_of_the_patient_leads_from_it_to_the_entry(disputed, entry, patient_user, browser) -> None:
    bundle = downloaded(browser(patient_user))
    (told,) = of(bundle, "Communication")
    assert told["about"] == [{"reference": f"Observation/{entry.pk}"}]
    said = [one["contentString"] for one in told["payload"]]
    assert said == [f"It should say: {WANTED}", f"Because: {REASON}", f"Statement of disagreement: {STATEMENT}"]
    answers = " ".join(one["text"] for one in told["note"])
    assert "It is accurate and complete" in answers
    assert ANSWER in answers
    assert REBUTTAL in answers
    assert (well(bundle), dangling(bundle)) == ([], set())


def test_one_that_waits_has_no_answer_yet(asked, patient_user, browser) -> None:
    (told,) = of(downloaded(browser(patient_user)), "Communication")
    assert (told["status"], "note" in told) == ("in-progress", False)


def test_other_programs_read_it_with_the_entry(disputed, entry, rosa, doctor, api) -> None:
    one = api(doctor).read(f"/records/{entry.pk}").json()
    (listed,) = api(doctor).read("/records", {"patient": str(rosa.pk)}).json()["items"]
    for told in (one, listed):
        (about,) = told["amendments"]
        assert (about["state"], about["ground"], about["wanted"]) == ("denied", "accurate", WANTED)
        assert (about["answer"], about["disagreement"], about["rebuttal"]) == (ANSWER, STATEMENT, REBUTTAL)
