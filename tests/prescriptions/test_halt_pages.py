"""Medicines on hold and stopped in the browser: the chart, the dispensary, the portal, other programs, and paper."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from healthcare.db.context import acting_as
from prescriptions import actions, panels
from prescriptions.models import MedicationReview
from tests.factories import MedicationStatementFactory, portal_user, staff
from tests.prescriptions.conftest import NOW, drafted, ready, reload, signed
from tests.prescriptions.test_dispensary_page import QUEUE, plain
from tests.prescriptions.test_halts import again, hold, resume, stop, today
from tests.prescriptions.test_prescribe_page import address, text_of
from tests.prescriptions.test_telling import told as fhir_of
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
PORTAL = "/portal/medicines"
SAID = {"act": "hold", "reason": "operation", "words": "Knee"}


def read(client: Any, url: str) -> str:
    return plain(text_of(client.get(url)))


def test_a_nurse_puts_it_on_hold_and_has_it_taken_up_again(browser, doctor, patient) -> None:
    row, nurse = signed(doctor, patient), staff("nurse", patient.site)
    client, here = browser(nurse), address(patient, row, "/halt")
    assert here in text_of(client.get(address(patient, row)))
    assert "Put it on hold" in text_of(client.get(here))
    day = today(patient) + timedelta(days=9)
    assert client.post(here, SAID | {"day": day.isoformat()}).status_code == 302
    assert "To be put on hold" in read(client, address(patient))
    client.post(here, {"act": "resume"})
    said = client.post(here, SAID | {"day": today(patient).isoformat()}, follow=True)
    assert "On hold: amoxicillin" in plain(said.content.decode())
    page = read(client, address(patient))
    assert f"by {nurse.full_name}: Before an operation or examination. Knee." in page
    page = read(client, address(patient, row))
    assert "Nothing of it is prepared or handed out." in page
    assert "Taken up again" in page
    client.post(here, {"act": "resume", "words": "Went well"})
    assert again(row).halt == ""


def test_it_is_stopped_and_leaves_the_list(browser, doctor, patient) -> None:
    row = signed(doctor, patient)
    client, here = browser(doctor), address(patient, row, "/halt")
    said = {"act": "stop", "reason": "side_effect", "day": today(patient).isoformat()}
    client.post(here, said)
    page = read(client, address(patient))
    assert "No active prescriptions" in page
    assert "Stopped from" in page
    again_later = client.post(here, said)
    assert again_later.status_code == 422
    page = plain(again_later.content.decode())
    assert "no longer on the list" in page
    assert "prescribed again" in page
    assert here not in text_of(client.get(address(patient, row)))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"reason": ""}, "Choose why"),
        ({"reason": "other", "words": ""}, "Say why in your words"),
        ({"day": ""}, "Say from which day"),
        ({"day": "soon"}, "day"),
        ({"act": "eat"}, "Choose again"),
        ({"reason": "weather"}, "Select a valid choice"),
        ({"words": "x" * 301}, "too long"),
    ],
)
def test_what_cannot_be_is_answered_and_kept(browser, doctor, patient, wrong, sentence) -> None:
    row = signed(doctor, patient)
    said = SAID | {"day": today(patient).isoformat()} | wrong
    answer = browser(doctor).post(address(patient, row, "/halt"), said)
    assert answer.status_code == 422
    assert sentence in plain(answer.content.decode())
    assert said["words"] in answer.content.decode()
    assert again(row).halt == ""


def test_one_from_elsewhere_is_stopped_and_taken_after_all(browser, doctor, patient) -> None:
    told = MedicationStatementFactory(patient=patient)
    client, here = browser(doctor), f"{address(patient)}told/{told.pk}/halt"
    assert here in text_of(client.get(address(patient)))
    client.post(here, {"act": "stop", "reason": "not_taken", "day": today(patient).isoformat()})
    page = read(client, address(patient))
    assert page.index("no longer taken") < page.rindex("Simvastatin")
    assert "Taken after all" in page
    client.post(here, {"act": "resume"})
    assert again(told).halt == ""
    hold(doctor, told)
    assert "Take up again" in read(client, address(patient))
    assert "On hold" in read(client, f"/patients/{patient.pk}/")


def test_the_dispensary_says_why_it_is_not_prepared(browser, doctor, pharmacist, patient) -> None:
    row, other = signed(doctor, patient), ready(doctor, patient, label="lisinopril 20 mg, tablet")
    hold(doctor, row)
    hold(doctor, other)
    client = browser(pharmacist)
    for shown, door in (("signed", "ready"), ("ready", "pick-up")):
        page = text_of(client.get(QUEUE, {"show": shown}))
        assert "Not now: on hold" in plain(page)
        assert "Before an operation" in plain(page)
        assert f'/{door}"' not in page
    assert "Nothing to prepare" in read(client, "/")
    page = text_of(client.get(address(patient, row)))
    assert address(patient, row, "/ready") not in page
    assert address(patient, row, "/not-dispensed") in page
    refused = client.post(address(patient, row, "/ready"), follow=True)
    assert "until it is taken up again" in plain(refused.content.decode())
    stop(doctor, row)
    assert "amoxicillin" not in read(client, QUEUE)
    assert address(patient, row, "/not-dispensed") not in text_of(client.get(address(patient, row)))


def test_the_check_beside_a_draft_says_that_it_counts(browser, doctor, patient) -> None:
    hold(doctor, signed(doctor, patient, "warfarin 5 mg, tablet"))
    draft = drafted(doctor, patient, "ibuprofen 400 mg, tablet")
    assert "On hold; counted all the same" in read(browser(doctor), address(patient, draft))


def test_the_patient_reads_it_in_plain_words(browser, doctor, patient) -> None:
    held, over = ready(doctor, patient), signed(doctor, patient, "lisinopril 20 mg, tablet")
    told = MedicationStatementFactory(patient=patient)
    hold(doctor, held)
    stop(doctor, over)
    hold(doctor, told)
    client = browser(portal_user(patient))
    page = read(client, PORTAL)
    assert "Ready for you" not in page
    assert page.index("On hold: do not take for now") < page.index("amoxicillin") < page.index("What you take")
    assert "Stopped: do not take it" in page
    assert "On hold: do not take it for now." in page
    assert "Do not take it for now." in read(client, "/portal/")
    resume(doctor, held)
    assert "Ready for you" in read(client, PORTAL)


def test_reviewed_by_whom_and_when(browser, doctor, patient) -> None:
    signed(doctor, patient)
    client = browser(doctor)
    page = text_of(client.get(address(patient)))
    assert "Nobody has gone through this list yet" in page
    listed = page.split('name="listed" value="')[1].split('"')[0]
    said = client.post(f"{address(patient)}reviewed", {"listed": listed, "changed": "no"}, follow=True)
    page = plain(said.content.decode())
    assert f"Reviewed by {doctor.full_name}, " in page
    assert "Nothing changed by it." in page
    assert "changed since" not in page
    assert f"{doctor.full_name} went through this list" in read(browser(portal_user(patient)), PORTAL)
    MedicationStatementFactory(patient=patient)
    assert "The list has changed since" in read(client, address(patient))
    late = client.post(f"{address(patient)}reviewed", {"listed": listed, "changed": "yes"}, follow=True)
    assert "Look again" in plain(late.content.decode())
    with as_the_system():
        assert MedicationReview.objects.count() == 1


def test_a_halt_after_the_review_is_a_change_of_the_list(browser, doctor, patient) -> None:
    row = signed(doctor, patient)
    client = browser(doctor)
    page = text_of(client.get(address(patient)))
    listed = page.split('name="listed" value="')[1].split('"')[0]
    client.post(f"{address(patient)}reviewed", {"listed": listed, "changed": "yes"})
    assert "Something changed by it." in read(client, address(patient))
    hold(doctor, row, now=timezone.now())
    assert "The list has changed since" in read(client, address(patient))


def test_a_review_without_a_word_is_none(browser, doctor, patient) -> None:
    said = browser(doctor).post(f"{address(patient)}reviewed", {}, follow=True)
    assert "Nothing was kept" in plain(said.content.decode())
    with as_the_system():
        assert not MedicationReview.objects.exists()


def test_who_only_reads_sees_no_way_to_halt(browser, doctor, pharmacist, patient) -> None:
    row = signed(doctor, patient)
    page = text_of(browser(pharmacist).get(address(patient))) + text_of(browser(pharmacist).get(address(patient, row)))
    assert "/halt" not in page
    assert 'name="changed"' not in page


def test_other_programs_read_it(doctor, patient) -> None:
    held, over = signed(doctor, patient), signed(doctor, patient, "lisinopril 20 mg, tablet")
    ahead = signed(doctor, patient, "metformin 850 mg, tablet")
    told, left = MedicationStatementFactory.create_batch(2, patient=patient)
    for row in (held, told):
        hold(doctor, row)
    for row in (over, left):
        stop(doctor, row)
    hold(doctor, ahead, day=today(patient) + timedelta(days=9))
    found = {one["id"]: one for one in fhir_of(patient)}
    assert (found[str(held.pk)]["status"], found[str(told.pk)]["status"]) == ("on-hold", "on-hold")
    assert (found[str(over.pk)]["status"], found[str(left.pk)]["status"]) == ("stopped", "stopped")
    assert found[str(held.pk)]["statusReason"] == {"text": "Before an operation or examination"}
    assert found[str(left.pk)]["statusReason"] == [{"text": "Side effect or allergy"}]
    assert found[str(ahead.pk)]["status"] == "active"
    assert "statusReason" not in found[str(ahead.pk)]


def test_it_stands_on_paper_and_before_a_visit(doctor, patient) -> None:
    row = signed(doctor, patient)
    hold(doctor, row)
    now = timezone.now()
    with acting_as(doctor):
        section = panels.paper_section(patient, doctor, now, None)
    assert section.context["rows"][0].last_halt.reason == "operation"
    with as_the_system():
        (line,) = panels.downtime([patient.pk], now)[patient.pk]
    assert "(on hold): Take 1 capsule" in line.text


def test_what_was_stopped_later_was_taken_then(browser, doctor, patient) -> None:
    row = signed(doctor, patient)
    stop(doctor, row, now=NOW + timedelta(days=2), day=today(patient) + timedelta(days=2))
    with acting_as(doctor):
        card = panels.past_card(patient, doctor, NOW + timedelta(days=1))
        assert [one.pk for one in card.context["taken"]] == [row.pk]
        assert panels.past_card(patient, doctor, NOW + timedelta(days=3)).context["taken"] == []
        assert actions.list_written(by=doctor) == []
    assert reload(row).is_stopped
