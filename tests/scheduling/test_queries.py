"""What a patient's visits are to those who may see them, and how many queries a page costs."""

from datetime import timedelta

import pytest

from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.models import Appointment, PatientClaim
from scheduling.queries import alternatives_to, current_visit_of, free_times, upcoming_of
from tests.factories import AppointmentFactory, PatientFactory, bookable_provider, portal_user, staff
from tests.scheduling.conftest import NINE, NOW, later

pytestmark = pytest.mark.django_db


def upcoming(user, patient, now=NOW):
    with acting_as(user):
        return list(upcoming_of(user, patient, now))


def current(user, patient):
    with acting_as(user):
        return current_visit_of(user, patient)


def check_in(clinic, visit):
    with acting_as(clinic.desk):
        return actions.check_in(by=clinic.desk, appointment=visit, now=visit.starts_at)


def test_visits_to_come_the_next_first(clinic):
    late, soon = clinic.book(start=NINE + timedelta(days=3)), clinic.book()
    gone = clinic.book(start=later(120))
    with acting_as(clinic.rosa):
        actions.cancel_appointment(by=clinic.rosa, appointment=gone, reason="", now=NOW)
    assert upcoming(clinic.rosa, clinic.patient) == [soon, late]
    assert upcoming(clinic.rosa, clinic.patient, later(39)) == [soon, late]
    assert upcoming(clinic.rosa, clinic.patient, later(40)) == [late]


def test_strangers_see_none(clinic):
    clinic.book()
    for stranger in (portal_user(PatientFactory()), staff("doctor"), staff("administrator", clinic.site)):
        assert upcoming(stranger, clinic.patient) == []
        assert current(stranger, clinic.patient) is None


def test_a_forgotten_filter_shows_no_visit_of_strangers(clinic):
    """The second wall, without the first."""
    visit = clinic.book()
    for stranger in (portal_user(PatientFactory()), staff("doctor"), staff("pharmacist", clinic.site), None):
        with acting_as(stranger):
            assert not Appointment.objects.exists()
            assert not PatientClaim.objects.exists()
    for reached in (clinic.rosa, clinic.desk, clinic.provider.user):
        with acting_as(reached):
            assert Appointment.objects.get() == visit
            assert PatientClaim.objects.visible_to(reached).get().during == visit.during


def test_the_current_visit_is_that_of_who_is_here(clinic):
    visit = clinic.book()
    assert current(clinic.desk, clinic.patient) is None
    check_in(clinic, visit)
    assert current(clinic.desk, clinic.patient) == visit


def test_of_two_the_one_with_me(clinic):
    colleague = staff("doctor", clinic.site)
    other = bookable_provider(clinic.site, user=colleague)
    mine = check_in(clinic, clinic.book())
    theirs = check_in(clinic, clinic.book(provider=other, start=later(60)))
    assert current(clinic.provider.user, clinic.patient) == mine
    assert current(colleague, clinic.patient) == theirs
    assert current(clinic.desk, clinic.patient) == theirs


def test_standing_and_upcoming_are_chainable(clinic):
    visit = clinic.book()
    with acting_as(clinic.rosa):
        seen = Appointment.objects.visible_to(clinic.rosa)
        assert seen.standing().upcoming(NOW).get() == visit


# == Costs ==
def costs(django_assert_num_queries, count, call, user, more):
    """So many queries before `more` and after."""
    for grow in (lambda: None, more):
        grow()
        with acting_as(user), django_assert_num_queries(count):
            call()


def test_free_times_cost_the_same_for_many_providers(clinic, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr("scheduling.queries.cached.breaker.attempt", lambda _ask, otherwise: otherwise)
    providers = [clinic.provider]

    def call():
        free_times(
            providers=providers, visit_type=clinic.visit_type, between=(NINE, later(90)), now=NOW, by_patient=True
        )

    costs(
        django_assert_num_queries,
        3,
        call,
        clinic.rosa,
        lambda: providers.extend(bookable_provider(clinic.site) for _n in range(10)),
    )


def test_alternatives_cost_the_same_for_many_visits(clinic, django_assert_num_queries):
    def call():
        found = alternatives_to(
            start=NINE,
            provider=clinic.provider,
            site=clinic.site,
            visit_type=clinic.visit_type,
            now=NOW,
            by_patient=True,
            patient=clinic.patient,
        )
        assert len(found) == 3

    costs(
        django_assert_num_queries,
        3,
        call,
        clinic.rosa,
        lambda: [clinic.book(start=later(45 * n)) for n in range(10)],
    )


def test_alternatives_for_nobody_in_particular(clinic):
    clinic.book()
    found = alternatives_to(
        start=NINE,
        provider=clinic.provider,
        site=clinic.site,
        visit_type=clinic.visit_type,
        now=NOW,
        by_patient=False,
    )
    assert [time.start for time in found] == [later(-45), later(-40), later(40)]


def test_a_patients_visits_cost_the_same_for_many(clinic, django_assert_num_queries):
    upcoming(clinic.rosa, clinic.patient)  # whom she reaches is asked once

    def call():
        for visit in upcoming_of(clinic.rosa, clinic.patient, NOW):
            assert {visit.provider.name, visit.site.name, visit.visit_type.name}
        current_visit_of(clinic.rosa, clinic.patient)

    costs(
        django_assert_num_queries,
        2,
        call,
        clinic.rosa,
        lambda: [clinic.book(start=later(45 * n)) for n in range(10)],
    )


def test_a_booking_costs_a_known_number_of_statements(clinic, django_assert_max_num_queries):
    clinic.book()
    with django_assert_max_num_queries(32):
        clinic.book(start=later(60))


def test_a_visit_names_no_one(clinic):
    assert str(AppointmentFactory(reason="A cough")).startswith("appointment ")
