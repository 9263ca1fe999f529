"""The dispensary in the browser: the queue, handing out, what nobody came for; and what prescribers see of it."""

import re
from datetime import timedelta
from html import unescape

import pytest

from prescriptions import actions
from prescriptions.models import Prescription
from tests.factories import PatientFactory, staff
from tests.prescriptions.conftest import NOW, allergy, drafted, provider, ready, reload, signed
from tests.prescriptions.test_prescribe_page import address, text_of
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
QUEUE = "/prescriptions/dispensary"
WHO = {"name": "Theo Delgado", "relation": "child", "identity_checked": "on"}


def plain(page: str) -> str:
    """What is read, without tags, each gap one space."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>|[\u2066-\u2069]", "", page)))


def late(doctor, patient, **more) -> Prescription:
    prescription = ready(doctor, patient, **more)
    with as_the_system():
        actions.expire_uncollected(by=None, prescription_id=prescription.pk, now=NOW + timedelta(days=30))
    return reload(prescription)


def test_the_queue_shows_what_waits_in_each_state(browser, doctor, pharmacist, patient) -> None:
    signed(doctor, patient)
    ready(doctor, patient, label="lisinopril 20 mg, tablet")
    late(doctor, patient, label="metformin 850 mg, tablet")
    client = browser(pharmacist)
    for shown, inside, outside in (
        ("", "amoxicillin", "lisinopril"),
        ("signed", "amoxicillin", "metformin"),
        ("ready", "lisinopril", "amoxicillin"),
        ("not_collected", "metformin", "lisinopril"),
        ("picked_up", "amoxicillin", "lisinopril"),
    ):
        page = text_of(client.get(QUEUE, {"show": shown}))
        assert inside in page
        assert outside not in page
        assert "Delgado" in page
    assert "Nothing waits here" in text_of(browser(staff("pharmacist")).get(QUEUE))


def test_an_answered_finding_is_marked_for_the_pharmacist(browser, doctor, pharmacist, patient) -> None:
    clean = signed(doctor, patient, "lisinopril 20 mg, tablet")
    client = browser(pharmacist)
    assert "look before you prepare" not in text_of(client.get(QUEUE))
    allergy(patient, "penicillin")
    signed(doctor, patient)
    page = text_of(client.get(QUEUE))
    assert page.count("look before you prepare") == 1
    assert str(clean.pk) in page


def test_the_queue_is_of_ones_own_sites_and_in_the_order_of_waiting(browser, doctor, pharmacist, patient) -> None:
    first, second = signed(doctor, patient), signed(doctor, patient, "lisinopril 20 mg, tablet")
    elsewhere = PatientFactory(family_name="Elsewhere")
    allergy(elsewhere, "none")
    signed(provider(elsewhere), elsewhere)
    page = text_of(browser(pharmacist).get(QUEUE))
    assert "Elsewhere" not in page
    assert page.index(str(first.pk)) < page.index(str(second.pk))


def test_ready_and_handed_out_in_two_steps(browser, doctor, pharmacist, patient) -> None:
    prescription, client = signed(doctor, patient), browser(pharmacist)
    page = text_of(client.post(address(patient, prescription, "/ready"), follow=True))
    assert "The patient is told." in page
    form = text_of(client.get(address(patient, prescription, "/pick-up")))
    assert 'value="Rosa Delgado"' in form
    refused = text_of(client.post(address(patient, prescription, "/pick-up"), {"name": "", "relation": "child"}), 422)
    assert "Write the name as on the ID" in refused
    assert "Check who it is before you hand anything out" in refused
    page = text_of(client.post(address(patient, prescription, "/pick-up"), WHO, follow=True))
    assert "The prescriber is told." in page
    assert reload(prescription).status == "picked_up"
    page = text_of(client.get(address(patient, prescription)))
    assert "By Theo Delgado (Son or daughter), identity checked." in page


def test_the_second_one_is_told_who_was_first(browser, doctor, pharmacist, patient) -> None:
    prescription = ready(doctor, patient)
    first, second = browser(pharmacist), browser(staff("pharmacist", patient.site))
    assert first.post(address(patient, prescription, "/pick-up"), WHO).status_code == 302
    page = text_of(second.post(address(patient, prescription, "/pick-up"), WHO, follow=True))
    assert "It was handed out already: to Theo Delgado" in page
    page = text_of(second.post(address(patient, prescription, "/ready"), follow=True))
    assert "handed out already" in page


@pytest.mark.parametrize("then", ["/ready", "/pick-up"])
def test_only_the_dispensary_hands_out(browser, doctor, patient, then) -> None:
    prescription = ready(doctor, patient)
    for user in (doctor, staff("nurse", patient.site), staff("front_desk", patient.site)):
        assert browser(user).post(address(patient, prescription, then), WHO).status_code == 403
    assert browser(doctor).get(QUEUE).status_code == 403
    assert browser(staff("pharmacist")).post(address(patient, prescription, then), WHO).status_code == 403


def test_the_queue_costs_the_same_with_ten_times_the_rows(browser, doctor, pharmacist, patient, assert_queries) -> None:
    client = browser(pharmacist)
    signed(doctor, patient)
    text_of(client.get(QUEUE))
    with assert_queries() as one:
        text_of(client.get(QUEUE))
    for label in ("lisinopril 20 mg, tablet", "metformin 850 mg, tablet", "cranberry", "zinc", "iron"):
        signed(doctor, patient, label)
    with assert_queries() as many:
        text_of(client.get(QUEUE))
    assert len(one) == len(many)


# == Otherwise than whole ==
def test_a_part_of_another_maker_and_the_rest_later(browser, doctor, pharmacist, patient) -> None:
    prescription, client = signed(doctor, patient), browser(pharmacist)
    page = text_of(client.get(address(patient, prescription, "/ready")))
    assert 'value="14"' in page
    assert "Due: 14 capsules" in plain(page)
    for said, refusal in (
        ({"quantity": "15"}, "at most 14 capsules"),
        ({"quantity": "ten"}, "How much is a number above 0"),
        ({"quantity": "10"}, "Choose why it is less than is due"),
    ):
        refused = text_of(client.post(address(patient, prescription, "/ready"), said), 422)
        assert refusal in plain(refused)
        assert f'value="{said["quantity"]}"' in refused
    said = {"quantity": "10", "part_reason": "out_of_stock", "product": "Amoxil"}
    text_of(client.post(address(patient, prescription, "/ready"), said, follow=True))
    page = text_of(client.get(address(patient, prescription, "/pick-up")))
    assert "10 capsules. Instead: Amoxil" in plain(page)
    text_of(client.post(address(patient, prescription, "/pick-up"), WHO, follow=True))
    assert "To come: 4 capsules" in plain(text_of(client.get(QUEUE)))
    page = plain(text_of(client.get(address(patient, prescription))))
    assert "Collected in part, the rest to prepare" in page
    assert "Not enough in stock" in page


def test_exactly_this_one_offers_no_other_maker(browser, doctor, pharmacist, patient) -> None:
    prescription = signed(doctor, patient, may_substitute=False)
    page = text_of(browser(pharmacist).get(address(patient, prescription, "/ready")))
    assert "Of another maker" not in page
    assert "the prescriber allows no other maker" in page


def test_what_is_ready_has_nothing_to_prepare(browser, doctor, pharmacist, patient) -> None:
    prescription, client = ready(doctor, patient), browser(pharmacist)
    assert client.get(address(patient, prescription, "/ready")).status_code == 302
    page = text_of(client.post(address(patient, prescription, "/ready"), follow=True))
    assert "Somebody was quicker" in page


def test_not_dispensed_says_why_to_everybody_and_is_taken_up_again(browser, doctor, pharmacist, patient) -> None:
    prescription, client = signed(doctor, patient), browser(pharmacist)
    there = address(patient, prescription, "/not-dispensed")
    text_of(client.get(there))
    assert "Choose why" in text_of(client.post(there, {}), 422)
    assert "Say why in your words" in text_of(client.post(there, {"reason": "other"}), 422)
    page = text_of(client.post(there, {"reason": "unclear", "note": "Which strength?"}, follow=True))
    assert "The prescriber is told." in page
    page = plain(text_of(client.get(QUEUE, {"show": "not_dispensed"})))
    assert "The prescription is not clear: Which strength?" in page
    page = text_of(client.post(there, {"reason": "unclear"}, follow=True))
    assert "It is now: not dispensed" in page
    own = browser(doctor)
    assert "amoxicillin" in text_of(own.get("/prescriptions/", {"show": "not_dispensed"}))
    assert "Prepare after all" in text_of(own.get(address(patient, prescription)))
    assert "To prepare: amoxicillin" in text_of(own.post(address(patient, prescription, "/again"), follow=True))
    assert "Somebody was quicker" in text_of(own.post(address(patient, prescription, "/again"), follow=True))


def test_the_next_supply_goes_into_the_queue(browser, doctor, pharmacist, patient) -> None:
    prescription, client = ready(doctor, patient, repeats=1), browser(pharmacist)
    text_of(client.post(address(patient, prescription, "/pick-up"), WHO, follow=True))
    assert "Prepare the next supply" in text_of(client.get(address(patient, prescription)))
    text_of(client.post(address(patient, prescription, "/repeat"), follow=True))
    assert "Repeat 1" in plain(text_of(client.get(QUEUE)))
    page = plain(text_of(client.get(address(patient, prescription))))
    assert "1 repeat, 0 left" in page
    assert "Prepare the next supply" not in page
    assert browser(staff("nurse", patient.site)).post(address(patient, prescription, "/repeat")).status_code == 403


# == What the prescriber sees ==
def test_what_was_not_collected_comes_back_and_waits_on(browser, doctor, patient) -> None:
    prescription, client = late(doctor, patient), browser(doctor)
    page = text_of(client.get(address(patient, prescription)))
    assert "Nobody came" in page
    refused = text_of(client.post(address(patient, prescription, "/keep"), {"days": "90"}), 422)
    assert "Days are a whole number from 1 to 30" in refused
    page = text_of(client.post(address(patient, prescription, "/keep"), {"days": "5"}, follow=True))
    assert "It waits on." in page
    assert reload(prescription).status == "ready"
    page = text_of(client.post(address(patient, prescription, "/keep"), {"days": "5"}, follow=True))
    assert "It is now: ready to collect." in page


def test_a_nurse_reads_and_keeps_nothing(browser, doctor, patient) -> None:
    prescription, nurse = late(doctor, patient), browser(staff("nurse", patient.site))
    assert "Keep it ready" not in text_of(nurse.get(address(patient, prescription)))
    assert nurse.post(address(patient, prescription, "/keep"), {"days": "5"}).status_code == 403


def test_cancelling_needs_a_reason_and_reaches_the_queue_at_once(browser, doctor, pharmacist, patient) -> None:
    prescription, client = ready(doctor, patient), browser(doctor)
    text_of(client.get(address(patient, prescription, "/cancel")))
    assert "Choose why" in text_of(client.post(address(patient, prescription, "/cancel"), {}), 422)
    refused = text_of(client.post(address(patient, prescription, "/cancel"), {"reason": "other"}), 422)
    assert "Say why in your words" in refused
    page = text_of(client.post(address(patient, prescription, "/cancel"), {"reason": "changed"}, follow=True))
    assert "Cancelled: amoxicillin" in page
    assert "amoxicillin" not in text_of(browser(pharmacist).get(QUEUE, {"show": "ready"}))
    page = text_of(client.post(address(patient, prescription, "/cancel"), {"reason": "changed"}, follow=True))
    assert "It was cancelled already" in page


def test_a_draft_is_thrown_away_on_the_same_page(browser, doctor, patient) -> None:
    draft, client = drafted(doctor, patient), browser(doctor)
    assert "Throw this draft away" in text_of(client.get(address(patient, draft, "/cancel")))
    text_of(client.post(address(patient, draft, "/cancel"), {"reason": "wrong"}, follow=True))
    assert reload(draft).status == "cancelled"
    assert "amoxicillin" not in text_of(client.get(address(patient)))


def test_the_doctors_list_says_where_each_stands(browser, doctor, patient) -> None:
    signed(doctor, patient)
    late(doctor, patient, label="metformin 850 mg, tablet")
    client = browser(doctor)
    page = text_of(client.get("/prescriptions/"))
    assert "amoxicillin" in page
    assert "metformin" in page
    page = text_of(client.get("/prescriptions/", {"show": "not_collected"}))
    assert "amoxicillin" not in page
    assert "metformin" in page
    assert "Nothing in this state" in text_of(client.get("/prescriptions/", {"show": "picked_up"}))
    assert "metformin" in text_of(client.get("/prescriptions/", {"show": "nonsense"}))
    colleague = browser(provider(patient))
    assert "metformin" not in text_of(colleague.get("/prescriptions/"))
    assert browser(staff("doctor", patient.site)).get("/prescriptions/").status_code == 403


def test_the_medicines_of_a_patient_in_three_lists(browser, doctor, patient, assert_queries) -> None:
    client = browser(doctor)
    assert "No active prescriptions" in text_of(client.get(address(patient)))
    drafted(doctor, patient, "lisinopril 20 mg, tablet")
    going = signed(doctor, patient, reason="Otitis")
    over = signed(doctor, patient, "metformin 850 mg, tablet")
    with as_the_system():
        row = Prescription.objects.get(pk=over.pk)
        row.ends_at = NOW - timedelta(days=1)
        row.save(update_fields=["ends_at"])
    with assert_queries():
        page = text_of(client.get(address(patient)))
    assert page.index("Not signed yet") < page.index("Active") < page.index(str(going.pk)) < page.index("Past")
    assert page.index("Past") < page.index(str(over.pk))
    assert "Otitis" in page
    nurse = text_of(browser(staff("nurse", patient.site)).get(address(patient)))
    assert 'href="/prescriptions/patients/' in nurse
    assert ">Prescribe<" not in nurse
