"""The waitlist on the pages of the desk and of the patient, and the page that the link in the mail leads to."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.models.links import token_of
from healthcare.audit.models import AuditEvent
from scheduling.models import Wait, WaitOffer
from tests.events.draining import as_worker
from tests.factories import PatientFactory, VisitTypeFactory, WaitFactory, WaitOfferFactory, portal_user
from tests.roles import as_the_system, taking_role
from tests.scheduling.conftest import Clinic
from tests.scheduling.pages import at, text
from tests.scheduling.waiting import fresh, holds, visits

pytestmark = pytest.mark.django_db
LIST, OWN = "/scheduling/waitlist", "/portal/visits/waitlist"


def now_offered(clinic: Clinic, patient: Any = None) -> WaitOffer:
    """A time of the day after tomorrow, kept by a hold, whatever the hour is now."""
    from scheduling import actions

    with as_the_system():
        patient = patient or clinic.patient
        patient.quiet_from = patient.quiet_until = timezone.now().time()  # both ends the same: no quiet hours
        patient.save()
        WaitFactory(patient=patient, visit_type=clinic.visit_type)
    freed = at(10, days=2), at(10, 40, days=2)
    found = as_worker(lambda: actions.offer_freed_time(resource_id=clinic.resource.pk, freed=freed, now=timezone.now()))
    assert found is not None
    return found  # type: ignore[no-any-return]


def typed(clinic: Clinic, **changes: Any) -> dict[str, Any]:
    today = timezone.localdate()
    days = {"first_day": today.isoformat(), "last_day": (today + timedelta(days=20)).isoformat()}
    what = {"visit_type": str(clinic.visit_type.pk), "site": str(clinic.site.pk), "provider": ""}
    return what | days | {"isodows": ["2", "4"], "parts": ["morning"]} | changes


# == The patient ==
def test_the_patient_waits_and_does_not_any_more(browser: Any, clinic: Clinic) -> None:
    portal = browser(clinic.rosa)
    assert "Wait for an earlier time" in text(portal.get("/portal/visits"))
    assert "Put me on the waitlist" in text(portal.get(OWN))
    answer = text(portal.post(OWN, typed(clinic), follow=True))
    for said in ("You are on the waitlist", "with anybody", "Tuesday, Thursday", "Morning, before noon"):
        assert said in answer
    with as_the_system():
        wait = Wait.objects.get()
    gone = portal.post(reverse("scheduling_portal:leave_waitlist", args=[wait.pk]), follow=True)
    assert "You are off the waitlist" in text(gone)
    assert fresh(wait).state == "left"


def test_a_refusal_says_why_and_keeps_what_was_typed(browser: Any, clinic: Clinic) -> None:
    portal = browser(clinic.rosa)
    answer = text(portal.post(OWN, typed(clinic, last_day="Mar 12, 2020")), 422)
    assert "The last day is over" in answer
    assert "Mar 12, 2020" in answer
    assert 'value="4" id="id_isodows_3" checked' in answer or answer.count("checked") == 3
    assert "Choose one of the list" in text(portal.post(OWN, typed(clinic, site="nowhere")), 422)
    assert "Enter a date" in text(portal.post(OWN, typed(clinic, last_day="")), 422)


def test_the_page_of_free_times_leads_there_with_what_was_chosen(browser: Any, clinic: Clinic) -> None:
    portal = browser(clinic.rosa)
    times = reverse("scheduling_portal:times", args=[clinic.provider.pk])
    asked = {"site": str(clinic.site.pk), "visit_type": clinic.visit_type.slug}
    shown = text(portal.get(times, asked))
    link = f"{OWN}?site={clinic.site.pk}&amp;visit_type={clinic.visit_type.pk}&amp;provider={clinic.provider.pk}"
    assert link in shown
    chosen = {"visit_type": str(clinic.visit_type.pk), "provider": str(clinic.provider.pk)}
    assert f'value="{clinic.provider.pk}" selected' in text(portal.get(OWN, chosen))


@pytest.mark.parametrize(("answer", "said", "state"), [("accept", "is booked", "booked"), ("", "Declined", "declined")])
def test_the_patient_answers_in_the_portal(browser: Any, clinic: Clinic, answer: str, said: str, state: str) -> None:
    offer = now_offered(clinic)
    portal = browser(clinic.rosa)
    assert "A time is kept for you" in text(portal.get("/portal/visits"))
    assert "is kept for you until" in text(portal.get(OWN))
    address = reverse("scheduling_portal:answer_offer", args=[offer.wait_id])
    assert said in text(portal.post(address, {"answer": answer}, follow=True))
    assert fresh(offer).state == state
    assert holds() == []


def test_an_answer_that_comes_too_late_is_said(browser: Any, clinic: Clinic) -> None:
    told = {"provider": clinic.provider, "until": timezone.now(), "state": "expired", "next_at": None}
    over = WaitOfferFactory(wait__patient=clinic.patient, **told)
    nothing = WaitFactory(patient=clinic.patient)
    portal = browser(clinic.rosa)
    for wait_id, said in ((over.wait_id, "This offer is over"), (nothing.pk, "Nothing is kept")):
        address = reverse("scheduling_portal:answer_offer", args=[wait_id])
        assert said in text(portal.post(address, {"answer": "accept"}, follow=True))


# == The desk ==
def test_the_desk_puts_somebody_on_the_list_ahead_and_off(browser: Any, clinic: Clinic) -> None:
    desk = browser(clinic.desk)
    assert "Nobody waits" in text(desk.get(LIST))
    waits = reverse("scheduling:waits", args=[clinic.patient.pk])
    assert waits in text(desk.get(reverse("scheduling:visits", args=[clinic.patient.pk])))
    assert "Put on the waitlist" in text(desk.get(waits))
    assert "The last day is over" in text(desk.post(waits, typed(clinic, last_day="2020-01-01")), 422)
    assert "On the waitlist. Whenever" in text(desk.post(waits, typed(clinic), follow=True))
    with as_the_system():
        wait = Wait.objects.get()
    assert clinic.patient.family_name in text(desk.get(LIST))
    one = reverse("scheduling:wait", args=[clinic.patient.pk, wait.pk])
    assert "Say why this patient goes before others" in text(desk.post(one, {"priority": "2", "reason": ""}), 422)
    assert "First of all" in text(desk.post(one, {"priority": "2", "reason": "Pain"}, follow=True))
    assert 'value="Pain"' in text(desk.get(one))
    gone = desk.post(reverse("scheduling:leave_waitlist", args=[clinic.patient.pk, wait.pk]), follow=True)
    assert "Taken off the waitlist" in text(gone)
    assert "What was offered" in text(desk.get(one))


@pytest.mark.parametrize(("answer", "said"), [("accept", "The visit is booked"), ("decline", "Declined")])
def test_the_desk_answers_for_somebody_on_the_telephone(browser: Any, clinic: Clinic, answer: str, said: str) -> None:
    offer = now_offered(clinic)
    desk = browser(clinic.desk)
    one = reverse("scheduling:wait", args=[clinic.patient.pk, offer.wait_id])
    assert "Accept for the patient" in text(desk.get(one))
    address = reverse("scheduling:answer_offer", args=[clinic.patient.pk, offer.wait_id])
    assert said in text(desk.post(address, {"answer": answer}, follow=True))


def test_a_time_that_cannot_be_had_any_more_is_said(browser: Any, clinic: Clinic) -> None:
    from tests.factories import TimeClaimFactory

    offer = now_offered(clinic)
    TimeClaimFactory(resource=clinic.resource, blocked=offer.during)
    address = reverse("scheduling:answer_offer", args=[clinic.patient.pk, offer.wait_id])
    assert "cannot be had any more" in text(browser(clinic.desk).post(address, {"answer": "accept"}, follow=True))


def test_a_line_of_somebody_else_is_not_there(browser: Any, clinic: Clinic) -> None:
    strange = WaitFactory(patient=PatientFactory(site=clinic.site))
    assert browser(clinic.desk).get(reverse("scheduling:wait", args=[clinic.patient.pk, strange.pk])).status_code == 404
    address = reverse("scheduling_portal:leave_waitlist", args=[strange.pk])
    assert browser(clinic.rosa).post(address).status_code == 404


def test_ten_cost_as_many_queries_as_one(browser: Any, clinic: Clinic, assert_queries: Any) -> None:
    def fill(count: int) -> None:
        for _each in range(count):
            patient = PatientFactory(site=clinic.site)
            WaitOfferFactory(wait__patient=patient, provider=clinic.provider)
            WaitOfferFactory(
                wait=WaitFactory(patient=clinic.patient, visit_type=VisitTypeFactory()),
                provider=clinic.provider,
                state="expired",
                next_at=None,
            )

    fill(1)
    pages = {
        (clinic.desk, LIST): 0,
        (clinic.desk, reverse("scheduling:waits", args=[clinic.patient.pk])): 0,
        (clinic.rosa, OWN): 0,
    }
    people = {user: browser(user) for user, _page in pages}
    for found in ("one", "ten"):
        for user, page in pages:
            people[user].get(page)
            with assert_queries(at_most=12) as asked:
                text(people[user].get(page))
            assert found == "one" or len(asked) == pages[user, page], page
            pages[user, page] = len(asked)
        fill(9)


# == By the link ==
def linked(offer: Any) -> str:
    return reverse("scheduling:offer", args=[token_of(offer.pk)])


def lines_of(action: str) -> list[Any]:
    with taking_role("owner"):
        rows = AuditEvent.objects.filter(action=action).order_by("id")
        return list(rows.values_list("patient_id", "actor_id", "detail"))


def test_to_look_changes_nothing_however_often(clinic: Clinic) -> None:
    offer = now_offered(clinic)
    for _each in range(2):
        shown = Client().get(linked(offer))
        assert Client().head(linked(offer)).status_code == 200
    assert "Take this time" in text(shown)
    assert (shown["Cache-Control"].split(",")[0], shown["X-Robots-Tag"]) == ("max-age=0", "noindex")
    assert shown["Referrer-Policy"] == "same-origin"
    assert fresh(offer).state == "offered"


def test_it_tells_when_and_where_and_not_who_or_what_for(clinic: Clinic) -> None:
    offer = now_offered(clinic)
    shown = text(Client().get(linked(offer)))
    assert clinic.site.name in shown
    assert clinic.provider.name in shown
    patient = clinic.patient
    for secret in (patient.family_name, patient.given_name, patient.mrn, str(patient.pk), clinic.visit_type.name):
        assert secret not in shown


def test_the_button_takes_it_once_without_a_sign_in(clinic: Clinic) -> None:
    offer = now_offered(clinic)
    browser = Client()
    assert "This time is yours." in text(browser.post(linked(offer), {"answer": "accept"}, follow=True))
    assert "This time is yours." in text(browser.post(linked(offer), {"answer": "decline"}))
    assert lines_of("scheduling.answer_offer") == [(clinic.patient.pk, None, {"by": "link", "accepts": True})]
    from scheduling import actions

    as_worker(lambda: actions.settle_offer(offer_id=offer.pk, now=timezone.now()))
    (visit,) = visits()
    assert visit.starts_at == offer.starts_at
    assert "This time is yours." in text(browser.get(linked(offer)))


def test_every_opening_is_in_the_audit_and_without_it_nothing_is_told(clinic: Clinic, request: Any) -> None:
    offer = WaitOfferFactory(wait__patient=clinic.patient)
    Client().get(linked(offer))
    with taking_role("owner", "audit"):
        rows = AuditEvent.objects.using("audit").filter(action="scheduling.open_link")
        assert list(rows.values_list("patient_id", "actor_id")) == [(clinic.patient.pk, None)]
    request.getfixturevalue("no_audit")
    assert Client().get(linked(offer)).status_code == 503


def test_the_other_button_leaves_it_to_the_next(clinic: Clinic) -> None:
    offer = now_offered(clinic)
    assert "You left this time" in text(Client().post(linked(offer), {"answer": "decline"}, follow=True))
    assert fresh(offer).state == "declined"


def test_what_ran_out_takes_no_answer(clinic: Clinic) -> None:
    over = WaitOfferFactory(wait__patient=clinic.patient, until=timezone.now() - timedelta(seconds=1))
    assert "not kept for you any more" in text(Client().post(linked(over), {"answer": "accept"}))
    assert fresh(over).state == "offered", "a worker ends it"


def test_forged_foreign_and_unknown_links_are_all_the_same(clinic: Clinic) -> None:
    offer = now_offered(clinic)
    token = token_of(offer.pk)
    other = PatientFactory().pk
    answers = []
    for forged in (token[:-1] + "x", f"{other.hex}.{token.split('.')[1]}", token_of(other), "x", token.split(".")[0]):
        for method in ("get", "post"):
            answer = getattr(Client(), method)(reverse("scheduling:offer", args=[forged]), {"answer": "accept"})
            assert answer.status_code == 410
            answers.append(answer.content.decode().split("<main")[1])
    assert len(set(answers)) == 1
    assert fresh(offer).state == "offered"


def test_who_tries_too_often_waits(clinic: Clinic, settings: Any, one_minute: None) -> None:
    offer = now_offered(clinic)
    settings.API_LIMITS = settings.API_LIMITS | {"link": 2, "address": 1}
    assert [Client().get(linked(offer)).status_code for _each in range(3)] == [200, 200, 429]
    guesser = Client(REMOTE_ADDR="192.0.2.40")
    guesses = [guesser.get(reverse("scheduling:offer", args=[f"x{number}"])).status_code for number in range(3)]
    assert guesses == [410, 429, 429]


def test_a_proxy_has_the_same_page(browser: Any, clinic: Clinic) -> None:
    from tests.factories import proxy_of

    helper = proxy_of(clinic.patient)
    wait = WaitFactory(patient=clinic.patient)
    shown = browser(helper).get(f"/portal/for/{clinic.patient.pk}/visits/waitlist")
    assert wait.site.name in text(shown)
    stranger = browser(portal_user(PatientFactory()))
    assert stranger.get(f"/portal/for/{clinic.patient.pk}/visits/waitlist").status_code == 404
