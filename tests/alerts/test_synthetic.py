"""The invented alerts and reminders: what is to come is called to mind, what was said is answered."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from alerts.models import Alert, Reminder
from alerts.rules import due_at, is_exhausted
from alerts.synthetic import OPEN_ONES
from patients.synthetic.plan import Plan
from records.models import Entry
from scheduling.models import OPEN
from tests.roles import as_the_system, taking_role
from tests.synthetic import clinic, proofs

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def plan(django_db_setup: None, django_db_blocker: Any) -> Iterator[Plan]:
    with clinic("alerts", django_db_blocker) as made:
        yield made


def test_every_proof_holds(plan: Plan) -> None:
    found = proofs("alerts", plan)
    assert len(found) == 2
    assert all(found.values())


def test_a_reminder_too_few_is_noticed(plan: Plan) -> None:
    with taking_role("owner"):
        Reminder.objects.filter(state="due").delete()
    assert proofs("alerts", plan)["every coming visit has its reminder"] is False


def test_reminders_are_due_a_day_before(plan: Plan) -> None:
    with as_the_system():
        rows = list(Reminder.objects.select_related("appointment").order_by("pk"))
    assert {row.state for row in rows} >= {"due", "sent"}
    for row in rows:
        visit = row.appointment
        assert row.due_at == due_at(visit.starts_at, visit.time_zone, row.stage)
        assert row.patient_id == visit.patient_id
        if row.state == "due":
            assert row.due_at > plan.now
            assert visit.status in OPEN
            assert row.next_at == row.due_at


def test_nobody_is_asked_the_moment_the_load_ends(plan: Plan) -> None:
    with as_the_system():
        rows = list(Alert.objects.order_by("raised_at", "pk"))
    assert 0 < len([row for row in rows if row.state == "open"]) <= OPEN_ONES
    for row in rows:
        assert not is_exhausted(row.severity, row.level)
        if row.state == "open":
            assert row.next_at is not None
            assert row.next_at > plan.now
            assert plan.now - row.raised_at < timedelta(hours=1)
        else:
            assert row.acknowledged_by_id == row.owner_id
            assert row.acknowledged_at >= row.raised_at


def test_an_alert_leads_to_a_value_out_of_range(plan: Plan) -> None:
    with as_the_system():
        for row in Alert.objects.order_by("pk"):
            entry = Entry.objects.get(pk=row.source.removeprefix("records.entry:"), patient_id=row.patient_id)
            assert entry.data["flag"]
            assert row.area == "clinical"
            assert row.team.role == "doctor"
