"""Times that patients ask for: theirs at once, agreed to, declined, taken back or run out, each of them once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as, acting_as_system
from patients.access import NotInScope
from patients.models import CareRelationship
from scheduling import actions, tasks
from scheduling.access import can_answer
from scheduling.actions import NotBookable, NotOpen, TimeTaken
from scheduling.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentRequested,
    RequestDeclined,
    RequestExpired,
    RequestWithdrawn,
)
from scheduling.models import Appointment, PatientClaim, TimeClaim
from scheduling.queries.pages import requests_for
from scheduling.rules import answer_due, source_of
from tests.factories import PatientFactory, SiteFactory, TimeClaimFactory, VisitTypeFactory, portal_user, span, staff
from tests.roles import as_the_system, taking_role
from tests.scheduling.conftest import NINE, NOW, later
from tests.scheduling.pages import at

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(clinic):
    clinic.visit_type = VisitTypeFactory(portal_mode="request", answer_hours=12)
    return clinic.book(reason="A mole")


def accept(clinic, visit, *, by=None, now=NOW):
    with acting_as(by or clinic.desk):
        return actions.accept_request(by=by or clinic.desk, appointment=visit, now=now)


def decline(clinic, visit, reason="Please call first", *, by=None, now=NOW):
    with acting_as(by or clinic.desk):
        return actions.decline_request(by=by or clinic.desk, appointment=visit, reason=reason, now=now)


def take_back(clinic, visit, by=None):
    with acting_as(by or clinic.rosa):
        return actions.cancel_appointment(by=by or clinic.rosa, appointment=visit, reason="", now=NOW)


def expire(now=NOW + timedelta(hours=12)):
    with taking_role("worker"), acting_as_system("requests"):
        return actions.expire_requests(by=None, now=now)


def opened(visit):
    with as_the_system():
        standing = CareRelationship.objects.filter(source=source_of(visit.pk), ended_at=None)
        return sorted(standing.values_list("kind", flat=True))


@pytest.mark.bug(2)
# == Asked for ==
def test_who_asks_has_the_time_at_once_and_nobody_else_gets_it(clinic, asked, announced):
    assert (asked.status, asked.answer_by, asked.accepted_at) == ("requested", NOW + timedelta(hours=12), None)
    assert TimeClaim.objects.get(appointment_id=asked.pk).blocked == span(NINE)
    assert announced(AppointmentRequested) == [AppointmentRequested(asked.pk, clinic.patient.pk, 0)]
    assert announced(AppointmentBooked) == []
    other = portal_user(patient := PatientFactory(site=clinic.site))
    with pytest.raises(TimeTaken):
        clinic.book(by=other, patient=patient, start=later(20))
    with pytest.raises(TimeTaken):
        clinic.book(by=clinic.desk, patient=patient)


def test_the_desk_books_such_a_visit_without_asking(clinic):
    clinic.visit_type = VisitTypeFactory(portal_mode="request")
    visit = clinic.book(by=clinic.desk)
    assert (visit.status, visit.answer_by) == ("booked", None)


def test_a_request_brings_its_site_to_name_and_visits_and_its_provider_to_nothing(clinic):
    elsewhere = PatientFactory(site=SiteFactory())
    clinic.visit_type = VisitTypeFactory(portal_mode="request")
    now = timezone.now()  # the desk reaches this patient by the request alone, from now on
    visit = clinic.book(by=portal_user(elsewhere), patient=elsewhere, start=at(10), now=now)
    assert opened(visit) == ["site"]
    with as_the_system():
        assert CareRelationship.objects.get(source=source_of(visit.pk)).scopes == ["identity", "schedule"]
    accept(clinic, visit, now=now)
    assert opened(visit) == ["appointment", "appointment", "site", "site"]


def test_a_patient_waits_for_three_answers_at_most(clinic, asked):
    clinic.book(start=later(60))
    clinic.book(start=later(120))
    with pytest.raises(NotBookable, match="asked for several"):
        clinic.book(start=later(180))
    accept(clinic, asked)
    clinic.book(start=later(180))


def test_the_same_key_asks_once(clinic):
    clinic.visit_type = VisitTypeFactory(portal_mode="request")
    assert clinic.book(idempotency_key="x") == clinic.book(idempotency_key="x")


@given(hours=st.integers(1, 720), ahead=st.integers(1, 60 * 24 * 365))
def test_an_answer_is_due_before_the_visit_and_within_its_hours(hours, ahead):
    start = NOW + timedelta(minutes=ahead)
    due = answer_due(NOW, start, hours)
    assert NOW < due <= start
    assert due <= NOW + timedelta(hours=hours)
    assert due in (start, NOW + timedelta(hours=hours))


# == Agreed to ==
def test_agreed_to_it_is_booked_once(clinic, asked, announced):
    visit = accept(clinic, asked)
    assert (visit.status, visit.accepted_by, visit.accepted_at) == ("booked", clinic.desk, NOW)
    again = accept(clinic, asked, by=staff("front_desk", clinic.site), now=NOW + timedelta(minutes=1))
    assert (again.accepted_by, again.accepted_at) == (clinic.desk, NOW)
    assert announced(AppointmentBooked) == [AppointmentBooked(visit.pk, clinic.patient.pk, 0)]


def test_agreed_to_and_confirmed_it_is_not_agreed_to_again(clinic, asked):
    visit = accept(clinic, asked)
    with acting_as(clinic.rosa):
        actions.confirm_appointment(by=clinic.rosa, appointment=visit, now=NOW)
    assert accept(clinic, asked).status == "confirmed"
    with pytest.raises(NotOpen, match="Confirmed"):
        decline(clinic, asked)


def test_a_patient_cannot_agree_for_the_clinic_nor_confirm_before(clinic, asked):
    for verb in (accept, decline):
        with pytest.raises(NotAllowed):
            verb(clinic, asked, by=clinic.rosa)
    with acting_as(clinic.rosa):
        assert not can_answer(clinic.rosa, asked)
        with pytest.raises(NotOpen):
            actions.confirm_appointment(by=clinic.rosa, appointment=asked, now=NOW)
    with acting_as(clinic.desk):
        assert can_answer(clinic.desk, asked)


def test_a_colleague_agrees_and_a_stranger_does_not(clinic, asked):
    with pytest.raises(NotInScope):
        accept(clinic, asked, by=staff("front_desk"))
    with pytest.raises(NotAllowed):
        accept(clinic, asked, by=staff("billing", clinic.site))
    accept(clinic, asked, by=staff("nurse", clinic.site))


def test_a_time_that_is_over_or_was_blocked_since_is_not_agreed_to(clinic, asked):
    with pytest.raises(NotBookable, match="is over"):
        accept(clinic, asked, now=NINE)
    TimeClaimFactory(resource=clinic.resource, blocked=span(NINE, 120))
    with pytest.raises(NotBookable, match="blocked since"):
        accept(clinic, asked)


def test_nobody_agrees_to_a_visit_of_the_dead(clinic, asked):
    with as_the_system():
        clinic.patient.deceased = True
        clinic.patient.save()
    with pytest.raises(NotBookable, match="has died"):
        accept(clinic, asked)


# == Declined ==
def test_declined_with_a_reason_once_and_the_time_is_free(clinic, asked, announced):
    visit = decline(clinic, asked)
    assert (visit.status, visit.request_end, visit.cancel_reason) == ("cancelled", "declined", "Please call first")
    assert (visit.cancelled_by, visit.cancelled_at) == (clinic.desk, NOW)
    assert decline(clinic, asked, "Another reason").cancel_reason == "Please call first"
    assert announced(RequestDeclined) == [RequestDeclined(visit.pk, clinic.patient.pk, 0)]
    assert announced(AppointmentCancelled) == []
    assert opened(visit) == []
    with as_the_system():
        assert not TimeClaim.objects.exists()
        assert not PatientClaim.objects.exists()
    clinic.book()


def test_nothing_is_declined_without_a_reason(clinic, asked):
    with pytest.raises(NotBookable, match="Say why"):
        decline(clinic, asked, " ")


def test_what_was_answered_one_way_is_not_answered_another(clinic, asked):
    decline(clinic, asked)
    with pytest.raises(NotOpen, match="The clinic said no"):
        accept(clinic, asked)
    other = clinic.book(start=later(60))
    accept(clinic, other)
    with pytest.raises(NotOpen, match="Booked"):
        decline(clinic, other)


def test_staff_do_not_cancel_a_request_silently(clinic, asked):
    with pytest.raises(NotOpen, match="decline it"):
        take_back(clinic, asked, by=clinic.desk)


def test_the_database_knows_no_silent_no(clinic, asked):
    decline(clinic, asked)
    for wrong in ({"cancel_reason": ""}, {"request_end": "expired", "answer_by": None}):
        with as_the_system():
            visit = Appointment.objects.get(pk=asked.pk)
            for field, value in wrong.items():
                setattr(visit, field, value)
            with pytest.raises(IntegrityError), transaction.atomic():
                visit.save()


# == Taken back, and run out ==
def test_the_patient_takes_it_back(clinic, asked, announced):
    visit = take_back(clinic, asked)
    assert (visit.request_end, visit.cancelled_by) == ("withdrawn", clinic.rosa)
    assert take_back(clinic, asked).request_end == "withdrawn"
    assert announced(RequestWithdrawn) == [RequestWithdrawn(visit.pk, clinic.patient.pk, 0)]
    assert announced(AppointmentCancelled) == []
    clinic.book()


def test_what_nobody_answered_runs_out_once(clinic, asked, announced):
    kept = clinic.book(by=clinic.desk, start=later(60))
    assert expire(now=NOW + timedelta(hours=11, minutes=59)) == 0
    assert expire() == 1
    assert expire() == 0
    with as_the_system():
        visit = Appointment.objects.get(pk=asked.pk)
        assert (visit.status, visit.request_end, visit.cancelled_by) == ("cancelled", "expired", None)
        assert TimeClaim.objects.get().appointment_id == kept.pk
    assert announced(RequestExpired) == [RequestExpired(visit.pk, clinic.patient.pk, 0)]
    with pytest.raises(NotOpen, match="Nobody answered"):
        accept(clinic, asked)


def test_what_was_agreed_to_does_not_run_out(clinic, asked):
    accept(clinic, asked)
    assert expire() == 0


def test_the_job_looks_every_few_minutes(clinic, asked):
    with taking_role("worker"):
        tasks.expire_requests()
    with as_the_system():
        assert Appointment.objects.get(pk=asked.pk).status == "requested"


def test_a_death_ends_a_request(clinic, asked, announced):
    with as_the_system():
        clinic.patient.deceased = True
        clinic.patient.save()
    with taking_role("worker"), acting_as_system("test"):
        assert actions.cancel_visits_of_the_dead(by=None, patient_id=clinic.patient.pk, now=NOW) == 1
    assert len(announced(RequestWithdrawn)) == 1


# == Beside other verbs ==
def test_the_time_of_such_a_visit_is_not_changed_by_the_patient_alone(clinic, asked):
    with acting_as(clinic.rosa), pytest.raises(NotOpen, match="Asked for"):
        actions.move_appointment(by=clinic.rosa, appointment=asked, start=later(60), now=NOW)
    accept(clinic, asked)
    with acting_as(clinic.rosa), pytest.raises(NotBookable, match="agrees on times"):
        actions.move_appointment(by=clinic.rosa, appointment=asked, start=later(60), now=NOW)
    with acting_as(clinic.desk):
        moved = actions.move_appointment(by=clinic.desk, appointment=asked, start=later(60), now=NOW)
    assert (moved.status, moved.starts_at) == ("booked", later(60))


def test_what_waits_is_listed_where_one_works(clinic, asked):
    with acting_as(clinic.desk):
        assert list(requests_for(clinic.desk, NOW)) == [asked]
    stranger = staff("front_desk")
    with acting_as(stranger):
        assert list(requests_for(stranger, NOW)) == []
