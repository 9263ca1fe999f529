"""What the database holds of sessions and their seats, whoever writes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from healthcare.db.context import acting_as
from scheduling.models import GroupSession
from tests.factories import (
    AppointmentFactory,
    GroupSessionFactory,
    PatientFactory,
    ResourceFactory,
    SiteFactory,
    TimeClaimFactory,
    VisitTypeFactory,
    span,
    staff,
)
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE
from tests.scheduling.groups import at_once, plan, standing

pytestmark = pytest.mark.django_db


# == What the database holds, whoever writes ==
def refused(match):
    return pytest.raises(IntegrityError, match=match)


def seated(session, patient=None, number=1, **fields):
    with transaction.atomic():
        visit = AppointmentFactory(
            patient=patient or PatientFactory(),
            session=session,
            seat=number,
            **{name: getattr(session, name) for name in ("provider", "site", "visit_type", "during")} | fields,
        )
        at_once()
        return visit


def test_no_seat_is_given_twice_and_none_that_is_not_there():
    session = GroupSessionFactory(seats=2)
    seated(session)
    with refused("appointment_one_a_seat"):
        seated(session)
    with refused("a seat is one of a session"):
        seated(session, number=3)
    with refused("appointment_seat_in_a_session"):
        seated(session, number=None)
    with refused("appointment_seat_in_a_session"):
        seated(session, number=2, overbook_reason="Because")
    seated(session, number=2)


def test_nobody_has_two_seats_of_one_session():
    session, patient = GroupSessionFactory(), PatientFactory()
    seated(session, patient)
    with refused("patient_claim_no_overlap"):
        seated(session, patient, number=2)


@pytest.mark.parametrize("wrong", ["during", "provider", "site", "visit_type"])
def test_a_seat_is_where_and_when_its_session_is(wrong):
    session = GroupSessionFactory()
    other = {"during": span(session.starts_at + timedelta(minutes=5)), "provider": GroupSessionFactory().provider}
    other |= {"site": SiteFactory(), "visit_type": VisitTypeFactory()}
    with refused("a seat is one of a session"):
        seated(session, **{wrong: other[wrong]})


def test_a_session_cannot_leave_who_has_a_seat():
    session = GroupSessionFactory()
    visit = seated(session)
    for fields in ({"during": span(session.starts_at, 30)}, {"visit_type": VisitTypeFactory()}):
        with refused("a seat is one of a session"), transaction.atomic(), as_the_system():
            GroupSession.objects.filter(pk=session.pk).update(**fields)
            at_once()
    with refused("a seat is one of a session"), transaction.atomic(), as_the_system():
        connection.cursor().execute("SELECT app.release_claims('{}', NULL, NULL, NULL, %s)", [session.pk])
        GroupSession.objects.filter(pk=session.pk).update(cancelled_at=NINE, cancel_reason="Ill")
        at_once()
    assert standing(session) == [visit]


def test_a_session_stands_with_its_claim_and_only_then():
    session = GroupSessionFactory()
    at_once()
    release = "SELECT app.release_claims('{}', NULL, NULL, NULL, %s)"
    with refused("stands with its claims"), transaction.atomic(), as_the_system():
        connection.cursor().execute(release, [session.pk])
        at_once()
    with refused("stands with its claims"), transaction.atomic(), as_the_system():
        GroupSession.objects.filter(pk=session.pk).update(cancelled_at=NINE, cancel_reason="Ill")
        at_once()
    with refused("stands with its claims"), transaction.atomic():
        TimeClaimFactory(resource=ResourceFactory(), kind="visit", session=session, blocked=span(session.starts_at, 20))
        at_once()
    with refused("claim_of_a_visit_says_which"), transaction.atomic():
        TimeClaimFactory(resource=ResourceFactory(), session=session, blocked=session.during)
    with refused("claim_no_overlap"), transaction.atomic():
        AppointmentFactory(provider=session.provider, start=session.starts_at)


def test_a_seat_takes_no_time_of_the_provider_for_itself():
    visit = seated(GroupSessionFactory())
    with refused("no time of the provider to itself"), transaction.atomic():
        TimeClaimFactory(resource=ResourceFactory(), kind="visit", appointment_id=visit.pk, blocked=visit.during)
        at_once()


def test_nobody_releases_a_session_of_another_site(group):
    session = plan(group)
    for who in (group.rosa, staff("front_desk", SiteFactory()), staff("administrator", group.site)):
        with pytest.raises(Exception, match="not yours to move"), transaction.atomic(), acting_as(who):
            connection.cursor().execute("SELECT app.release_claims('{}', NULL, NULL, NULL, %s)", [session.pk])


def test_the_web_login_cannot_change_how_many_seats_there_are(group):
    session = plan(group)
    with pytest.raises(Exception, match="permission denied"), transaction.atomic(), acting_as(group.desk):
        GroupSession.objects.filter(pk=session.pk).update(seats=1)


def test_a_patient_plans_nothing(group):
    with pytest.raises(Exception, match="row-level security"), transaction.atomic(), acting_as(group.rosa):
        GroupSession(
            provider=group.provider,
            site=group.site,
            visit_type=group.visit_type,
            during=span(NINE),
            wall_start="2030-05-07T09:00",
            time_zone="America/New_York",
            seats=3,
            planned_by=group.rosa,
        ).save(force_insert=True)
