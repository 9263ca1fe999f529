"""The pages of requests for an amendment: asking, answering, disagreeing, beside the entry, and the lists."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from records.models import AmendmentRequest, Entry
from records.queries.lines import line_of
from tests.factories import AmendmentRequestFactory, EncounterFactory, EntryFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
ASK, MINE = reverse("records_portal:ask_amendment"), reverse("records_portal:amendments")
WORDS = {"wanted": "It should say that I was fasting.", "reason": "I had eaten nothing since the evening."}
ANSWER = "It says what the laboratory told us."


@pytest.fixture
def asker(rosa) -> Any:
    return portal_user(rosa)


@pytest.fixture
def entry(rosa, doctor) -> Entry:
    return EntryFactory(patient=rosa, author=doctor)


@pytest.fixture
def asked(rosa, entry, asker) -> AmendmentRequest:
    return AmendmentRequestFactory(patient=rosa, entry=entry, asked_by=asker)


def now_of(request: AmendmentRequest) -> AmendmentRequest:
    with as_the_system():
        return AmendmentRequest.objects.get(pk=request.pk)


def page(verb: str, asked: AmendmentRequest) -> str:
    return reverse(f"records:{verb}", args=[asked.patient_id, asked.pk])


def own(verb: str, asked: AmendmentRequest) -> str:
    return reverse(f"records_portal:{verb}", args=[asked.pk])


def denied(asked: AmendmentRequest, by: Any, **said: Any) -> AmendmentRequest:
    told = {"state": "denied", "ground": "accurate", "answer": ANSWER, "answered_by": by, "answered_at": timezone.now()}
    return is_now(asked, **told | said)


def is_now(asked: AmendmentRequest, **said: Any) -> AmendmentRequest:
    with as_the_system():
        row = AmendmentRequest.objects.get(pk=asked.pk)
        for name, value in said.items():
            setattr(row, name, value)
        row.save(update_fields=list(said))
    return row


# == The patient ==
def test_the_patient_asks_about_a_result_and_reads_what_becomes_of_it(browser, asker, entry) -> None:
    client = browser(asker)
    link = f"{ASK}?entry={entry.pk}"
    assert link in client.get(reverse("records_portal:result", args=[entry.pk])).content.decode()
    assert line_of(entry).title in client.get(link).content.decode()
    answer = client.post(link, WORDS, follow=True).content.decode()
    assert "Sent to the clinic" in answer
    assert WORDS["wanted"] in answer
    assert "You have an answer by" in answer
    assert WORDS["wanted"] in client.get(reverse("records_portal:result", args=[entry.pk])).content.decode()
    assert line_of(entry).title in client.get(MINE).content.decode()


def test_bad_input_gets_a_sentence_and_keeps_what_was_typed(browser, asker, entry, asked) -> None:
    client = browser(asker)
    short = client.post(ASK, {"wanted": "No", "reason": WORDS["reason"]})
    assert short.status_code == 422
    assert "what the record should say" in short.content.decode()
    assert WORDS["reason"] in short.content.decode()
    again = client.post(f"{ASK}?entry={entry.pk}", WORDS)
    assert again.status_code == 422
    assert "waits already" in again.content.decode()
    for strange in ("nonsense", EntryFactory().pk):
        assert client.get(f"{ASK}?entry={strange}").status_code == 404


def test_the_patient_takes_it_back_once(browser, asker, asked) -> None:
    client = browser(asker)
    assert "Nobody answers it any more" in client.post(own("withdraw_amendment", asked), follow=True).content.decode()
    assert now_of(asked).state == "withdrawn"
    assert "stands at: Taken back" in client.post(own("withdraw_amendment", asked), follow=True).content.decode()
    assert "Taken back" in client.get(own("amendment", asked)).content.decode()


def test_the_patient_disagrees_with_a_denial(browser, asker, asked, doctor) -> None:
    denied(asked, doctor)
    client = browser(asker)
    shown = client.get(own("amendment", asked)).content.decode()
    assert "It is accurate and complete" in shown
    assert "Office for Civil Rights" in shown
    refused = client.post(own("disagree_with_denial", asked), {"statement": "No"})
    assert refused.status_code == 422
    said = {"statement": "I was there, and had not eaten."}
    assert said["statement"] in client.post(own("disagree_with_denial", asked), said, follow=True).content.decode()
    assert client.post(own("disagree_with_denial", asked), said).status_code == 422
    assert now_of(asked).disagreement == said["statement"]


def test_the_list_of_nobody_says_how(browser, asker) -> None:
    assert "You have not asked for anything yet" in browser(asker).get(MINE).content.decode()


# == The clinic ==
def test_it_stands_beside_its_entry_and_its_visit(browser, doctor, asker, rosa, asked, entry) -> None:
    encounter = EncounterFactory(patient=rosa, site=rosa.site, status="in_progress")
    of_visit = EntryFactory(patient=rosa, encounter=encounter)
    AmendmentRequestFactory(patient=rosa, entry=of_visit, asked_by=asker, wanted="Of the visit, this.")
    client = browser(doctor)
    assert asked.wanted in client.get(reverse("records:entry", args=[rosa.pk, entry.pk])).content.decode()
    shown = client.get(reverse("records:encounter", args=[rosa.pk, encounter.pk])).content.decode()
    assert "Of the visit, this." in shown
    assert asked.wanted not in shown
    assert page("amendment", asked) in client.get(reverse("records:amendments", args=[rosa.pk])).content.decode()


def test_a_doctor_takes_extends_and_denies_it_and_rebuts(browser, doctor, asker, asked) -> None:
    client = browser(doctor)
    assert "This request is yours" in client.post(page("take_amendment", asked), follow=True).content.decode()
    longer = {"extend-reason": "The laboratory has to look again."}
    assert longer["extend-reason"] in client.post(page("extend_amendment", asked), longer, follow=True).content.decode()
    again = client.post(page("extend_amendment", asked), longer)
    assert again.status_code == 422
    assert "no second time" in again.content.decode()
    without = client.post(page("deny_amendment", asked), {"deny-ground": "", "deny-answer": ANSWER})
    assert without.status_code == 422
    assert ANSWER in without.content.decode()
    said = {"deny-ground": "accurate", "deny-answer": ANSWER}
    assert "may disagree" in client.post(page("deny_amendment", asked), said, follow=True).content.decode()
    assert "stands at" in client.post(page("take_amendment", asked), follow=True).content.decode()
    said_besides = {"disagreement": "I was there.", "disagreed_by": asker, "disagreed_at": timezone.now()}
    is_now(asked, **said_besides)
    reply = {"rebut-rebuttal": "The laboratory was asked again."}
    assert (
        reply["rebut-rebuttal"] in client.post(page("rebut_disagreement", asked), reply, follow=True).content.decode()
    )
    assert client.post(page("rebut_disagreement", asked), reply).status_code == 422


def test_what_was_accepted_is_named_where_the_record_says_so(browser, doctor, asked, entry, asker) -> None:
    client = browser(doctor)
    said = {"accept-answer": "You are right, we add it."}
    accepted = client.post(page("accept_amendment", asked), said, follow=True).content.decode()
    assert "then name it here" in accepted
    later = EntryFactory(patient=asked.patient, supersedes=entry, record_status="amended")
    assert "This is where" in client.get(page("amendment", asked)).content.decode()
    assert client.post(page("make_amendment", asked), {"make-entry": ""}).status_code == 422
    done = client.post(page("make_amendment", asked), {"make-entry": str(later.pk)}, follow=True).content.decode()
    assert "The record says so now" in done
    assert "Your record says so now" in browser(asker).get(own("amendment", asked)).content.decode()


def test_the_worklist_says_what_is_overdue_and_the_officer_reads_numbers_alone(
    browser, doctor, rosa, asked, audited
) -> None:
    then = timezone.now() - timedelta(days=70)
    AmendmentRequestFactory(patient=rosa, entry=None, asked_at=then)
    soon = timezone.now() + timedelta(days=3)
    AmendmentRequestFactory(patient=rosa, entry=None, due_at=soon, next_at=soon, owner=doctor, taken_at=then)
    listed = browser(doctor).get(reverse("records:amendments_to_answer")).content.decode()
    assert "Overdue" in listed
    assert "Due soon" in listed
    assert doctor.full_name in listed
    assert "Delgado" in listed
    officer = staff("privacy_officer", rosa.site)
    watched = browser(officer).get(reverse("records:watch_amendments")).content.decode()
    assert rosa.mrn in watched
    assert "Delgado" not in watched
    assert asked.wanted not in watched
    assert ("records.watch_amendments", "ok") in audited(officer)


def test_empty_lists_say_so(browser, doctor, rosa) -> None:
    client = browser(doctor)
    assert "No request is open" in client.get(reverse("records:amendments_to_answer")).content.decode()
    assert "Nothing was asked" in client.get(reverse("records:amendments", args=[rosa.pk])).content.decode()


def test_a_nurse_reads_and_does_not_answer(browser, nurse, asked) -> None:
    client = browser(nurse)
    shown = client.get(page("amendment", asked)).content.decode()
    assert asked.wanted in shown
    assert "Make it mine" not in shown
    assert client.post(page("take_amendment", asked)).status_code == 403
