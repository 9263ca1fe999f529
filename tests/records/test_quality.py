"""Whose allergies nobody asked for, among who comes soon: as a line, as a page, and for whom."""

from datetime import timedelta

import pytest
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from records.actions.allergies import list_allergies_to_ask, record_no_known_allergies
from records.panels import quality
from records.queries import quality as queries
from records.queries.quality import allergies_to_ask
from tests.factories import AppointmentFactory, PatientFactory, ProviderFactory, staff
from tests.patients.conftest import audited

__all__ = ["audited"]
pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def coming(patient, provider, after=DAY, **fields):
    return AppointmentFactory(
        patient=patient, provider=provider, site=patient.site, start=timezone.now() + after, **fields
    )


@pytest.fixture
def provider(doctor, rosa):
    return ProviderFactory(user=doctor)


def named(user) -> list:
    with acting_as(user):
        return [visit.patient for visit in allergies_to_ask(user, timezone.now()).visits]


def test_who_comes_this_week_and_was_never_asked(rosa, doctor, nurse, provider) -> None:
    asked = PatientFactory(site=rosa.site)
    coming(rosa, provider, 2 * DAY)
    coming(rosa, provider, 3 * DAY)
    coming(asked, provider)
    coming(PatientFactory(site=rosa.site), provider, 9 * DAY)
    coming(PatientFactory(site=rosa.site), provider, -2 * DAY)
    with acting_as(nurse):
        record_no_known_allergies(by=nurse, patient=asked, now=timezone.now())
    assert named(nurse) == [rosa]
    assert named(doctor) == [rosa]
    with acting_as(nurse):
        record_no_known_allergies(by=nurse, patient=rosa, now=timezone.now())
    assert named(nurse) == []


def test_a_doctor_is_told_of_their_own_visits_and_a_nurse_of_the_house(rosa, doctor, nurse, provider) -> None:
    other = ProviderFactory(user=staff("doctor", rosa.site))
    coming(rosa, other)
    assert named(doctor) == []
    assert named(nurse) == [rosa]
    assert named(staff("nurse")) == []


def test_the_soonest_are_looked_at_and_the_line_says_when_not_all_were(rosa, nurse, provider, monkeypatch) -> None:
    late = PatientFactory(site=rosa.site)
    coming(late, provider, 2 * DAY)
    coming(rosa, provider)
    monkeypatch.setattr(queries, "LOOKED_AT", 1)
    assert named(nurse) == [rosa]
    with acting_as(nurse):
        (line,) = quality.lines(nurse, timezone.now())
    assert (line.count, line.more, line.url) == (1, True, "/records/allergies-to-ask")


def test_the_page_leads_to_whom_it_is_about(rosa, nurse, provider, browser, audited) -> None:
    client = browser(nurse)
    assert "Everybody who comes this week was asked" in client.get("/records/allergies-to-ask").content.decode()
    coming(rosa, provider)
    page = client.get("/records/allergies-to-ask").content.decode()
    assert f'href="/records/{rosa.pk}/allergies/"' in page
    assert "Delgado" in page
    assert ("records.list_allergies_to_ask", "ok") in audited(nurse)


def test_the_page_says_when_not_every_visit_was_looked_at(rosa, nurse, provider, browser, monkeypatch) -> None:
    coming(rosa, provider)
    monkeypatch.setattr(queries, "LOOKED_AT", 1)
    assert "the soonest were" in browser(nurse).get("/records/allergies-to-ask").content.decode()


def test_it_costs_the_same_for_one_and_for_ten(rosa, nurse, provider, browser, assert_queries) -> None:
    client, numbers = browser(nurse), []
    for number in (1, 9):
        for place in range(number):
            coming(PatientFactory(site=rosa.site), provider, DAY + (number + place) * HOUR)
        with assert_queries(at_most=12) as found:
            client.get("/records/allergies-to-ask")
        numbers.append(len(found))
    assert numbers[0] == numbers[1]


def test_the_front_desk_asks_for_no_allergies(rosa, browser) -> None:
    desk = staff("front_desk", rosa.site)
    assert browser(desk).get("/records/allergies-to-ask").status_code == 403
    with acting_as(desk), pytest.raises(NotAllowed):
        list_allergies_to_ask(by=desk, now=timezone.now())
