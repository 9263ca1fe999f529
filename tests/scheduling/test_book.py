"""Booking a visit."""

from datetime import time, timedelta

import pytest
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as, acting_as_system
from patients.access import NotInScope
from scheduling import actions
from scheduling.actions import NotBookable, TimeTaken
from scheduling.events import AppointmentBooked, FreeTimeChanged
from scheduling.models import Appointment, PatientClaim, Resource, TimeClaim, WorkRule
from tests.factories import (
    PatientFactory,
    ProviderFactory,
    SiteFactory,
    TimeClaimFactory,
    VisitTypeFactory,
    WorkExceptionFactory,
    bookable_provider,
    portal_user,
    span,
    staff,
)
from tests.roles import as_the_system, taking_role
from tests.scheduling.conftest import NINE, NOW, later

pytestmark = pytest.mark.django_db


def test_a_patient_books_a_visit(clinic, announced):
    visit = clinic.book(reason="A cough")
    assert (visit.status, visit.sequence, visit.reason, visit.booked_by) == ("booked", 0, "A cough", clinic.rosa)
    assert (visit.starts_at, visit.ends_at) == (NINE, later(40))
    assert (visit.wall_start, visit.time_zone) == ("2030-05-07T09:00", "America/New_York")
    claim = TimeClaim.objects.get(appointment_id=visit.pk)
    assert (claim.resource, claim.blocked, claim.lane) == (clinic.resource, span(NINE), 0)
    with as_the_system():
        assert PatientClaim.objects.get(appointment=visit).during == span(NINE)
    assert announced(AppointmentBooked) == [AppointmentBooked(visit.pk, clinic.patient.pk, 0)]
    assert announced(FreeTimeChanged) == [FreeTimeChanged((clinic.resource.pk,))]


def test_the_desk_and_the_system_book_too(clinic):
    assert clinic.book(by=clinic.desk).booked_by == clinic.desk
    with taking_role("worker"), acting_as_system("test"):
        visit = actions.book_appointment(
            by=None,
            patient=clinic.patient,
            provider=clinic.provider,
            site=clinic.site,
            visit_type=clinic.visit_type,
            start=later(40),
            now=NOW,
        )
        assert visit.booked_by is None


def test_buffers_are_the_providers_and_not_the_patients(clinic):
    kind = VisitTypeFactory(minutes=30, buffer_before=10, buffer_after=5)
    visit = clinic.book(visit_type=kind)
    assert visit.during == span(NINE, 30)
    assert TimeClaim.objects.get(appointment_id=visit.pk).blocked == TimestamptzRange(later(-10), later(35))
    other = portal_user(patient := PatientFactory(site=clinic.site))
    with pytest.raises(TimeTaken):
        clinic.book(by=other, patient=patient, start=later(30))
    clinic.book(by=other, patient=patient, start=later(35))


def test_who_comes_second_gets_the_three_nearest_times(clinic):
    clinic.book()
    other = portal_user(patient := PatientFactory(site=clinic.site))
    with pytest.raises(TimeTaken, match="just taken") as refused:
        clinic.book(by=other, patient=patient, start=later(5))
    assert [time.start for time in refused.value.alternatives] == [later(-40), later(40), later(45)]
    assert {time.time_zone for time in refused.value.alternatives} == {"America/New_York"}
    with as_the_system():
        assert Appointment.objects.count() == 1


def test_a_patient_is_not_booked_twice_at_once_and_alternatives_spare_the_other_visit(clinic):
    clinic.book()
    other = bookable_provider(clinic.site)
    with pytest.raises(TimeTaken, match="another visit") as refused:
        clinic.book(provider=other, start=later(20))
    assert [time.start for time in refused.value.alternatives] == [later(40), later(45), later(50)]


def test_without_any_free_time_there_are_no_alternatives(clinic):
    clinic.book()
    with as_the_system():
        WorkRule.objects.exclude(isodow=2).delete()
        WorkRule.objects.update(starts=time(9), ends=time(9, 40), validity="[2030-05-07,2030-05-08)")
    other = portal_user(patient := PatientFactory(site=clinic.site))
    with pytest.raises(TimeTaken) as refused:
        clinic.book(by=other, patient=patient)
    assert refused.value.alternatives == []


def test_the_same_key_returns_the_first_result(clinic, announced):
    first = clinic.book(idempotency_key="once")
    assert clinic.book(idempotency_key="once").pk == first.pk
    assert len(announced(AppointmentBooked)) == 1
    with pytest.raises(TimeTaken):
        clinic.book(idempotency_key="another")


def test_a_key_is_of_the_person_who_sent_it(clinic):
    first = clinic.book(by=clinic.desk, idempotency_key="1")
    assert clinic.book(idempotency_key="1", start=later(40)).pk != first.pk
    patient = PatientFactory(site=clinic.site)
    with pytest.raises(NotBookable, match="somebody else"):
        clinic.book(by=clinic.desk, patient=patient, idempotency_key="1")


def test_a_hold_that_ran_out_is_no_obstacle_and_one_that_stands_is(clinic):
    hold = {"resource": clinic.resource, "kind": "hold", "blocked": span(NINE)}
    TimeClaimFactory(**hold, hold_until=NOW - timedelta(days=9000))
    visit = clinic.book()
    assert TimeClaim.objects.get().appointment_id == visit.pk
    TimeClaimFactory(**hold | {"blocked": span(later(60))}, hold_until=NOW + timedelta(days=9000))
    other = portal_user(patient := PatientFactory(site=clinic.site))
    with pytest.raises(TimeTaken):
        clinic.book(by=other, patient=patient, start=later(60))


# == What cannot be booked ==
def refused(clinic, sentence, **changes):
    with pytest.raises(NotBookable, match=sentence):
        clinic.book(**changes)
    with as_the_system():
        assert not Appointment.objects.exists()
        assert not TimeClaim.objects.filter(kind="visit").exists()


@pytest.mark.parametrize("minutes", [1, 3, -2])
def test_off_the_grid(clinic, minutes):
    refused(clinic, "begin at that minute", start=later(minutes))


def test_on_a_second_that_no_clock_shows(clinic):
    refused(clinic, "begin at that minute", start=NINE + timedelta(seconds=1))


def test_in_the_past_by_anybody(clinic):
    refused(clinic, "is over", start=NOW - timedelta(minutes=5), by=clinic.desk)


def test_too_soon_for_the_portal_and_not_for_the_desk(clinic):
    kind = VisitTypeFactory(notice_minutes=120)
    refused(clinic, "120 minutes ahead", visit_type=kind, start=NOW + timedelta(minutes=60))
    clinic.book(by=clinic.desk, visit_type=kind, start=NOW + timedelta(minutes=60))


def test_too_far_ahead(clinic):
    refused(clinic, "30 days ahead", visit_type=VisitTypeFactory(horizon_days=30), start=NINE + timedelta(days=31))


def test_outside_the_hours(clinic):
    with as_the_system():
        WorkRule.objects.update(starts=time(9), ends=time(17))
    refused(clinic, "does not see patients", start=later(-5))
    refused(clinic, "does not see patients", start=later(8 * 60 - 35))
    clinic.book(start=later(8 * 60 - 40))


def test_in_closed_hours_and_in_blocked_time_there_are_alternatives(clinic):
    WorkExceptionFactory(resource=clinic.resource, during=span(NINE, 60))
    with pytest.raises(TimeTaken) as taken:
        clinic.book()
    assert [time.start for time in taken.value.alternatives] == [later(-50), later(-45), later(-40)]
    TimeClaimFactory(resource=clinic.resource, blocked=span(later(120), 60))
    with pytest.raises(TimeTaken):
        clinic.book(start=later(150))


def test_extra_hours_are_hours(clinic):
    with as_the_system():
        WorkRule.objects.all().delete()
    WorkExceptionFactory(resource=clinic.resource, kind="extra", site=clinic.site, during=span(NINE, 40))
    refused(clinic, "does not see patients", start=later(5))
    clinic.book()


def test_at_a_site_where_the_provider_does_not_work(clinic):
    refused(clinic, "not work at this site", site=SiteFactory())


def test_at_a_site_that_closed(clinic):
    with as_the_system():
        clinic.site.closed_at = NOW
        clinic.site.save()
    refused(clinic, "site is closed")


def test_with_a_provider_who_left(clinic):
    clinic.provider.ended_at = NOW
    refused(clinic, "no longer works")


def test_with_a_provider_without_hours(clinic):
    refused(clinic, "no hours", provider=ProviderFactory())


def test_with_a_provider_who_takes_no_new_patients_unless_they_know_each_other(clinic):
    clinic.provider.accepting = False
    refused(clinic, "no new patients")
    clinic.provider.accepting = True
    clinic.book()
    clinic.provider.accepting = False
    clinic.book(start=later(60))


def test_of_a_kind_that_is_not_offered(clinic):
    refused(clinic, "no longer offered", visit_type=VisitTypeFactory(active=False))
    refused(clinic, "Please call", visit_type=VisitTypeFactory(portal_mode="off"))
    refused(clinic, "does not offer", visit_type=VisitTypeFactory(specialty="Cardiology"))
    clinic.book(by=clinic.desk, visit_type=VisitTypeFactory(portal_mode="off"))


# == Alice may, Bob is a colleague, Charlie a stranger ==
def test_a_nurse_books_and_billing_does_not(clinic):
    clinic.book(by=staff("nurse", clinic.site))
    with pytest.raises(NotAllowed, match="book, move"):
        clinic.book(by=staff("billing", clinic.site), start=later(60))


def test_nobody_books_for_patients_out_of_reach(clinic):
    for stranger in (portal_user(PatientFactory()), staff("front_desk")):
        with pytest.raises(NotInScope):
            clinic.book(by=stranger)


def test_the_row_is_refused_by_the_second_wall_as_well(clinic, monkeypatch):
    monkeypatch.setattr("scheduling.actions.booking.check_can_book", lambda *_: None)
    with pytest.raises(NotBookable, match="not open to you any more") as refused:
        clinic.book(by=staff("front_desk"))
    assert "row-level security" in str(refused.value.__cause__)


def test_one_resource_a_provider(clinic):
    assert Resource.objects.filter(provider=clinic.provider).count() == 1
    with acting_as(clinic.rosa):
        assert list(Appointment.objects.visible_to(clinic.rosa)) == []
