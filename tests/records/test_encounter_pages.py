"""The pages of visits: whom they open to, what stands on them, and what they do."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.parts import Card
from healthcare.db.context import acting_as
from records.actions.encounters import finish_encounter, start_encounter
from records.actions.notes import add_addendum
from records.models import Encounter
from records.queries.encounters import previous_visit
from tests.factories import AppointmentFactory, EncounterFactory, EntryFactory, PatientFactory, staff
from tests.patients.conftest import sign_in
from tests.records.visits import NOW, Visit
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
READ = ("encounters", "encounter")
WRITE = ("start", "finish", "note", "draft", "sign", "throw_away", "add_addendum", "start_appointment")


def address(name: str, running: Visit, **other) -> str:
    keys = {"patient_id": running.patient.pk}
    if name not in ("encounters", "start", "start_appointment"):
        keys["encounter_id"] = running.encounter.pk
    if name == "start_appointment":
        keys["appointment_id"] = running.patient.pk
    return reverse(f"records:{name}", kwargs=keys | other)


def text(page, status: int = 200) -> str:
    assert page.status_code == status, page.content.decode()[:800]
    return page.content.decode()


def measure(running: Visit, *, encounter: Encounter | None, minutes: int = -10) -> None:
    """What a nurse measured: a panel, in it a blood pressure and a pulse."""
    at = NOW + timedelta(minutes=minutes)
    common = {"patient": running.patient, "encounter": encounter, "effective_at": at, "kind": "vital_signs"}
    panel = EntryFactory(**common, code="85353-1", display="Vital signs", value=None, unit="", author=running.nurse)
    parts = [{"code": "8480-6", "value": "134", "unit": "mm[Hg]"}, {"code": "8462-4", "value": "82", "unit": "mm[Hg]"}]
    pressure = {
        "code": "85354-9",
        "display": "Blood pressure",
        "value": None,
        "unit": "",
        "data": {"components": parts},
    }
    EntryFactory(**common, parent=panel, **pressure)
    EntryFactory(**common, parent=panel, code="8867-4", display="Heart rate", value=72, unit="/min")


def diagnose(running: Visit, encounter: Encounter | None, display: str, code: str, **fields) -> None:
    given = {"kind": "condition", "clinical_status": "active", "value": None, "unit": "", "code_system": "icd-10-cm"}
    EntryFactory(patient=running.patient, encounter=encounter, display=display, code=code, **(given | fields))


# == Alice, Bob and Charlie ==
@pytest.mark.parametrize("name", READ)
def test_everybody_who_reads_the_chart_reads_visits(running, name) -> None:
    for user in (running.doctor, running.colleague, running.nurse):
        assert "<b>Delgado</b>, Rosa" in text(sign_in(user).get(address(name, running)))


@pytest.mark.parametrize("name", READ + WRITE)
def test_a_doctor_of_elsewhere_gets_nothing(running, name) -> None:
    stranger = sign_in(running.stranger)
    for method in (stranger.get, stranger.post):
        page = method(address(name, running))
        assert page.status_code in (403, 404, 405)
        assert b"Delgado" not in page.content


@pytest.mark.parametrize("name", WRITE)
def test_a_nurse_writes_no_notes(running, name) -> None:
    assert sign_in(running.nurse).post(address(name, running)).status_code == 403


@pytest.mark.parametrize("name", READ + WRITE)
def test_the_patient_has_pages_of_their_own(running, name) -> None:
    assert sign_in(running.rosa).get(address(name, running)).status_code in (403, 404, 405)


@pytest.mark.parametrize("name", READ + WRITE)
def test_nobody_gets_in_without_signing_in(running, name) -> None:
    assert Client().post(address(name, running)).status_code == 302


def test_the_visit_of_another_patient_is_not_found_under_this_one(running) -> None:
    other = EncounterFactory(patient=PatientFactory(site=running.patient.site), provider=running.provider)
    page = sign_in(running.doctor).get(address("encounter", running, encounter_id=other.pk))
    assert page.status_code == 404


# == Begin ==
def test_an_appointment_of_today_is_begun_by_one_press(running) -> None:
    at = timezone.now() + timedelta(minutes=5)
    with as_the_system():
        running.encounter.status = "finished"
        running.encounter.finished_at = NOW
        running.encounter.save()
    booked = AppointmentFactory(patient=running.patient, provider=running.provider, start=at, reason="Cough")
    doctor = sign_in(running.doctor)
    begin = address("start_appointment", running, appointment_id=booked.pk)
    assert begin in text(doctor.get(address("encounters", running)))
    assert begin in text(doctor.get(reverse("patients:chart", args=[running.patient.pk])))
    answer = doctor.post(begin)
    with as_the_system():
        begun = Encounter.objects.get(appointment=booked)
    assert answer["Location"] == address("note", running, encounter_id=begun.pk)
    assert "Go on with the visit" in text(doctor.get(address("encounters", running)))


def test_what_cannot_begin_says_why(running) -> None:
    gone = AppointmentFactory(patient=running.patient, provider=running.provider, status="no_show", missed_at=NOW)
    page = sign_in(running.doctor).post(address("start_appointment", running, appointment_id=gone.pk), follow=True)
    assert "Did not come" in text(page)


def test_the_appointment_of_a_colleague_is_not_begun_by_who_is_no_provider(running) -> None:
    booked = AppointmentFactory(patient=running.patient, provider=running.provider)
    with as_the_system():
        running.provider.ended_at = NOW
        running.provider.save()
    page = sign_in(running.doctor).post(address("start_appointment", running, appointment_id=booked.pk), follow=True)
    assert "not that of a provider" in text(page)
    assert "not that of a provider" in text(sign_in(running.doctor).get(address("start", running)))


def test_without_an_appointment_one_says_where_and_what_for(running) -> None:
    doctor = sign_in(running.doctor)
    assert "in progress" in text(doctor.get(address("start", running))), "a second visit is asked about"
    missing = text(doctor.post(address("start", running), {"site": str(running.patient.site_id)}), 422)
    assert "Why the patient came" in missing
    answer = doctor.post(address("start", running), {"site": str(running.patient.site_id), "reason": "Fell"})
    assert answer.status_code == 302
    with as_the_system():
        assert Encounter.objects.filter(reason="Fell", status="in_progress").exists()


def test_a_site_closed_to_oneself_meanwhile_is_said(running, monkeypatch) -> None:
    from records.actions.encounters import NotStarted

    def refuse(**_given):
        raise NotStarted("You do not work at this site.")

    monkeypatch.setattr("records.views.encounters.start_encounter", refuse)
    given = {"site": str(running.patient.site_id), "reason": "Fell"}
    assert "You do not work at this site." in text(sign_in(running.doctor).post(address("start", running), given), 422)


# == Everything of one visit ==
def test_everything_of_the_visit_stands_on_one_page(running) -> None:
    measure(running, encounter=None)
    diagnose(running, running.encounter, "Acute cystitis without hematuria", "N30.00")
    EntryFactory(patient=running.patient, encounter=running.encounter)
    note = running.signs()
    with acting_as(running.doctor):
        add_addendum(by=running.doctor, note=note, text="Culture came back.", now=NOW)
    page = text(sign_in(running.nurse).get(address("encounter", running)))
    for part in (
        "134/82",
        "Heart rate",
        "Acute cystitis",
        "N30.00",
        "Blood sugar over 3 months",
        "Urine culture.",
        "Culture came back.",
        "Signed by Maren Okafor",
        note.signature[:12],
    ):
        assert part in page, part
    assert "Add to it" not in page, "a nurse adds nothing"
    assert "Finish the visit" not in page


def test_what_was_measured_on_another_day_is_no_part_of_it(running) -> None:
    measure(running, encounter=None, minutes=-60 * 24)
    assert "Nothing was measured." in text(sign_in(running.nurse).get(address("encounter", running)))


def test_a_visit_that_is_only_planned_has_nothing_yet(running) -> None:
    running.signs()
    measure(running, encounter=None)
    planned = EncounterFactory(
        patient=running.patient, provider=running.provider, status="planned", site=running.patient.site, started_at=None
    )
    assert "Nothing was measured." in text(
        sign_in(running.nurse).get(address("encounter", running, encounter_id=planned.pk))
    )
    with acting_as(running.doctor):
        assert previous_visit(running.doctor, planned).encounter == running.encounter


def test_the_front_desk_is_shown_no_notes(running) -> None:
    running.signs()
    desk = sign_in(staff("front_desk", running.patient.site))
    assert "Note signed" not in text(desk.get(reverse("patients:chart", args=[running.patient.pk])))
    assert desk.get(address("encounter", running)).status_code == 403


def test_a_draft_is_named_to_its_author_alone(running) -> None:
    running.saves()
    assert "Go on writing" in text(sign_in(running.doctor).get(address("encounter", running)))
    others = text(sign_in(running.colleague).get(address("encounter", running)))
    assert "not signed yet" in others
    assert "Urine culture" not in others


def test_a_signature_that_does_not_fit_is_said_loudly(running, monkeypatch) -> None:
    running.signs()
    monkeypatch.setattr("records.queries.encounters.signature_of", lambda *_args, **_named: "0" * 64)
    page = text(sign_in(running.doctor).get(address("encounter", running)))
    assert "The signature does not fit this text" in page


# == Finish ==
def test_finishing_is_asked_and_done(running) -> None:
    doctor = sign_in(running.doctor)
    assert "The note is not signed yet" in text(doctor.get(address("finish", running)))
    assert "finished" in text(doctor.post(address("finish", running), follow=True))
    assert running.now_is().status == "finished"
    assert doctor.get(address("finish", running))["Location"] == address("encounter", running)


def test_a_visit_that_cannot_end_says_why(running) -> None:
    running.mistaken()
    page = text(sign_in(running.doctor).post(address("finish", running), follow=True))
    assert "cannot be finished" in page
    assert "Entered in error" in page


# == Parts of other apps ==
def broken(*_given):
    raise RuntimeError("the app is ill")


@pytest.mark.parametrize("name", ["records.EncounterCard", "records.NoteCard"])
def test_an_app_that_fails_leaves_a_gap_and_the_banner_stands(running, takes_part, name) -> None:
    takes_part(name, broken, lambda *_given: None)
    page = address("encounter" if name == "records.EncounterCard" else "note", running)
    html = text(sign_in(running.doctor).get(page))
    assert "could not be shown" in html
    assert "Allergies" in html
    assert "<b>Delgado</b>, Rosa" in html


@pytest.mark.parametrize("wide", [True, False])
def test_an_app_to_the_right_adds_a_card(running, takes_part, wide) -> None:
    takes_part("records.EncounterCard", lambda *_given: Card("ui/failed_card.html", wide=wide))
    assert "could not be shown" in text(sign_in(running.doctor).get(address("encounter", running)))


def test_a_failing_banner_is_said_on_the_note_as_well(running, takes_part) -> None:
    class Broken:
        def for_patients(self, ids, *, user):
            raise RuntimeError

    takes_part("patients.Banner", Broken())
    assert "Allergies could not be shown" in text(sign_in(running.doctor).get(address("note", running)))


# == Budgets ==
@pytest.mark.parametrize("name", ["encounters", "encounter", "note"])
def test_ten_visits_cost_no_more_queries_than_one(running, assert_queries, takes_part, name) -> None:
    doctor = sign_in(running.doctor)
    takes_part("records.NoteCard", lambda *_given: None)
    takes_part("records.EncounterCard", lambda *_given: None)
    grow(running, 1)
    doctor.get(address(name, running))
    with assert_queries(at_most=12) as one:
        doctor.get(address(name, running))
    grow(running, 9)
    with assert_queries(at_most=12) as ten:
        doctor.get(address(name, running))
    assert len(one) == len(ten), f"{one}\n\n{ten}"


def grow(running: Visit, number: int) -> None:
    for place in range(number):
        earlier = NOW - timedelta(days=place + 1)
        with acting_as(running.doctor):
            past = start_encounter(
                by=running.doctor,
                patient=running.patient,
                provider=running.provider,
                site=running.patient.site,
                reason="Before",
                now=earlier,
            )
            finish_encounter(by=running.doctor, encounter=past, now=earlier)
        current, running.encounter = running.encounter, past
        note = running.signs(now=earlier)
        running.encounter = current
        with acting_as(running.doctor):
            add_addendum(by=running.doctor, note=note, text="More", now=earlier)
        measure(running, encounter=running.encounter, minutes=place)
        diagnose(running, running.encounter, "Cystitis", "N30.00")
        diagnose(running, past, "Diabetes", "E11.9")
