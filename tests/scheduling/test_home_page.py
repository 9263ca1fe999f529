"""What scheduling adds to the homes of the roles, to a chart and to the portal's first page."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from healthcare.db.context import acting_as
from healthcare.events.parts import parts_of
from scheduling import panels
from tests.factories import PatientFactory, TimeClaimFactory, bookable_provider, span, staff
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
NOON = at(12)


@pytest.fixture
def home(browser):
    """Somebody's home at noon of tomorrow."""

    def seen(user, url: str = "/"):
        with time_machine.travel(NOON, tick=False):
            return text(browser(user).get(url))

    return seen


def test_the_parts_are_named() -> None:
    cards = {panels.arrivals_card, panels.to_settle_card, panels.to_room_card, panels.my_patients_card}
    assert cards <= set(parts_of("accounts.HomeCard"))
    assert panels.chart_card in parts_of("patients.ChartCard")
    assert panels.visits_tab in parts_of("patients.ChartTab")
    assert panels.portal_card in parts_of("patients.PortalCard")


def test_the_desk_sees_who_is_expected_and_checks_in_at_once(home, clinic) -> None:
    visit = visit_at(clinic, at(13))
    visit_at(clinic, at(9, days=3), patient=PatientFactory(site=clinic.site, family_name="Nextweek"))
    page = home(clinic.desk)
    assert "Today&#x27;s arrivals" in page or "Today's arrivals" in page
    assert f"/visits/{visit.pk}/check-in" in page
    assert "Nextweek" not in page
    assert "To move: blocked or closed time" not in page
    assert "Waiting to be roomed" not in page


def test_more_than_a_few_are_counted(home, clinic) -> None:
    for hour in range(13, 23):
        visit_at(clinic, at(hour), patient=PatientFactory(site=clinic.site))
    assert "and 2 more today" in home(clinic.desk)


def test_visits_in_blocked_time_wait_at_the_desk(home, clinic) -> None:
    visit = visit_at(clinic, at(15))
    visit_at(clinic, at(15), patient=PatientFactory(site=clinic.site), provider=bookable_provider(clinic.site))
    TimeClaimFactory(resource=clinic.resource, blocked=span(at(14), 180))
    page = home(clinic.desk)
    assert page.count("/move") == 1
    assert f"/visits/{visit.pk}/move" in page


def test_a_nurse_sees_who_waits_for_a_room(home, clinic) -> None:
    nurse = staff("nurse", clinic.site)
    assert "Nobody waits for a room" in home(nurse)
    visit_at(clinic, at(11, 40), status="arrived", arrived_at=NOON - timedelta(minutes=25))
    page = home(nurse)
    assert clinic.patient.family_name in page
    assert "since" in page


def test_a_doctor_sees_their_own_patients_of_today(home, clinic) -> None:
    doctor = clinic.provider.user.in_role("doctor")
    assert "No visit with you today" in home(doctor)
    visit_at(clinic, at(11))
    other = PatientFactory(site=clinic.site, family_name="Otherson")
    visit_at(clinic, at(11), patient=other, provider=bookable_provider(clinic.site))
    page = home(doctor)
    assert clinic.patient.family_name in page
    assert "Otherson" not in page


def crowd(clinic, hour: int, number: int, **fields) -> list[str]:
    """So many visits with the doctor from that hour on, each of somebody else; the names in their order."""
    names = [f"P{fields.get('status', 'booked')}{place}" for place in range(number)]
    for place, name in enumerate(names):
        patient = PatientFactory(site=clinic.site, family_name=name)
        visit_at(clinic, at(hour) + timedelta(minutes=20 * place), patient=patient, minutes=20, **fields)
    return names


def names_on(page: str) -> list[str]:
    return re.findall(r"<b>(P[a-z_]+[0-9]+)</b>", page)


def test_a_full_day_begins_with_who_is_here_and_who_comes_next(home, clinic) -> None:
    doctor = clinic.provider.user.in_role("doctor")
    done = crowd(clinic, 7, 6, status="checked_out", arrived_at=NOON, started_at=NOON, finished_at=NOON)
    late = crowd(clinic, 9, 2, status="confirmed")
    here = crowd(clinic, 11, 2, status="arrived", arrived_at=NOON)
    to_come = crowd(clinic, 13, 5)
    page = home(doctor)
    assert names_on(page) == [*here, *to_come, late[0]]
    assert f"and {len(done) + 1} more today" in page
    assert re.search(r'<a href="/scheduling/[^"]*">and 7 more today', page)


def test_however_many_are_here_the_next_patient_is_shown(home, clinic) -> None:
    here = crowd(clinic, 8, 10, status="arrived", arrived_at=NOON)
    to_come = crowd(clinic, 13, 2)
    page = home(clinic.provider.user.in_role("doctor"))
    assert names_on(page) == [*here, to_come[0]]
    assert "and 1 more today" in page


def test_who_has_nothing_to_do_with_the_schedule_has_no_card(clinic) -> None:
    clerk = staff("billing", clinic.site)
    with acting_as(clerk):
        cards = (panels.arrivals_card, panels.to_settle_card, panels.to_room_card, panels.my_patients_card)
        assert [card(clerk, timezone.now()) for card in cards] == [None] * 4
        assert panels.chart_card(clinic.patient, clerk, timezone.now()) is None


def test_the_chart_shows_the_next_visits_and_books_another(home, clinic) -> None:
    url = f"/patients/{clinic.patient.pk}/"
    assert "No visit is booked." in home(clinic.desk, url)
    visit = visit_at(clinic, at(15))
    page = home(clinic.desk, url)
    assert f"/visits/{visit.pk}" in page
    assert f"/scheduling/patients/{clinic.patient.pk}/book" in page


def test_the_portal_begins_with_the_next_visit(home, clinic) -> None:
    assert "No visit is booked." in home(clinic.rosa, "/portal/")
    visit = visit_at(clinic, at(15))
    page = home(clinic.rosa, "/portal/")
    assert "Today, " in page
    assert f"/portal/visits/{visit.pk}" in page
