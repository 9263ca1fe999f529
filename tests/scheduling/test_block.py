"""Blocking a provider's time."""

import pytest
from django.db import transaction
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.access import can_block
from scheduling.actions import NotBookable, TimeTaken
from scheduling.actions.claims import release_claims
from scheduling.events import TimeBlocked, TimeUnblocked
from scheduling.models import Appointment, TimeClaim
from tests.factories import PatientFactory, ResourceFactory, TimeClaimFactory, portal_user, span, staff
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW, later

pytestmark = pytest.mark.django_db


def block(clinic, by, during=None, provider=None):
    with acting_as(by):
        return actions.block_time(
            by=by,
            provider=provider or clinic.provider,
            during=during or span(NINE, 120),
            reason="Conference",
            now=NOW,
        )


def unblock(claim, by):
    with acting_as(by):
        actions.unblock_time(by=by, claim=claim, now=NOW)


def test_nothing_is_booked_in_it(clinic):
    claim = block(clinic, clinic.provider.user)
    assert (claim.kind, claim.lane, claim.reason) == ("block", -1, "Conference")
    for start in (NINE, later(-35), later(115)):
        with pytest.raises(TimeTaken):
            clinic.book(start=start)
    clinic.book(start=later(120))


def test_visits_in_it_stand_and_are_named(clinic, announced):
    inside = clinic.book()
    other = portal_user(patient := PatientFactory(site=clinic.site))
    across = clinic.book(by=other, patient=patient, start=later(90))
    claim = block(clinic, clinic.desk, TimestamptzRange(later(-60), later(100)))
    assert announced(TimeBlocked) == [TimeBlocked(claim.pk, clinic.provider.pk, (inside.pk, across.pk))]
    with as_the_system():
        assert Appointment.objects.filter(status="booked").count() == 2
    with acting_as(clinic.rosa):
        moved = actions.move_appointment(by=clinic.rosa, appointment=inside, start=later(200), now=NOW)
    assert moved.starts_at == later(200)


def test_a_visit_is_not_moved_within_it(clinic):
    visit = clinic.book()
    block(clinic, clinic.desk)
    with pytest.raises(TimeTaken), acting_as(clinic.rosa):
        actions.move_appointment(by=clinic.rosa, appointment=visit, start=later(10), now=NOW)
    assert TimeClaim.objects.get(appointment_id=visit.pk).blocked == span(NINE)


def test_lifting_it_frees_the_time(clinic, announced):
    claim = block(clinic, clinic.desk)
    unblock(claim, clinic.provider.user)
    unblock(claim, clinic.desk)
    assert announced(TimeUnblocked) == [TimeUnblocked(claim.pk, clinic.provider.pk)]
    clinic.book()


def test_what_is_blocked_is_not_blocked_again(clinic):
    block(clinic, clinic.desk)
    with pytest.raises(NotBookable, match="already"):
        block(clinic, clinic.desk, span(later(60), 120))


@pytest.mark.parametrize(
    "during",
    [span(NOW, 0), TimestamptzRange(NOW, None), TimestamptzRange(None, NINE), TimestamptzRange(later(-9999), NOW)],
)
def test_a_span_has_an_end_and_is_not_over(clinic, during):
    with pytest.raises(NotBookable, match="not over yet"):
        block(clinic, clinic.desk, during)


def test_a_visit_is_no_block(clinic):
    visit = clinic.book()
    claim = TimeClaim.objects.get(appointment_id=visit.pk)
    with pytest.raises(NotBookable, match="visit, not blocked"):
        unblock(claim, clinic.desk)
    room = ResourceFactory(kind="room", provider=None, site=clinic.site)
    with pytest.raises(NotBookable, match="visit, not blocked"):
        unblock(TimeClaimFactory(resource=room), clinic.desk)


def test_only_ones_own_time_or_that_of_ones_desk(clinic):
    colleague = staff("doctor", clinic.site)
    for other in (colleague, staff("front_desk")):
        with pytest.raises(NotAllowed, match="your own time"):
            block(clinic, other)
    with pytest.raises(NotAllowed, match="Your role"):
        block(clinic, staff("nurse", clinic.site))
    claim = block(clinic, clinic.desk)
    with pytest.raises(NotAllowed):
        unblock(claim, colleague)
    with acting_as(clinic.desk):
        assert can_block(clinic.desk, clinic.provider)
        assert not can_block(clinic.rosa, clinic.provider)


def test_the_database_asks_once_more_who_lifts_a_block(clinic):
    claim = block(clinic, clinic.desk)
    for other in (clinic.rosa, staff("front_desk")):
        with pytest.raises(Exception, match="not yours"), transaction.atomic(), acting_as(other):
            release_claims(block_id=claim.pk)


def test_the_system_blocks_and_lifts(clinic):
    with as_the_system():
        claim = actions.block_time(by=None, provider=clinic.provider, during=span(NINE), reason="", now=NOW)
        actions.unblock_time(by=None, claim=claim, now=NOW)
    assert not TimeClaim.objects.exists()
