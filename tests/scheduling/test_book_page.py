"""Booking at the desk: whom first, then a time; whoever comes second keeps the form and gets other times."""

from urllib.parse import urlencode
from uuid import uuid4

import pytest

from healthcare.audit import record
from healthcare.db.context import acting_as
from scheduling.models import Appointment
from tests.factories import PatientFactory, VisitTypeFactory, bookable_provider, portal_user, staff
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db


def url(patient) -> str:
    return f"/scheduling/patients/{patient.pk}/book"


def sent(clinic, **changes) -> dict[str, str]:
    start = at(9)
    return {
        "provider": str(clinic.provider.pk),
        "visit_type": str(clinic.visit_type.pk),
        "site": str(clinic.site.pk),
        "day": start.date().isoformat(),
        "start": start.isoformat(),
        "key": str(uuid4()),
        "reason": "Cough for three weeks",
    } | changes


def booked(user) -> list[Appointment]:
    with acting_as(user):
        return list(Appointment.objects.visible_to(user).order_by("during"))


def test_the_desk_finds_somebody_and_what_was_chosen_goes_along(browser, clinic) -> None:
    desk = browser(clinic.desk)
    asked = {"q": clinic.patient.family_name, "provider": str(clinic.provider.pk), "start": at(9).isoformat()}
    page = text(desk.get("/scheduling/book", asked))
    assert f"{url(clinic.patient)}?provider={clinic.provider.pk}&amp;start=" in page
    assert "Nobody found" in text(desk.get("/scheduling/book", {"q": "Zzyzx"}))
    with acting_as(clinic.desk):
        record("patients.open_chart", by=clinic.desk, patient_id=clinic.patient.pk)
    assert clinic.patient.family_name in text(desk.get("/scheduling/book")), "opened last"
    assert browser(staff("pharmacist", clinic.site)).get("/scheduling/book").status_code == 403


def test_too_many_searches_are_asked_to_wait(browser, clinic, monkeypatch) -> None:
    from patients.queries import TooManySearches
    from scheduling.views import booking

    def refuse(**_given):
        raise TooManySearches("Wait a minute.")

    monkeypatch.setattr(booking, "search_patients", refuse)
    assert "Wait a minute." in text(browser(clinic.desk).get("/scheduling/book", {"q": "De"}), 429)


def test_free_times_are_shown_and_the_chosen_one_is_marked(browser, clinic) -> None:
    asked = {"provider": str(clinic.provider.pk), "site": str(clinic.site.pk), "day": at(9).date().isoformat()}
    page = text(browser(clinic.desk).get(f"{url(clinic.patient)}?{urlencode(asked | {'start': at(9).isoformat()})}"))
    assert "Free times of" in page
    assert page.count('type="radio" name="start"') > 50
    assert "9:05 am" in page
    assert clinic.patient.name in page


def test_a_booking_is_made_once_however_often_it_is_sent(browser, clinic) -> None:
    desk, form = browser(clinic.desk), sent(clinic)
    first, again = desk.post(url(clinic.patient), form), desk.post(url(clinic.patient), form)
    (visit,) = booked(clinic.desk)
    assert first["Location"] == again["Location"] == f"/scheduling/patients/{clinic.patient.pk}/visits/{visit.pk}"
    assert (visit.starts_at, visit.reason, visit.booked_by_id) == (at(9), "Cough for three weeks", clinic.desk.pk)


@pytest.mark.bug(7)
def test_whoever_comes_second_gets_three_other_times_and_keeps_the_form(browser, clinic) -> None:
    visit_at(clinic, at(9), patient=PatientFactory(site=clinic.site))
    desk, form = browser(clinic.desk), sent(clinic)
    answer = desk.post(url(clinic.patient), form)
    page = text(answer, 409)
    assert "Somebody else has just taken this time." in page
    assert page.count('name="instead"') == 3
    assert "Cough for three weeks" in page
    assert form["key"] in page
    other = answer.context["instead"][0].value
    assert desk.post(url(clinic.patient), form | {"instead": other}).status_code == 302
    (mine,) = [visit for visit in booked(clinic.desk) if visit.patient_id == clinic.patient.pk]
    assert mine.starts_at.isoformat() == other


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"start": ""}, "Choose a time"),
        ({"start": "soon"}, "not one of the times shown"),
        ({"start": "2030-01-01T09:00"}, "not one of the times shown"),
        ({"key": "x"}, "Begin the booking again"),
        ({"reason": "x" * 201}, "is too long"),
        ({"start": "2020-01-06T14:00:00+00:00"}, "This time is over."),
    ],
)
def test_what_cannot_be_booked_is_said_and_stays(browser, clinic, changes, sentence) -> None:
    page = text(browser(clinic.desk).post(url(clinic.patient), sent(clinic, **changes)), 422)
    assert sentence in page
    assert booked(clinic.desk) == []


def test_without_kinds_of_visits_nothing_can_be_booked_and_the_page_says_so(browser) -> None:
    patient = PatientFactory()
    assert "Nothing can be booked yet" in text(browser(staff("front_desk", patient.site)).get(url(patient)))


def test_the_patients_own_site_comes_first(browser, clinic) -> None:
    page = browser(clinic.desk).get(url(clinic.patient))
    assert page.context["wanted"].site == clinic.site
    assert page.context["wanted"].provider == clinic.provider


def test_strangers_get_the_one_page(browser, clinic) -> None:
    bob = browser(staff("front_desk"))
    assert bob.get(url(clinic.patient)).status_code == 403
    assert "Not in your scope" in bob.post(url(clinic.patient), sent(clinic)).content.decode()
    assert browser(portal_user(PatientFactory())).get(url(clinic.patient)).status_code == 404


def test_the_page_costs_the_same_with_many_choices(browser, clinic, assert_queries) -> None:
    desk = browser(clinic.desk)
    desk.get(url(clinic.patient))
    with assert_queries(at_most=12) as one:
        desk.get(url(clinic.patient))
    for number in range(10):
        bookable_provider(clinic.site, name=f"Z{number}")
        VisitTypeFactory()
    with assert_queries(at_most=12) as many:
        desk.get(url(clinic.patient))
    assert len(one) == len(many), f"{one}\n\n{many}"
