"""The day of a site: every provider's column, what is free, what is blocked, and nobody one may not see."""

import sys

import pytest
from django.test import Client

from tests.factories import (
    MembershipFactory,
    PatientFactory,
    SiteFactory,
    TimeClaimFactory,
    bookable_provider,
    portal_user,
    span,
    staff,
)
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
URL = "/scheduling/"


def tomorrow() -> dict[str, str]:
    return {"day": at(9).date().isoformat()}


def test_alice_sees_the_visit_bob_and_charlie_do_not(browser, clinic) -> None:
    visit = visit_at(clinic, at(9))
    page = text(browser(clinic.desk).get(URL, tomorrow()))
    assert f"/scheduling/patients/{clinic.patient.pk}/visits/{visit.pk}" in page
    assert clinic.patient.family_name in page
    assert "9:00 am" in page
    assert "Cough" not in page, "what the visit is about stays out of lists"
    elsewhere = text(browser(staff("front_desk")).get(URL, tomorrow()))
    assert clinic.patient.family_name not in elsewhere
    assert browser(portal_user(PatientFactory())).get(URL).status_code == 403
    assert browser(staff("billing", clinic.site)).get(URL).status_code == 403
    assert Client().get(URL).status_code == 302


def test_a_visit_of_somebody_out_of_reach_is_only_taken_time(browser, clinic) -> None:
    stranger = PatientFactory(family_name="Canaryson")
    visit_at(clinic, at(9), patient=stranger, site=clinic.site)
    page = text(browser(clinic.desk).get(URL, tomorrow()))
    assert "Canaryson" not in page
    assert "Taken" in page


def test_free_time_leads_to_the_booking_at_that_time(browser, clinic) -> None:
    visit_at(clinic, at(9))
    page = text(browser(clinic.desk).get(URL, tomorrow()))
    assert "Free, " in page
    assert f"provider={clinic.provider.pk}" in page
    assert "/scheduling/book?" in page


def test_blocked_time_shows_and_its_visits_wait_to_be_moved(browser, clinic) -> None:
    visit = visit_at(clinic, at(9))
    TimeClaimFactory(resource=clinic.resource, blocked=span(at(8), 180), reason="Conference")
    page = browser(clinic.desk).get(URL, tomorrow())
    assert [found.pk for found in page.context["to_move"]] == [visit.pk]
    told = text(page)
    assert "To move: blocked or closed time" in told
    assert told.count("Conference") == 2, "before and after the visit"
    assert f"visits/{visit.pk}/move" in told


def test_days_follow_each_other_and_what_cannot_be_read_is_today(browser, clinic) -> None:
    desk = browser(clinic.desk)
    page = desk.get(URL, {"day": "Nov 23, 2026"})
    assert page.context["around"]["before"].startswith("/scheduling/?day=2026-11-22")
    assert page.context["around"]["after"].startswith("/scheduling/?day=2026-11-24")
    assert "Monday" in text(page)
    odd = desk.get(URL, {"day": "whenever", "site": "x"})
    assert odd.context["is_today"]
    assert "Write day, month and year" in text(odd)
    assert odd.context["site"] == clinic.site


def test_an_early_and_a_late_day_are_drawn_whole(browser, clinic) -> None:
    visit_at(clinic, at(5))
    visit_at(clinic, at(22))
    (calendar,) = browser(clinic.desk).get(URL, tomorrow()).context["calendars"]
    assert (calendar.hours[0].at, calendar.hours[-1].at) == (0, 23)


def test_a_site_where_nobody_works_and_a_person_without_a_site(browser, monkeypatch) -> None:
    desk = browser(staff("front_desk"))
    assert "Nobody works here on this day" in text(desk.get(URL))
    monkeypatch.setattr(sys.modules["scheduling.views.day"], "own_sites", lambda user: [])
    assert "You work at no site" in text(desk.get(URL))


def test_the_other_site_is_shown_on_request(browser, clinic) -> None:
    other = SiteFactory(name="Zenith")
    desk = clinic.desk
    MembershipFactory(user=desk, site=other, role="front_desk")
    bookable_provider(other, name="Nilsen")
    page = browser(desk).get(URL, {"site": str(other.pk)} | tomorrow())
    assert page.context["site"] == other
    assert "Nilsen" in text(page)


def test_many_visits_cost_no_more_queries_than_one(browser, clinic, assert_queries) -> None:
    desk = browser(clinic.desk)
    visit_at(clinic, at(8))
    desk.get(URL, tomorrow())
    with assert_queries(at_most=12) as one:
        desk.get(URL, tomorrow())
    for hour in range(9, 19):
        patient = PatientFactory(site=clinic.site)
        visit_at(clinic, at(hour), patient=patient, provider=bookable_provider(clinic.site))
        visit_at(clinic, at(hour), patient=PatientFactory(site=clinic.site))
    with assert_queries(at_most=12) as many:
        text(desk.get(URL, tomorrow()))
    assert len(one) == len(many)
