"""The week of one provider: a column a day, what is free leads to the booking, and nobody one may not see."""

import sys

import pytest
from django.test import Client

from tests.factories import PatientFactory, TimeClaimFactory, bookable_provider, span, staff
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
URL = "/scheduling/week"


def titles(page) -> list[str]:
    return [str(column.title) for calendar in page.context["calendars"] for column in calendar.columns]


def of(clinic, moment=None) -> dict[str, str]:
    return {"provider": str(clinic.provider.pk), "day": (moment or at(9)).date().isoformat()}


def test_the_visit_stands_in_the_column_of_its_day(browser, clinic) -> None:
    visit = visit_at(clinic, at(9))
    page = browser(clinic.desk).get(URL, of(clinic))
    assert f"/scheduling/patients/{clinic.patient.pk}/visits/{visit.pk}" in text(page)
    columns = {column.key: column for calendar in page.context["calendars"] for column in calendar.columns}
    shown = [entry for entry in columns[at(9).date().isoformat()].entries if entry.kind == "visit"]
    assert [entry.start for entry in shown] == [visit.starts_at]
    others = [entry for key, column in columns.items() for entry in column.entries if entry.kind == "visit"]
    assert len(others) == 1
    assert "Free, " in text(page)
    assert f"provider={clinic.provider.pk}" in text(page)


def test_a_week_is_from_monday_to_friday_and_its_neighbours_are_a_click_away(browser, clinic) -> None:
    page = browser(clinic.desk).get(URL, {"day": "2031-03-05"})  # a Wednesday
    assert [title[:3] for title in titles(page)][:5] == ["Mon", "Tue", "Wed", "Thu", "Fri"]
    assert titles(page)[0] == "Mon, Mar 3"
    around = page.context["around"]
    assert "day=2031-02-24" in around["before"]
    assert "day=2031-03-10" in around["after"]
    assert "day=" not in around["today"]


def test_a_week_across_the_change_of_clocks_has_each_day_once(browser, clinic) -> None:
    page = browser(clinic.desk).get(URL, {"day": "2027-03-14"})  # New York's clocks go forward that Sunday
    days = page.context["days"]
    assert [day.isoformat() for day in days] == [f"2027-03-{number:02}" for number in range(8, 15)]
    assert len(set(titles(page))) == len(titles(page))


def test_whoever_treats_patients_sees_their_own_week_first(browser, clinic) -> None:
    colleague = bookable_provider(clinic.site, name="Aaron Aas")
    assert browser(clinic.desk).get(URL).context["provider"] == colleague, "the first by name"
    assert browser(clinic.provider.user).get(URL).context["provider"] == clinic.provider
    other = browser(clinic.provider.user).get(URL, {"provider": str(colleague.pk)})
    assert other.context["provider"] == colleague


def test_blocked_time_and_what_is_to_be_moved(browser, clinic) -> None:
    visit = visit_at(clinic, at(9))
    TimeClaimFactory(resource=clinic.resource, blocked=span(at(8), 180), reason="Conference")
    page = browser(clinic.desk).get(URL, of(clinic))
    assert [found.pk for found in page.context["to_move"]] == [visit.pk]
    assert "Conference" in text(page)


def test_a_stranger_is_taken_time_and_no_name(browser, clinic) -> None:
    visit_at(clinic, at(9), patient=PatientFactory(family_name="Canaryson"), site=clinic.site)
    page = text(browser(clinic.desk).get(URL, of(clinic)))
    assert "Canaryson" not in page
    assert "Taken" in page


def test_what_cannot_be_read_is_this_week_and_says_so(browser, clinic) -> None:
    page = browser(clinic.desk).get(URL, {"day": "Feb 30", "provider": "nobody", "site": "nowhere"})
    assert page.status_code == 200
    assert page.context["days"][0] <= at(9, days=0).date() <= page.context["days"][-1]
    assert 'role="alert"' in text(page)


def test_without_a_site_or_a_provider_the_page_says_why(browser, monkeypatch) -> None:
    desk = browser(staff("front_desk"))
    assert "Nobody sees patients at this site" in text(desk.get(URL))
    monkeypatch.setattr(sys.modules["scheduling.views.week"], "own_sites", lambda user: [])
    assert "You work at no site" in text(desk.get(URL))


def test_who_has_no_schedule_has_no_week(browser, clinic) -> None:
    assert browser(staff("billing", clinic.site)).get(URL).status_code == 403
    assert Client().get(URL).status_code == 302
