"""Access comes with a visit, round its time, and ends with it."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.permissions import Scope
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.actions import close_for_visit, open_for_visit
from patients.models import CareRelationship, Patient
from scheduling import actions
from scheduling.models import Appointment
from scheduling.rules import source_of
from tests.factories import PatientFactory, SiteFactory, bookable_provider, portal_user, staff
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW, Clinic

pytestmark = pytest.mark.django_db
OLD = timedelta(days=365)


@pytest.fixture
def elsewhere(clinic):
    """A clinic at another site, which the patient never saw."""
    site = SiteFactory()
    clinic.site, clinic.provider = site, bookable_provider(site, user=staff("doctor", site))
    return clinic


def rows_of(visit):
    with as_the_system():
        found = CareRelationship.objects.filter(source=source_of(visit.pk)).order_by("validity")
        return [
            (row.kind, row.user or row.site, sorted(row.scopes), row.validity, row.granted_by, row.ended_at)
            for row in found
        ]


def scopes_in(user, patient):
    with acting_as(user):
        return {scope.value for scope in Scope if Patient.objects.visible_to(user, scope).filter(pk=patient.pk)}


def test_who_and_when_from_the_booking_and_the_rest_round_the_visit(elsewhere):
    visit = elsewhere.book()
    until = visit.ends_at + timedelta(days=30)
    first, rest = TimestamptzRange(NOW, until), TimestamptzRange(max(NOW, NINE - timedelta(days=7)), until)
    seen, care = ["identity", "schedule"], ["billing", "clinical", "medication", "message"]
    doctor, rosa = elsewhere.provider.user, elsewhere.rosa
    assert sorted(rows_of(visit), key=str) == sorted(
        [
            ("appointment", doctor, seen, first, rosa, None),
            ("appointment", doctor, care, rest, rosa, None),
            ("site", elsewhere.site, seen, first, rosa, None),
            ("site", elsewhere.site, care, rest, rosa, None),
        ],
        key=str,
    )


def test_care_begins_a_week_before(elsewhere):
    visit = elsewhere.book(start=NINE + timedelta(days=60))
    begins = {row[3].lower for row in rows_of(visit)}
    assert begins == {NOW, NINE + timedelta(days=53)}


def test_a_site_that_has_the_patient_anyway_gets_no_row(clinic):
    assert {row[0] for row in rows_of(clinic.book())} == {"appointment"}


def test_a_provider_without_an_account_gets_no_row(elsewhere):
    elsewhere.provider = bookable_provider(elsewhere.site)
    assert {row[0] for row in rows_of(elsewhere.book())} == {"site"}


def test_both_walls_open_for_the_doctor_and_the_desk_of_the_site(elsewhere):
    doctor, desk, patient = elsewhere.provider.user, staff("front_desk", elsewhere.site), elsewhere.patient
    assert scopes_in(doctor, patient) == scopes_in(desk, patient) == set()
    real = soon_clinic(elsewhere)
    assert scopes_in(doctor, patient) == {scope.value for scope in Scope}
    assert scopes_in(desk, patient) == {"identity", "schedule", "billing", "message"}
    for user in (doctor, desk):
        with acting_as(user):
            assert Appointment.objects.visible_to(user).get() == real


def soon_clinic(clinic: Clinic):
    """Booked by the real clock, which the database's own looks at."""
    now = timezone.now()
    start = now.replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    return clinic.book(start=start, now=now)


def test_calling_it_off_ends_it_at_once(elsewhere):
    doctor, patient = elsewhere.provider.user, elsewhere.patient
    visit = soon_clinic(elsewhere)
    with acting_as(elsewhere.rosa):
        actions.cancel_appointment(by=elsewhere.rosa, appointment=visit, reason="", now=visit.created_at)
    assert scopes_in(doctor, patient) == set()
    assert all(row[5] is not None for row in rows_of(visit))


def test_the_doctor_whose_only_access_it_is_may_move_it_and_call_it_off(elsewhere):
    doctor = elsewhere.provider.user
    visit = soon_clinic(elsewhere)
    with acting_as(doctor):
        visit = actions.move_appointment(
            by=doctor, appointment=visit, start=visit.starts_at + timedelta(hours=1), now=visit.created_at
        )
        actions.cancel_appointment(by=doctor, appointment=visit, reason="Away", now=visit.created_at)
    assert scopes_in(doctor, elsewhere.patient) == set()


def test_when_its_window_is_over_nothing_is_left(elsewhere):
    visit = elsewhere.book()
    assert max(row[3].upper for row in rows_of(visit)) == visit.ends_at + timedelta(days=30)


def test_the_window_is_a_setting(elsewhere, settings):
    settings.VISIT_ACCESS_BEFORE, settings.VISIT_ACCESS_AFTER = timedelta(days=1), timedelta(days=2)
    visit = elsewhere.book(start=NINE + timedelta(days=5))
    assert {row[3].lower for row in rows_of(visit)} == {NOW, NINE + timedelta(days=4)}
    assert {row[3].upper for row in rows_of(visit)} == {visit.ends_at + timedelta(days=2)}


# == The second wall ==
def refused(by, patient, user, **changes):
    said = {"source": "scheduling.appointment:0", "starts_at": NINE, "ends_at": NINE, "role": "doctor"} | changes
    with pytest.raises(Exception, match="row-level security"), transaction.atomic(), acting_as(by):
        open_for_visit(by=by, patient=patient, user=user, now=NOW, **said)


def test_without_a_visit_nobody_opens_a_chart_this_way(clinic):
    stranger = staff("doctor")
    refused(clinic.rosa, clinic.patient, stranger)
    refused(clinic.rosa, clinic.patient, stranger, source="scheduling.appointment:" + str(clinic.patient.pk))


def test_a_visit_opens_the_chart_to_its_own_provider_and_site_alone(elsewhere):
    visit = elsewhere.book()
    source = source_of(visit.pk)
    refused(elsewhere.rosa, elsewhere.patient, staff("doctor"), source=source)
    refused(elsewhere.rosa, elsewhere.patient, elsewhere.provider.user, source=source, role="patient")
    refused(elsewhere.rosa, elsewhere.patient, None, site=SiteFactory(), source=source)


def test_a_visit_opens_no_longer_window_than_its_own(elsewhere, settings):
    source = source_of(elsewhere.book().pk)
    later = elsewhere.book(start=NINE + timedelta(days=100))
    settings.VISIT_ACCESS_AFTER = OLD
    refused(elsewhere.rosa, elsewhere.patient, elsewhere.provider.user, source=source)
    settings.VISIT_ACCESS_AFTER, settings.VISIT_ACCESS_BEFORE = timedelta(days=30), OLD
    refused(
        elsewhere.rosa,
        elsewhere.patient,
        elsewhere.provider.user,
        source=source_of(later.pk),
        ends_at=NINE + timedelta(days=1),
    )


def test_the_visit_of_one_patient_opens_no_other_chart(elsewhere):
    source = source_of(elsewhere.book().pk)
    other = PatientFactory()
    refused(portal_user(other), other, elsewhere.provider.user, source=source)


def test_closing_ends_what_the_source_opened_and_nothing_else(elsewhere):
    first, second = elsewhere.book(), elsewhere.book(start=NINE + timedelta(days=2))
    with acting_as(elsewhere.rosa):
        ended = close_for_visit(
            by=elsewhere.rosa, patient=elsewhere.patient, source=source_of(first.pk), now=NOW + timedelta(hours=1)
        )
    assert ended == 4
    assert {row[3].upper for row in rows_of(first)} == {NOW + timedelta(hours=1)}
    assert {row[5] for row in rows_of(second)} == {None}
    with acting_as(elsewhere.rosa):
        assert not close_for_visit(by=elsewhere.rosa, patient=elsewhere.patient, source="none", now=NOW)


def test_what_would_have_begun_later_never_does(elsewhere):
    visit = elsewhere.book(start=NINE + timedelta(days=60))
    with acting_as(elsewhere.rosa):
        actions.cancel_appointment(by=elsewhere.rosa, appointment=visit, reason="", now=NOW + timedelta(hours=1))
    spans = {row[3] for row in rows_of(visit)}
    assert spans == {TimestamptzRange(NOW, NOW + timedelta(hours=1)), TimestamptzRange(empty=True)}


@time_machine.travel(NOW)
def test_access_that_came_with_a_visit_is_on_the_record(elsewhere):
    visit = elsewhere.book()
    with as_the_system():
        event = AuditEvent.objects.get(action="patients.open_for_visit")
        assert event.patient_id == elsewhere.patient.pk
        assert event.detail["source"] == source_of(visit.pk)
