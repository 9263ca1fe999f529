"""The patient's summary of a visit: in plain words, only once it is signed, and nobody else's."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.parts import Card
from healthcare.db.context import acting_as
from records.actions.notes import add_addendum
from tests.factories import AppointmentFactory, PatientFactory, portal_user
from tests.patients.conftest import sign_in
from tests.records.test_encounter_pages import diagnose, measure, text
from tests.records.visits import NOW, TEXT, Visit

pytestmark = pytest.mark.django_db


def summary(running: Visit) -> str:
    return reverse("records_portal:summary", args=[running.encounter.pk])


def test_it_says_what_was_found_and_what_to_do(running) -> None:
    measure(running, encounter=running.encounter)
    diagnose(running, running.encounter, "Acute cystitis without hematuria", "N30.00")
    next_one = AppointmentFactory(patient=running.patient, start=timezone.now() + timedelta(days=3))
    note = running.signs()
    with acting_as(running.doctor):
        add_addendum(by=running.doctor, note=note, text="The culture is fine.", now=NOW)
    page = text(sign_in(running.rosa).get(summary(running)))
    for part in (
        "Nov 19, 2026",
        running.provider.name,
        running.patient.site.name,
        "Burning when passing urine",
        "Acute cystitis without hematuria",
        "134/82",
        "Take the tablets with food.",
        "The culture is fine.",
        next_one.provider.name,
        "Signed by Maren Okafor",
    ):
        assert part in page, part
    assert "N30.00" not in page, "codes are for bills"


def test_without_words_for_the_patient_they_read_the_plan(running) -> None:
    running.signs(replace(TEXT, instructions=""))
    page = text(sign_in(running.rosa).get(summary(running)))
    assert page.count("Nitrofurantoin for 5 days.") == 2, "as what to do now, and in the note itself"
    assert "Nothing was measured." in page
    assert "No further visit is booked." in page
    assert "No diagnosis was written down." in page


def test_what_is_not_signed_is_not_there(running) -> None:
    running.saves()
    patient = sign_in(running.rosa)
    assert patient.get(summary(running)).status_code == 404
    assert "No summary yet" in text(patient.get(reverse("records_portal:summaries")))
    assert "Last visit" not in text(patient.get(reverse("portal:home")))


def test_the_list_and_the_first_page_lead_to_it(running) -> None:
    running.signs()
    patient = sign_in(running.rosa)
    for page in (reverse("records_portal:summaries"), reverse("portal:home")):
        assert summary(running) in text(patient.get(page))


def test_a_visit_entered_by_mistake_is_not_shown(running) -> None:
    running.signs()
    running.mistaken()
    patient = sign_in(running.rosa)
    assert patient.get(summary(running)).status_code == 404
    assert summary(running) not in text(patient.get(reverse("records_portal:summaries")))


def test_it_is_nobody_elses(running) -> None:
    running.signs()
    other = sign_in(portal_user(PatientFactory()))
    assert other.get(summary(running)).status_code == 404
    assert sign_in(running.doctor).get(summary(running)).status_code == 403


def test_an_opening_is_written_down(running, audited) -> None:
    running.signs()
    sign_in(running.rosa).get(summary(running))
    assert audited(running.rosa) == [("patients.open_chart", "ok")]


def test_apps_to_the_right_add_their_card(running, takes_part) -> None:
    running.signs()
    takes_part("records.SummaryCard", lambda *_given: Card("ui/failed_card.html"))
    assert "could not be shown" in text(sign_in(running.rosa).get(summary(running)))


def test_ten_visits_cost_no_more_queries_than_one(running, assert_queries, takes_part) -> None:
    from tests.records.test_encounter_pages import grow

    running.signs()
    patient = sign_in(running.rosa)
    pages = (summary(running), reverse("records_portal:summaries"))
    numbers = []
    for more in (0, 9):
        grow(running, more)
        for page in pages:
            patient.get(page)
            with assert_queries(at_most=12) as asked:
                patient.get(page)
            numbers.append(len(asked))
    assert numbers[:2] == numbers[2:]
