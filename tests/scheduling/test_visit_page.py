"""One visit on its own page: what may come next, by role and state, and each step taken once."""

import pytest
from django.utils import timezone

from healthcare.db.context import acting_as
from scheduling.models import Appointment
from scheduling.parts import Step
from tests.factories import PatientFactory, ResourceFactory, bookable_provider, staff
from tests.roles import as_the_system
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db


def url(visit, page: str = "") -> str:
    return f"/scheduling/patients/{visit.patient_id}/visits/{visit.pk}{page and f'/{page}'}"


def now_of(visit) -> Appointment:
    with as_the_system():
        return Appointment.objects.get(pk=visit.pk)


@pytest.fixture
def visit(clinic):
    return visit_at(clinic, at(9))


def test_the_page_says_who_when_where_and_what_for(browser, clinic, visit) -> None:
    page = text(browser(clinic.desk).get(url(visit)))
    for told in ("Tomorrow, ", "9:00 am", clinic.provider.name, clinic.site.name, "Cough", "Booked"):
        assert told in page
    assert clinic.patient.family_name in page


@pytest.mark.parametrize(
    ("role", "buttons", "missing"),
    [
        ("front_desk", ["Check in", "The patient confirms", "Move", "Cancel the visit", "Did not come"], ["Take to"]),
        ("nurse", ["Check in", "Move"], ["Take to the room"]),
        ("doctor", ["Move", "Cancel the visit"], ["Check in", "Did not come"]),
    ],
)
def test_each_role_has_its_buttons(browser, clinic, visit, role, buttons, missing) -> None:
    page = text(browser(staff(role, clinic.site)).get(url(visit)))
    assert all(button in page for button in buttons)
    assert not any(button in page for button in missing)


def test_nobody_else_finds_it(browser, clinic, visit) -> None:
    other = visit_at(clinic, at(9), patient=PatientFactory(), provider=bookable_provider(clinic.site))
    desk = browser(clinic.desk)
    assert desk.get(url(visit).replace(str(visit.pk), str(other.pk))).status_code == 404, "of another patient"
    assert desk.get(url(other)).status_code == 403, "the one page"
    assert browser(staff("front_desk")).post(url(visit, "check-in")).status_code == 403
    assert browser(clinic.rosa).get(url(visit)).status_code in (403, 404)
    assert now_of(visit).status == "booked"


def test_check_in_leads_back_to_where_the_button_was(browser, clinic, visit) -> None:
    desk = browser(clinic.desk)
    assert desk.post(url(visit, "check-in"), {"next": "/scheduling/flow"})["Location"] == "/scheduling/flow"
    assert now_of(visit).status == "arrived"
    assert desk.post(url(visit, "check-in"), {"next": "https://elsewhere.example/"})["Location"] == url(visit)
    assert "Left before being seen" in text(desk.get(url(visit)))


def test_a_step_that_does_not_fit_is_said(browser, clinic, visit) -> None:
    desk = browser(clinic.desk)
    page = desk.post(url(visit, "miss"), follow=True)
    assert "This visit is not due yet." in text(page)
    assert now_of(visit).status == "booked"


def test_confirming_by_phone(browser, clinic, visit) -> None:
    page = text(browser(clinic.desk).post(url(visit, "confirm"), follow=True))
    assert "Confirmed" in page
    assert now_of(visit).confirmed_at is not None


def test_a_nurse_takes_the_patient_to_one_of_the_rooms(browser, clinic, visit) -> None:
    ResourceFactory(kind="room", provider=None, site=clinic.site, name="Room 3")
    nurse = browser(staff("nurse", clinic.site))
    nurse.post(url(visit, "check-in"))
    page = text(nurse.get(url(visit)))
    assert "<option" in page
    assert "Choose" not in text(nurse.post(url(visit, "room"), {"room": "Room 3"}, follow=True))
    assert (now_of(visit).status, now_of(visit).room) == ("roomed", "Room 3")
    assert "Room 3" in text(nurse.get(url(visit)))


def test_a_room_that_is_none_is_refused_on_the_page(browser, clinic, visit) -> None:
    ResourceFactory(kind="room", provider=None, site=clinic.site, name="Room 3")
    nurse = browser(staff("nurse", clinic.site))
    nurse.post(url(visit, "check-in"))
    page = text(nurse.post(url(visit, "room"), {"room": "Broom closet"}), 422)
    assert "There is a problem" in page
    assert now_of(visit).status == "arrived"


def test_where_no_rooms_are_kept_the_room_is_written(browser, clinic, visit) -> None:
    doctor = browser(staff("doctor", clinic.site))
    browser(clinic.desk).post(url(visit, "check-in"))
    doctor.post(url(visit, "room"), {"room": "The blue one"})
    assert now_of(visit).room == "The blue one"


# == Steps of other apps ==
def test_other_apps_offer_their_steps_by_link_and_by_button(browser, clinic, visit, takes_part) -> None:
    link, button = Step("Weigh", "/weigh"), Step("Begin <now>", "/begin", method="post", main=True)
    takes_part("scheduling.VisitStep", lambda *_given: link, lambda *_given: None, lambda *_given: button)
    page = text(browser(clinic.desk).get(url(visit)))
    assert '<a class="btn" href="/weigh">Weigh</a>' in page
    assert '<form method="post" action="/begin">' in page
    assert "Begin &lt;now&gt;" in page
    assert page.split('id="next"')[1].split('id="way"')[0].count("btn main") == 1, (
        "one step is what most people came for"
    )


def test_a_step_that_fails_leaves_a_word_and_the_others(browser, clinic, visit, takes_part) -> None:
    def broken(*_given):
        raise RuntimeError

    takes_part("scheduling.VisitStep", broken, lambda *_given: Step("Weigh", "/weigh"))
    page = text(browser(clinic.desk).get(url(visit)))
    assert "One step could not be shown here." in page
    assert "Weigh" in page
    assert "Check in" in page


# == Cancel ==
def test_cancelling_asks_why_and_says_it(browser, clinic, visit) -> None:
    desk = browser(clinic.desk)
    assert "Cancel this visit" in text(desk.get(url(visit, "cancel")))
    assert "Missing: Why is it cancelled?" in text(desk.post(url(visit, "cancel"), {"reason": ""}), 422)
    page = text(desk.post(url(visit, "cancel"), {"reason": "The doctor is ill"}, follow=True))
    assert "The doctor is ill" in page
    assert "Nothing more is to be done" in page
    assert now_of(visit).status == "cancelled"


def test_what_began_is_not_cancelled(browser, clinic, visit) -> None:
    desk = browser(clinic.desk)
    desk.post(url(visit, "check-in"))
    assert "so it cannot become" in text(desk.post(url(visit, "cancel"), {"reason": "Late"}), 422)


# == Move ==
def moved_to(visit, clinic, when, **changes) -> dict[str, str]:
    place = {"provider": str(clinic.provider.pk), "site": str(clinic.site.pk), "seen": str(visit.sequence)}
    return place | {"start": when.isoformat()} | changes


def test_moving_to_another_time_and_another_provider(browser, clinic, visit) -> None:
    desk, other = browser(clinic.desk), bookable_provider(clinic.site, name="Nilsen")
    page = text(desk.get(f"{url(visit, 'move')}?provider={other.pk}&day={at(9, days=2).date()}"))
    assert "Free times of Nilsen" in page
    assert "Kind of visit" not in page
    answer = desk.post(url(visit, "move"), moved_to(visit, clinic, at(10, days=2), provider=str(other.pk)))
    assert answer["Location"] == url(visit)
    found = now_of(visit)
    assert (found.starts_at, found.provider_id, found.sequence) == (at(10, days=2), other.pk, 1)


def test_a_time_that_was_taken_meanwhile_gives_way_to_others(browser, clinic, visit) -> None:
    visit_at(clinic, at(11), patient=PatientFactory(site=clinic.site))
    desk = browser(clinic.desk)
    answer = desk.post(url(visit, "move"), moved_to(visit, clinic, at(11)))
    assert text(answer, 409).count('name="instead"') == 3
    again = moved_to(visit, clinic, at(11), instead=answer.context["instead"][0].value)
    assert desk.post(url(visit, "move"), again).status_code == 302
    assert now_of(visit).starts_at.isoformat() == answer.context["instead"][0].value


def test_the_time_that_it_has_already_promises_no_message(browser, clinic, visit) -> None:
    answer = browser(clinic.desk).post(url(visit, "move"), moved_to(visit, clinic, at(9)), follow=True)
    assert "The visit has this time already. Nothing was changed" in text(answer)
    assert now_of(visit).sequence == 0


def test_what_was_moved_meanwhile_is_looked_at_first(browser, clinic, visit) -> None:
    desk = browser(clinic.desk)
    desk.post(url(visit, "move"), moved_to(visit, clinic, at(10)))
    page = text(desk.post(url(visit, "move"), moved_to(visit, clinic, at(15))), 422)
    assert "Somebody moved this visit meanwhile." in page
    assert "Choose a time" in text(desk.post(url(visit, "move"), moved_to(visit, clinic, at(9), start="")), 422)


# == The tab ==
def test_the_tab_shows_what_comes_and_what_was(browser, clinic, visit) -> None:
    visit_at(clinic, at(9, days=-3), status="cancelled", cancelled_at=timezone.now(), cancel_reason="Ill")
    page = browser(clinic.desk).get(f"/scheduling/patients/{clinic.patient.pk}/visits")
    assert [row.visit.pk for row in page.context["upcoming"]] == [visit.pk]
    assert [row.state for row in page.context["past"]] == ["Cancelled"]
    assert "Book a visit" in text(page)
    other = PatientFactory(site=clinic.site)
    none = text(browser(clinic.desk).get(f"/scheduling/patients/{other.pk}/visits"))
    assert "No visit is booked" in none
    assert "No visit yet" in none


@pytest.mark.parametrize("page", ["", "move", "cancel"])
def test_a_visit_costs_no_more_than_its_budget(browser, clinic, visit, page, assert_queries) -> None:
    desk = browser(clinic.desk)
    desk.get(url(visit, page))
    with assert_queries(at_most=12):
        desk.get(url(visit, page))


def test_many_visits_on_the_tab_cost_what_one_does(browser, clinic, visit, assert_queries) -> None:
    desk, tab = browser(clinic.desk), f"/scheduling/patients/{clinic.patient.pk}/visits"
    desk.get(tab)
    with assert_queries(at_most=12) as one:
        desk.get(tab)
    for hour in range(10, 20):
        visit_at(clinic, at(hour))
    with assert_queries(at_most=12) as many:
        desk.get(tab)
    assert len(one) == len(many)
    with acting_as(clinic.desk):
        assert Appointment.objects.visible_to(clinic.desk).count() == 11
