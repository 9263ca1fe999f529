"""Writing a note: what stands beside it, saving as one types, two windows, another sign-in, signing with a proof."""

from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.models import Session
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from records.models import Draft, Entry
from records.rules.notes import LONGEST_PART, NoteText, note_text
from tests.patients.conftest import sign_in
from tests.records.test_encounter_pages import address, diagnose, measure, text
from tests.records.visits import NOW, TEXT, Visit
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
OTHER = replace(TEXT, plan="Typed in another window.")


def form(running: Visit, said: NoteText = TEXT, *, version: int = 0, pen: str = "", **other: str) -> dict[str, str]:
    return asdict(said) | {"version": str(version), "writer": str(running.doctor.pk), "pen": pen} | other


def forget_the_proof(running: Visit) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    Session.objects.filter(user=running.doctor).update(stepped_up_at=long_ago)


def notes() -> list[Entry]:
    with as_the_system():
        return list(Entry.objects.filter(kind="note"))


# == What stands there ==
def test_what_one_needs_stands_beside_the_note(running) -> None:
    measure(running, encounter=running.encounter)
    diagnose(running, running.encounter, "Acute cystitis", "N30.00")
    diagnose(running, None, "Atrial fibrillation", "I48.91")
    diagnose(running, None, "Otitis media", "H66.90", clinical_status="resolved")
    page = text(sign_in(running.doctor).get(address("note", running)))
    for part in ("134/82", "Measured by", "Acute cystitis", "Atrial fibrillation", "Allergies", "No earlier visit"):
        assert part in page, part
    assert "Otitis" not in page, "what is over is no problem of today"
    assert "Burning when passing urine" in page, "the reason of the visit is written in"


def test_the_previous_visit_stands_beside_it(running) -> None:
    running.signs()
    again = visit_again(running)
    page = text(sign_in(running.doctor).get(address("note", again)))
    assert "Last visit, <time" in page
    assert "Nov 19, 2026</time>" in page
    assert "Nitrofurantoin for 5 days." in page


def visit_again(running: Visit) -> Visit:
    from records.actions.encounters import start_encounter

    with acting_as(running.doctor):
        later = start_encounter(
            by=running.doctor,
            patient=running.patient,
            provider=running.provider,
            site=running.patient.site,
            now=NOW + timedelta(days=14),
        )
    return replace(running, encounter=later)


def test_a_signed_note_is_not_opened_to_write(running) -> None:
    running.signs()
    assert sign_in(running.doctor).get(address("note", running))["Location"] == address("encounter", running)


def test_a_colleague_is_led_to_the_visit(running) -> None:
    running.saves()
    assert sign_in(running.colleague).get(address("note", running))["Location"] == address("encounter", running)


# == Without scripts ==
def test_the_button_saves_and_leads_back(running) -> None:
    doctor = sign_in(running.doctor)
    answer = doctor.post(address("note", running), form(running))
    assert answer["Location"] == address("note", running)
    page = text(doctor.get(address("note", running)))
    assert "Draft saved" in page
    assert "Urine culture. Nitrofurantoin for 5 days." in page
    assert 'name="version" value="1"' in page


def test_two_windows_show_both_texts(running) -> None:
    doctor = sign_in(running.doctor)
    running.saves()
    running.saves(OTHER, version=1)
    mine = replace(TEXT, plan="Typed here.", objective="Found here.")
    page = text(doctor.post(address("note", running), form(running, mine, version=1)), 409)
    for part in ("Typed in another window.", "Typed here.", "Found here.", "both texts stand here"):
        assert part in page
    assert 'name="version" value="2"' in page, "what is saved from here replaces what is shown here"
    assert doctor.post(address("note", running), form(running, mine, version=2)).status_code == 302
    assert note_text(running.draft().content) == mine


def test_signing_in_the_wrong_window_shows_both_texts_too(running) -> None:
    running.saves()
    running.saves(OTHER, version=1)
    page = text(sign_in(running.doctor).post(address("sign", running), form(running, version=1)), 409)
    assert "Typed in another window." in page
    assert notes() == []


@pytest.mark.parametrize("door", ["note", "sign"])
def test_a_text_that_comes_too_late_stays_on_the_page(running, door) -> None:
    running.signs()
    late = replace(TEXT, plan="A plan that came too late.")
    page = text(sign_in(running.doctor).post(address(door, running), form(running, late)), 422)
    assert "signed already" in page
    assert "A plan that came too late." in page


@pytest.mark.parametrize("door", ["note", "sign"])
def test_too_long_a_text_is_said_and_kept_on_the_page(running, door) -> None:
    long = replace(TEXT, objective="x" * (LONGEST_PART + 1))
    page = text(sign_in(running.doctor).post(address(door, running), form(running, long)), 422)
    assert "20000 characters" in page
    assert "x" * (LONGEST_PART + 1) in page


@pytest.mark.parametrize("lie", [{"version": "soon"}, {"version": "-1"}, {"pen": "<script>"}, {"writer": "me"}])
def test_hidden_fields_are_checked_as_well(running, lie) -> None:
    assert sign_in(running.doctor).post(address("note", running), form(running, **lie)).status_code == 422
    assert running.draft() is None


# == As one types ==
def keep(client: Client, running: Visit, *given, **named):
    return client.post(address("draft", running), form(running, *given, **named))


def test_it_says_the_version_and_the_time(running) -> None:
    doctor = sign_in(running.doctor)
    answer = keep(doctor, running, pen="ab.1")
    assert answer.json()["state"] == "saved"
    assert answer.json()["version"] == 1
    assert answer.json()["sentence"].startswith("Draft saved ")
    assert answer.json()["sentence"].endswith(("EST", "EDT"))
    assert keep(doctor, running, OTHER, version=1, pen="ab.2").json()["version"] == 2


def test_a_lost_answer_is_no_conflict(running) -> None:
    doctor = sign_in(running.doctor)
    keep(doctor, running, pen="ab.1")
    assert keep(doctor, running, OTHER, version=0, pen="ab.2").json()["version"] == 2


def test_another_window_is_one(running) -> None:
    doctor = sign_in(running.doctor)
    keep(doctor, running, pen="ab.1")
    answer = keep(doctor, running, OTHER, version=0, pen="cd.1")
    assert (answer.status_code, answer.json()["state"]) == (409, "moved")
    assert "Urine" not in answer.content.decode(), "the answer holds nothing of the chart"


def test_a_text_is_not_kept_under_another_name(running) -> None:
    """A colleague signed in in another tab of the same browser; the page still holds the doctor's words."""
    answer = keep(sign_in(running.colleague), running)
    assert (answer.status_code, answer.json()["state"]) == (409, "others")
    with as_the_system():
        assert not Draft.objects.exists()


def test_after_signing_it_is_closed(running) -> None:
    running.signs()
    answer = keep(sign_in(running.doctor), running, OTHER)
    assert (answer.status_code, answer.json()["state"]) == (409, "closed")


def test_what_does_not_fit_is_said(running) -> None:
    answer = keep(sign_in(running.doctor), running, replace(TEXT, plan="x" * (LONGEST_PART + 1)))
    assert (answer.status_code, answer.json()["state"]) == (422, "refused")


def test_the_page_asks_who_is_signed_in_now(running) -> None:
    answer = sign_in(running.doctor).get(address("draft", running)).json()
    assert answer["writer"] == str(running.doctor.pk)
    assert answer["token"]


def test_a_session_that_ended_is_told_apart(running) -> None:
    """The script does not follow: an answer that leads elsewhere says that nobody is signed in."""
    answer = Client().post(address("draft", running), form(running))
    assert answer.status_code == 302
    assert running.draft() is None


def test_a_stale_token_is_refused_and_a_fresh_one_taken(running) -> None:
    strict = sign_in(running.doctor)
    strict.handler.enforce_csrf_checks = True
    token = strict.get(address("draft", running)).json()["token"]
    stale = "x" * 64
    assert keep(strict, running, csrfmiddlewaretoken=stale).status_code == 403
    assert keep(strict, running, csrfmiddlewaretoken=token).json()["state"] == "saved"


def test_saving_opens_the_chart_no_more_and_is_audited_once(running) -> None:
    doctor = sign_in(running.doctor)
    for number in range(4):
        keep(doctor, running, replace(TEXT, plan=f"Plan {number}"), version=number, pen=f"ab.{number + 1}")
    with as_the_system():
        actions = AuditEvent.objects.filter(actor_id=running.doctor.pk, patient_id=running.patient.pk)
        assert list(actions.values_list("action", flat=True).order_by("id")) == [
            "records.start_encounter",
            "records.begin_draft",
        ]


def test_a_refused_stranger_is_written_down(running) -> None:
    assert keep(sign_in(running.stranger), running).status_code == 404
    with acting_as(running.stranger, using="audit"):
        events = AuditEvent.objects.using("audit").filter(actor_id=running.stranger.pk, outcome="denied")
        assert [event.action for event in events] == ["patients.open_chart"]


# == Thrown away ==
def test_throwing_away_is_asked(running) -> None:
    doctor = sign_in(running.doctor)
    assert doctor.get(address("throw_away", running))["Location"] == address("encounter", running)
    running.saves()
    assert "cannot be brought back" in text(doctor.get(address("throw_away", running)))
    assert "The draft is gone" in text(doctor.post(address("throw_away", running), {"version": "1"}, follow=True))
    assert running.draft() is None


@pytest.mark.parametrize("version", ["1", "", "x"])
def test_what_was_saved_since_is_not_thrown_away(running, version) -> None:
    running.saves()
    running.saves(OTHER, version=1)
    page = text(sign_in(running.doctor).post(address("throw_away", running), {"version": version}, follow=True))
    assert "another window" in page
    assert running.draft() is not None


# == Sign ==
def test_signing_asks_who_one_is_and_keeps_the_text(running) -> None:
    doctor = sign_in(running.doctor)
    forget_the_proof(running)
    asked = text(doctor.post(address("sign", running), form(running)))
    assert "Is it still you?" in asked
    assert "Nitrofurantoin for 5 days." in asked, "what was typed is kept on the page that asks"
    assert notes() == []


def test_who_proved_it_signs_and_the_visit_shows_it(running) -> None:
    doctor = sign_in(running.doctor)
    running.saves()
    answer = doctor.post(address("sign", running), form(running, version=1))
    assert answer["Location"] == address("encounter", running)
    page = text(doctor.get(address("encounter", running)))
    assert "Signed by Maren Okafor" in page
    assert "Signed. The note cannot be changed" in page
    assert len(notes()) == 1


def test_what_is_missing_is_said_beside_its_field(running) -> None:
    page = text(sign_in(running.doctor).post(address("sign", running), form(running, replace(TEXT, plan=""))), 422)
    assert "Write the plan before you sign." in page
    assert "Lower urinary tract infection." in page
    assert "data-unkept" in page, "the script knows that the server does not have this text yet"


def test_another_person_does_not_sign_what_the_doctor_typed(running) -> None:
    page = text(sign_in(running.colleague).post(address("sign", running), form(running)), 422)
    assert "Somebody else is signed in" in page
    assert notes() == []


def test_signing_is_no_page_of_its_own(running) -> None:
    assert sign_in(running.doctor).get(address("sign", running)).status_code == 405


# == Addendum ==
def test_an_addendum_is_written_then_proved_then_signed(running) -> None:
    running.signs()
    doctor = sign_in(running.doctor)
    forget_the_proof(running)
    assert "stays as it was signed" in text(doctor.get(address("add_addendum", running))), "nothing is asked yet"
    asked = text(doctor.post(address("add_addendum", running), {"text": "Culture came back."}))
    assert "Is it still you?" in asked
    assert "Culture came back." in asked
    Session.objects.filter(user=running.doctor).update(stepped_up_at=timezone.now())
    page = text(doctor.post(address("add_addendum", running), {"text": "Culture came back."}, follow=True))
    assert "Culture came back." in page
    assert "The addendum is signed" in page


def test_an_empty_addendum_is_refused(running) -> None:
    running.signs()
    doctor = sign_in(running.doctor)
    assert doctor.post(address("add_addendum", running), {"text": " "}).status_code == 422


def test_what_is_refused_by_the_verb_is_said(running, monkeypatch) -> None:
    from records.actions import notes as actions

    def refuse(**_given):
        raise actions.NothingToAdd("Only a signed note can be added to.")

    running.signs()
    monkeypatch.setattr(actions, "add_addendum", refuse)
    page = text(sign_in(running.doctor).post(address("add_addendum", running), {"text": "More"}), 422)
    assert "Only a signed note" in page


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_signed_note_there_is_nothing_to_add_to(running, method) -> None:
    doctor = sign_in(running.doctor)
    assert getattr(doctor, method)(address("add_addendum", running), {"text": "More"}).status_code == 404


# == What waits ==
def test_the_list_names_what_waits_and_what_is_late(running) -> None:
    from records.actions.encounters import finish_encounter

    running.saves()
    with acting_as(running.doctor):
        finish_encounter(by=running.doctor, encounter=running.encounter, now=timezone.now() - timedelta(days=2))
    doctor = sign_in(running.doctor)
    for page in (text(doctor.get(reverse("records:notes_to_sign"))), text(doctor.get(reverse("home")))):
        for part in ("Delgado", "Late", "Draft", address("note", running)):
            assert part in page, part
    running.signs(version=1)
    assert "Every note is signed" in text(doctor.get(reverse("records:notes_to_sign")))


def test_nobody_else_is_told(running) -> None:
    assert "Delgado" not in text(sign_in(running.colleague).get(reverse("records:notes_to_sign")))
    assert sign_in(running.nurse).get(reverse("records:notes_to_sign")).status_code == 403
    assert "Notes to sign" not in text(sign_in(running.nurse).get(reverse("home")))


def test_the_list_costs_the_same_for_ten(running, assert_queries) -> None:
    doctor = sign_in(running.doctor)
    doctor.get(reverse("records:notes_to_sign"))
    with assert_queries(at_most=12) as one:
        doctor.get(reverse("records:notes_to_sign"))
    for _each in range(9):
        visit_again(running)
    with assert_queries(at_most=12) as ten:
        doctor.get(reverse("records:notes_to_sign"))
    assert len(one) == len(ten)


def test_the_list_is_audited(running, audited) -> None:
    sign_in(running.doctor).get(reverse("records:notes_to_sign"))
    assert ("records.list_notes_to_sign", "ok") in audited(running.doctor)
