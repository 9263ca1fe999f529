"""What the database itself forbids of bookings, whoever writes."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from healthcare.db.context import acting_as
from scheduling.models import PatientClaim, TimeClaim
from tests.factories import (
    AppointmentFactory,
    PatientClaimFactory,
    PatientFactory,
    ResourceFactory,
    SiteFactory,
    TimeClaimFactory,
    portal_user,
    span,
)
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
NINE = datetime(2030, 5, 6, 9, tzinfo=UTC)


def at_once(constraints="ALL"):
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS {constraints} IMMEDIATE; SET CONSTRAINTS {constraints} DEFERRED")


@contextmanager
def refused(why, constraints="ALL"):
    with pytest.raises(IntegrityError, match=why), transaction.atomic():  # noqa: PT012
        yield
        at_once(constraints)


@pytest.mark.bug(6)
def test_the_exclusion_constraints_stand_in_the_database():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'x'"
            " AND conrelid IN ('scheduling_timeclaim'::regclass, 'scheduling_patientclaim'::regclass) ORDER BY conname"
        )
        assert cursor.fetchall() == [
            ("claim_no_overlap", "EXCLUDE USING gist (resource_id WITH =, lane WITH =, blocked WITH &&)"),
            (
                "claim_one_hold_a_holder",
                "EXCLUDE USING gist (holder WITH =, hold_until WITH <>) WHERE ((holder IS NOT NULL))",
            ),
            ("patient_claim_no_overlap", "EXCLUDE USING gist (patient_id WITH =, during WITH &&)"),
        ]


def test_no_two_claims_of_a_resource_overlap():
    first = AppointmentFactory(start=NINE)
    with pytest.raises(IntegrityError, match="claim_no_overlap"), transaction.atomic():
        AppointmentFactory(provider=first.provider, start=NINE + timedelta(minutes=39))


def test_claims_that_touch_do_not_overlap():
    first = AppointmentFactory(start=NINE)
    AppointmentFactory(provider=first.provider, patient=first.patient, start=NINE + timedelta(minutes=40))


def test_a_patient_is_in_one_place_at_a_time():
    first = AppointmentFactory(start=NINE)
    with pytest.raises(IntegrityError, match="patient_claim_no_overlap"), transaction.atomic():
        AppointmentFactory(patient=first.patient, start=NINE + timedelta(minutes=5))


def test_an_empty_claim_is_refused():
    with pytest.raises(IntegrityError, match="claim_half_open"), transaction.atomic():
        TimeClaimFactory(blocked=span(NINE, 0))


def test_a_visit_cannot_stand_without_its_claims():
    visit = AppointmentFactory()
    with as_the_system():
        connection.cursor().execute("SELECT app.release_claims('{}', %s, NULL)", [visit.pk])
        assert not TimeClaim.objects.exists()
        assert not PatientClaim.objects.exists()
    with pytest.raises(IntegrityError, match="stands with its claims"), transaction.atomic():
        at_once()
    with as_the_system():
        visit.status, visit.cancelled_at = "cancelled", NINE
        visit.save()
    at_once()


def test_a_visit_that_was_called_off_keeps_no_claim():
    visit = AppointmentFactory()
    with as_the_system():
        visit.status, visit.cancelled_at = "cancelled", NINE
        visit.save()
    with pytest.raises(IntegrityError, match="stands with its claims"), transaction.atomic():
        at_once()
    with as_the_system():
        connection.cursor().execute("SELECT app.release_claims('{}', %s, NULL)", [visit.pk])


def test_the_claim_covers_the_visit():
    visit = AppointmentFactory(start=NINE)
    at_once()
    with refused("stands with its claims"), as_the_system():
        visit.during = span(NINE + timedelta(minutes=5))
        visit.save()


def test_a_claim_names_a_visit_that_exists():
    with refused("claim_of_an_appointment"):
        TimeClaimFactory(kind="visit", appointment_id=PatientFactory().pk)


def test_visits_stay_out_of_blocks_and_blocks_may_cover_visits():
    visit = AppointmentFactory(start=NINE)
    resource = visit.provider.resource
    TimeClaimFactory(resource=resource, blocked=span(NINE, 120))
    with pytest.raises(IntegrityError, match="this time is blocked"), transaction.atomic():
        AppointmentFactory(provider=visit.provider, start=NINE + timedelta(minutes=80))


def test_the_web_login_can_neither_change_nor_delete_a_claim():
    TimeClaimFactory()
    for statement in ("DELETE FROM scheduling_timeclaim", "UPDATE scheduling_timeclaim SET lane = 7"):
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement)


def test_nobody_releases_the_claims_of_a_visit_out_of_their_reach():
    visit, stranger = AppointmentFactory(), portal_user(PatientFactory())
    with pytest.raises(Exception, match="not yours"), transaction.atomic(), acting_as(stranger):
        connection.cursor().execute("SELECT app.release_claims('{}', %s, NULL)", [visit.pk])
    assert TimeClaim.objects.filter(appointment_id=visit.pk).exists()


def test_holds_that_ran_out_go_and_others_stay():
    resource = ResourceFactory()
    now = datetime.now(UTC)
    TimeClaimFactory(resource=resource, kind="hold", hold_until=now - timedelta(seconds=1), blocked=span(NINE))
    kept = TimeClaimFactory(
        resource=resource, kind="hold", hold_until=now + timedelta(minutes=5), blocked=span(NINE + timedelta(hours=1))
    )
    connection.cursor().execute("SELECT app.release_claims(ARRAY[%s]::uuid[], NULL, NULL)", [resource.pk])
    assert list(TimeClaim.objects.all()) == [kept]


def test_a_patient_claim_belongs_to_the_patient_of_the_visit():
    visit = AppointmentFactory(status="cancelled", cancelled_at=NINE)
    with refused("same_patient", "scheduling_patientclaim_appointment_id_same_patient"):
        PatientClaimFactory(appointment=visit, patient=PatientFactory())


def test_a_patient_cannot_make_hours():
    user, site = portal_user(PatientFactory()), SiteFactory()
    resource = ResourceFactory()
    with pytest.raises(Exception, match="row-level security"), transaction.atomic(), acting_as(user):
        connection.cursor().execute(
            "INSERT INTO scheduling_workexception (id, created_at, updated_at, resource_id, site_id, during, kind,"
            " reason) VALUES (uuidv7(), now(), now(), %s, %s, '[2030-01-01Z,2030-01-02Z)', 'extra', '')",
            [resource.pk, site.pk],
        )


def test_the_system_of_a_worker_cannot_delete_claims_past_the_function():
    TimeClaimFactory()
    with pytest.raises(Exception, match="permission denied"), transaction.atomic(), taking_role("worker"):
        connection.cursor().execute("DELETE FROM scheduling_timeclaim")


def test_a_hold_that_ran_out_goes_when_its_time_is_claimed_and_no_other():
    """By the trigger: the login that books may delete no claim."""
    resource, now = ResourceFactory(), datetime.now(UTC)
    ended, standing = (
        {"resource": resource, "kind": "hold", "hold_until": now + timedelta(minutes=n)} for n in (-1, 5)
    )
    TimeClaimFactory(**ended, blocked=span(NINE))
    elsewhere = TimeClaimFactory(**ended, blocked=span(NINE + timedelta(hours=2)))
    stands = TimeClaimFactory(**standing, blocked=span(NINE + timedelta(hours=1)))
    claimed = TimeClaimFactory(**standing, blocked=span(NINE))
    assert set(TimeClaim.objects.all()) == {elsewhere, stands, claimed}
    with pytest.raises(IntegrityError, match="claim_no_overlap"), transaction.atomic():
        TimeClaimFactory(**standing, blocked=span(NINE + timedelta(hours=1)))
