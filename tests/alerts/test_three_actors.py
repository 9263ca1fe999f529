"""The patient moves a visit, the desk cancels it and the provider blocks the time, all at once: one legal end.

Real connections in threads, the verbs as pages call them, and small pauses drawn by hypothesis that let each of them be
first, second or third.
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg.types.range import TimestamptzRange

from alerts.models import Alert, Reminder
from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.models import HOLDING, Appointment, PatientClaim, TimeClaim
from tests.events.draining import as_worker, drain
from tests.roles import taking_role
from tests.scheduling.conftest import NINE, NOW, Clinic, make_clinic

pytestmark = pytest.mark.django_db(transaction=True)
DAYS = count(2)  # each round has a day of its own: earlier rounds left blocks behind
PAUSES = st.tuples(*[st.sampled_from([0.0, 0.0, 0.004, 0.012, 0.03])] * 3)


@pytest.fixture
def world() -> Clinic:
    return make_clinic()


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(pauses=PAUSES, confirmed=st.booleans())
def test_there_is_one_legal_end_and_the_reminders_agree(
    world: Clinic, pauses: tuple[float, ...], confirmed: bool
) -> None:
    start = NINE + timedelta(days=next(DAYS))
    visit = world.book(start=start)
    if confirmed:
        with acting_as(world.rosa):
            actions.confirm_appointment(by=world.rosa, appointment=visit, now=NOW)
    doctor = as_worker(lambda: world.provider.user).in_role("doctor")
    during = TimestamptzRange(start - timedelta(hours=1), start + timedelta(hours=2))
    outcomes = at_once(
        pauses,
        (world.rosa, lambda: move(world.rosa, visit, start + timedelta(hours=4))),
        (world.desk, lambda: cancel(world.desk, visit)),
        (doctor, lambda: actions.block_time(by=doctor, provider=world.provider, during=during, reason="Away", now=NOW)),
    )
    assert set(outcomes) <= {"done", "refused"}
    check_visit(visit)
    check_reminders(visit)
    drain()
    check_reminders(visit)
    assert not as_worker(lambda: Alert.objects.waiting().filter(source=f"scheduling.appointment:{visit.pk}").exists())


def move(user: User, visit: Appointment, start: Any) -> None:
    actions.move_appointment(by=user, appointment=visit, start=start, now=NOW)


def cancel(user: User, visit: Appointment) -> None:
    actions.cancel_appointment(by=user, appointment=visit, reason="Called", now=NOW)


def at_once(pauses: tuple[float, ...], *deeds: tuple[User, Callable[[], Any]]) -> list[str]:
    gate, outcomes = threading.Barrier(len(deeds), timeout=30), []

    def do(user: User, deed: Callable[[], Any], pause: float) -> None:
        try:
            with taking_role("web"):
                gate.wait()
                time.sleep(pause)
                try:
                    with acting_as(user):
                        deed()
                    outcomes.append("done")
                except (actions.NotBookable, actions.TimeTaken):
                    outcomes.append("refused")
                except Exception as problem:  # it would vanish with the thread
                    outcomes.append(repr(problem))
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=[*deed, pause]) for deed, pause in zip(deeds, pauses, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def check_visit(visit: Appointment) -> None:
    """It stands with its claims, at one of the two times, or is cancelled without any."""
    now = as_worker(lambda: Appointment.objects.get(pk=visit.pk))
    claims = as_worker(lambda: list(TimeClaim.objects.filter(appointment_id=visit.pk)))
    places = as_worker(lambda: list(PatientClaim.objects.filter(appointment=visit)))
    assert now.status in ("booked", "confirmed", "cancelled")
    if now.status in HOLDING:
        assert [claim.blocked for claim in claims] == [place.during for place in places] == [now.during]
    else:
        assert (claims, places) == ([], [])


def check_reminders(visit: Appointment) -> None:
    """Rows for each time the visit had; those of its present time wait, if it stands, and no other."""
    now = as_worker(lambda: Appointment.objects.get(pk=visit.pk))
    rows = as_worker(lambda: list(Reminder.objects.filter(appointment=visit).order_by("sequence")))
    assert {row.sequence for row in rows} == set(range(now.sequence + 1))
    waiting = {(row.sequence, row.due_at) for row in rows if row.state == "due" and row.stage == "day_before"}
    if now.status in ("booked", "confirmed"):
        assert waiting == {(now.sequence, now.starts_at - timedelta(days=1))}
        assert {row.sequence for row in rows if row.state == "due"} == {now.sequence}
    else:
        assert [row for row in rows if row.state == "due"] == []


def test_the_checks_see_what_they_are_for(world: Clinic) -> None:
    """A reminder that was left behind, and one that is missing."""
    visit = world.book(start=NINE + timedelta(days=3))
    check_reminders(visit)
    with taking_role("owner"):
        Reminder.objects.filter(appointment=visit).update(state="skipped", reason="visit_past", next_at=None)
    with pytest.raises(AssertionError):
        check_reminders(visit)
    with taking_role("owner"):
        Reminder.objects.filter(appointment=visit).delete()
    with pytest.raises(AssertionError):
        check_reminders(visit)
