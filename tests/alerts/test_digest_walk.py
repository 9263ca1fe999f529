"""Once a day: whatever happens in whatever order, each letter is sent once or says why not."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
import time_machine

from alerts.actions import tell_of_appointment, withdraw_outdated
from alerts.models import Notice
from scheduling.models import Appointment
from tests.alerts.conftest import Clinic, as_system
from tests.alerts.test_digests import DAY, HOUR, change, post, send, tell, visit_at, wish_for
from tests.events.draining import as_worker

pytestmark = pytest.mark.django_db

# == Whatever happens, in whatever order ==
FIRST = datetime(2026, 3, 12, 15, tzinfo=UTC)  # the first visit: some begin before they are told of
STEPS = ("tell", "tell", "tell", "visit", "send", "hour", "day", "daily", "at_once", "quiet", "loud", "outdate")


@pytest.mark.parametrize("seed", range(12))
def test_each_is_sent_once_or_says_why_not(clinic: Clinic, seed: int) -> None:
    """From two days before the clock goes forward, by steps drawn from `STEPS`; at the end everything is due."""
    draw, now = Random(seed), datetime(2026, 3, 6, 15, tzinfo=UTC)
    visits: list[Appointment] = []
    for step in [*draw.choices(STEPS, k=40), "day", "day", "send"]:
        with time_machine.travel(now, tick=False):
            _take(step, clinic, now, visits)
        now += {"hour": HOUR * draw.randint(1, 9), "day": DAY}.get(step, timedelta(seconds=1))
    for later in range(4):  # one of them is not in the quiet hours
        send(now + 2 * DAY + later * 6 * HOUR)
    _each_is_settled()


def _take(step: str, clinic: Clinic, now: datetime, visits: list[Appointment]) -> None:
    match step:
        case "tell":
            tell(clinic)
        case "visit":
            visits.append(visit := visit_at(clinic, FIRST + HOUR * as_worker(Appointment.objects.count)))
            booked: dict[str, Any] = {"letter": "appointment_booked", "appointment_id": visit.pk, "sequence": 0}
            as_system(tell_of_appointment, **booked, now=now)
        case "outdate" if visits:
            gone = visits.pop()
            change(gone, sequence=1)
            as_system(withdraw_outdated, appointment_id=gone.pk, now=now)
        case "send":
            send(now)
        case "daily" | "at_once":
            wish_for("daily" if step == "daily" else "email", clinic.patient)
        case "quiet":
            change(clinic.patient, quiet_from=time(20), quiet_until=time(9, 30))
        case "loud":
            change(clinic.patient, quiet_from=None, quiet_until=None)


def _each_is_settled() -> None:
    rows = as_worker(lambda: list(Notice.objects.all().order_by("pk")))
    mails = {mail.pk: mail for mail in post()}
    assert not [row for row in rows if row.state == "gathered"], "nothing is left behind"
    sent = Counter[UUID](row.message_id for row in rows if row.state == "queued" and row.message_id in mails)
    for key, mail in mails.items():
        told = sum(_count(line) for line in mail.words["lines"].splitlines()) if "lines" in mail.words else 1
        assert told == sent[key], "each line is of one notice, each notice in one mail"
    assert all(row.reason for row in rows if row.state == "skipped")


def _count(line: str) -> int:
    return int(line.rpartition("(")[2].rstrip(")")) if line.endswith(")") else 1
