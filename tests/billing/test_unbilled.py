"""A finished visit has a row of its own until it has a bill, so that the home of the desk counts rows, not visits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from billing.actions import issue_invoice, note_unbilled
from billing.models import UnbilledVisit
from billing.queries import unbilled_visits
from billing.queries.home import _owed, _unbilled
from billing.subscribers import note_unbilled as on_finished
from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from scheduling.events import VisitFinished
from tests.billing.conftest import at_the_commit
from tests.factories import (
    AppointmentFactory,
    EncounterFactory,
    FeeFactory,
    InvoiceFactory,
    UnbilledVisitFactory,
    staff,
)
from tests.roles import as_the_system
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture
def visit(rosa) -> Any:
    done = {"status": "checked_out", "arrived_at": NOW, "started_at": NOW, "finished_at": NOW}
    return AppointmentFactory(patient=rosa, start=NOW - timedelta(hours=1), **done)


def waiting() -> int:
    with as_the_system():
        return UnbilledVisit.objects.count()


def noted(visit: Any) -> UnbilledVisit | None:
    with as_the_system():
        return note_unbilled(by=None, appointment_id=visit.pk, now=NOW)


def billed(visit: Any) -> Any:
    FeeFactory(code="visit")
    done = {"status": "finished", "started_at": NOW, "finished_at": NOW}
    encounter = EncounterFactory(patient=visit.patient, site=visit.site, appointment=visit, **done)
    with as_the_system(), at_the_commit():
        return issue_invoice(by=None, encounter_id=encounter.pk, now=NOW)


def test_a_finished_visit_waits_for_its_bill_once_also_when_told_twice(visit) -> None:
    fact = VisitFinished(appointment_id=visit.pk, patient_id=visit.patient_id)
    deliver_twice(on_finished, fact, UnbilledVisit.objects.count)


def test_with_its_bill_it_waits_no_longer(visit) -> None:
    row = noted(visit)
    assert row is not None
    assert (row.finished_at, row.patient_id, waiting()) == (NOW, visit.patient_id, 1)
    assert billed(visit) is not None
    assert waiting() == 0


def test_a_bill_that_was_quicker_leaves_nothing_waiting(visit) -> None:
    billed(visit)
    assert noted(visit) is None
    assert waiting() == 0


def test_a_visit_without_a_fee_goes_on_waiting(visit) -> None:
    noted(visit)
    done = {"status": "finished", "started_at": NOW, "finished_at": NOW}
    encounter = EncounterFactory(patient=visit.patient, site=visit.site, appointment=visit, **done)
    with as_the_system():
        assert issue_invoice(by=None, encounter_id=encounter.pk, now=NOW) is None
    assert waiting() == 1


def test_the_bill_of_another_visit_leaves_it(visit, rosa) -> None:
    noted(visit)
    other = AppointmentFactory(patient=rosa, start=NOW + timedelta(days=1))
    billed(other)
    assert waiting() == 1


def test_one_that_is_not_finished_or_not_known_does_not_wait(rosa) -> None:
    assert noted(AppointmentFactory(patient=rosa)) is None
    with as_the_system():
        assert note_unbilled(by=None, appointment_id=uuid7(), now=NOW) is None


# == What the home page asks ==
def test_they_are_counted_as_far_as_one_sees_and_as_far_back_as_one_asks(visit, clerk) -> None:
    UnbilledVisitFactory(appointment=visit, finished_at=NOW)
    UnbilledVisitFactory(finished_at=NOW)
    for user, since, number in (
        (clerk, NOW - timedelta(days=1), 1),
        (clerk, NOW + timedelta(seconds=1), 0),
        (staff("billing"), NOW - timedelta(days=1), 0),
        (staff("nurse", visit.site), NOW - timedelta(days=1), 0),
    ):
        with acting_as(user):
            assert unbilled_visits(user, since) == number


def test_no_more_are_counted_than_a_page_says(visit, clerk, rosa, monkeypatch) -> None:
    monkeypatch.setattr("billing.queries.home.MOST_COUNTED", 1)
    UnbilledVisitFactory(appointment=visit)
    UnbilledVisitFactory(patient=rosa, appointment=AppointmentFactory(patient=rosa, start=NOW))
    with acting_as(clerk):
        assert unbilled_visits(clerk, NOW - timedelta(days=90)) == 1


def asked(function: Any, *given: Any) -> str:
    """The statement that it sends, as the database gets it."""
    with connection.execute_wrapper(lambda execute, sql, *rest: sent.append(str(sql)) or execute(sql, *rest)):
        sent: list[str] = []
        function(*given)
    return sent[-1]


def test_neither_visits_nor_settled_bills_are_read_for_it(clerk) -> None:
    """At full size the count of finished visits against bills took longer than a page may (docs/performance.md)."""
    with acting_as(clerk):
        statement = asked(_unbilled, clerk, timezone.now(), 1000)
    assert "billing_unbilledvisit" in statement
    for table in ("scheduling_appointment", "billing_invoice"):
        assert table not in statement
    assert "LIMIT 1000" in statement


def plan_of(statement: str, *given: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", given)
        return "\n".join(row[0] for row in cursor.fetchall())


def test_they_are_found_along_the_index_of_their_ends_under_row_security(visit, clerk) -> None:
    UnbilledVisitFactory(appointment=visit)
    with acting_as(clerk):
        plan = plan_of(
            "SELECT finished_at FROM billing_unbilledvisit WHERE finished_at >= %s ORDER BY finished_at LIMIT 1000", NOW
        )
    assert "unbilled_by_end" in plan
    assert "Sort" not in plan


def test_what_is_owed_asks_the_walls_of_payments_alone(clerk, rosa) -> None:
    """The condition on the kind may run before row security, so charges, which are most, are never held against it."""
    for _each in range(3):
        InvoiceFactory(patient=rosa)
    with acting_as(clerk):
        statement = asked(_owed, clerk, 1000)
    assert "'charge'" in statement
    with connection.cursor() as cursor:
        cursor.execute("SELECT bool_and(proleakproof) FROM pg_proc WHERE proname IN ('texteq', 'textne')")
        assert cursor.fetchone() == (True,)
