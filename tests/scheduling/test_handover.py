"""Visits booked with somebody who leaves: counted, kept, and waiting on the lists of the desk to be moved."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from healthcare.accounts import actions as accounts
from healthcare.accounts.events import UserDeactivated
from healthcare.db.context import acting_as
from scheduling import actions, subscribers
from scheduling.events import TimeBlocked
from scheduling.models import TimeClaim
from scheduling.panels import held, to_settle_card
from tests.factories import staff
from tests.scheduling.pages import at, visit_at
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(clinic: Any) -> Any:
    return staff("administrator", clinic.site)


def blocks(clinic: Any) -> list[Any]:
    rows = TimeClaim.objects.filter(resource=clinic.resource, kind="block").order_by("blocked")
    return [(row.blocked.lower, row.blocked.upper) for row in rows]


def tomorrow(hour: int) -> Any:
    return at(hour) + timedelta(days=1)


def test_visits_to_come_are_counted(clinic: Any, boss: Any) -> None:
    visit_at(clinic, tomorrow(9))
    with acting_as(boss):
        assert list(held(clinic.provider.user, timezone.now()).values()) == [1, 0]
        assert list(held(clinic.desk, timezone.now()).values()) == [0, 0]
        assert list(held(clinic.provider.user, timezone.now() + timedelta(days=9)).values()) == [0, 0]


def test_every_visit_stays_and_waits_for_the_desk(clinic: Any, boss: Any, announced: Any) -> None:
    first, last = visit_at(clinic, tomorrow(9)), visit_at(clinic, tomorrow(11))
    with acting_as(boss):
        accounts.deactivate_user(by=boss, user=clinic.provider.user)
    ((begins, ends),) = blocks(clinic)
    assert begins <= timezone.now()
    assert ends >= last.during.upper
    (fact,) = announced(TimeBlocked)
    assert set(fact.appointment_ids) == {first.pk, last.pk}
    with acting_as(clinic.desk):
        assert to_settle_card(clinic.desk, timezone.now()) is not None
        first.refresh_from_db()
    assert first.status == "booked"


def test_what_was_blocked_already_stays_blocked_as_it_was(clinic: Any, boss: Any) -> None:
    visit_at(clinic, tomorrow(15))
    doctor, now = clinic.provider.user, timezone.now()
    lunch = type(visit_at(clinic, tomorrow(9)).during)(tomorrow(12), tomorrow(13))
    with acting_as(doctor.in_role("doctor")):
        actions.block_time(by=doctor, provider=clinic.provider, during=lunch, reason="Lunch", now=now)
    with acting_as(boss):
        accounts.deactivate_user(by=boss, user=doctor)
    spans = blocks(clinic)
    assert (tomorrow(12), tomorrow(13)) in spans
    assert len(spans) == 3


def test_delivered_twice_it_blocks_once(clinic: Any) -> None:
    visit_at(clinic, tomorrow(9))
    fact = UserDeactivated(user_id=clinic.provider.user_id)
    once = deliver_twice(subscribers.keep_time_of_who_left, fact, lambda: len(blocks(clinic)))
    assert once == 1


def test_who_is_booked_by_nobody_leaves_nothing(clinic: Any, boss: Any) -> None:
    with acting_as(boss):
        assert actions.block_time_of_who_left(by=None, user_id=clinic.desk.pk, now=timezone.now()) == 0
        assert actions.block_time_of_who_left(by=None, user_id=clinic.provider.user_id, now=timezone.now()) == 0
    assert blocks(clinic) == []
