"""What counts on the day of a visit is copied when the patient comes, follows corrections, freezes with the bill."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError
from psycopg.types.range import DateRange

from billing.actions import change_coverage, copy_again, copy_coverage, issue_invoice, withdraw_coverage
from billing.events import CoverageChanged, EligibilityAsked
from billing.models import EligibilityCheck, VisitCoverage
from billing.queries import card_in, copies_of_bill, copies_of_visit, coverage_of_visit
from billing.subscribers import copy_coverage as on_arrival
from billing.subscribers import copy_coverage_again, copy_coverage_unless_arrived
from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from scheduling.events import PatientArrived, VisitStarted
from tests.billing.conftest import at_the_commit
from tests.billing.test_walls import run
from tests.factories import (
    AppointmentFactory,
    CoverageFactory,
    EligibilityCheckFactory,
    EncounterFactory,
    FeeFactory,
    PlanFactory,
    PlanTermsFactory,
    SiteFactory,
    VisitCoverageFactory,
)
from tests.roles import as_the_system, taking_role
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)


@pytest.fixture
def visit(rosa) -> Any:
    return AppointmentFactory(patient=rosa, start=NOW)


def copied(visit: Any, **of: Any) -> list[VisitCoverage]:
    of = of or {"appointment_id": visit.pk}
    with as_the_system(), at_the_commit():
        return copy_coverage(by=None, now=NOW, **of)


def said(visit: Any) -> list[tuple[int, str]]:
    with as_the_system():
        rows = VisitCoverage.objects.standing().filter(appointment=visit).order_by("priority")
        return [(row.priority, row.plan_name) for row in rows]


def bill_of(visit: Any) -> Any:
    FeeFactory(code="visit")
    done = {"status": "finished", "started_at": NOW, "finished_at": NOW}
    encounter = EncounterFactory(patient=visit.patient, site=visit.site, appointment=visit, **done)
    with as_the_system(), at_the_commit():
        return issue_invoice(by=None, encounter_id=encounter.pk, now=NOW)


# == Which card ==
def test_each_place_is_copied_with_names_and_numbers_as_they_are(visit, rosa) -> None:
    first = CoverageFactory(patient=rosa, plan__name="Gold PPO", plan__payer__name="Hartwell", group_number="0071")
    CoverageFactory(patient=rosa, priority=2, plan__name="Silver")
    copies = copied(visit)
    assert said(visit) == [(1, "Gold PPO"), (2, "Silver")]
    copy = copies[0]
    assert (copy.payer_name, copy.payer_number, copy.coverage_id) == ("Hartwell", "60054", first.pk)
    assert (copy.member_id, copy.group_number, copy.service_date) == ("XQH 884 201 557", "0071", DAY)


@pytest.mark.parametrize(("last", "counts"), [(DAY, True), (DAY - timedelta(days=1), False)])
def test_the_last_day_counts_and_the_day_after_does_not(visit, rosa, last, counts) -> None:
    CoverageFactory(patient=rosa, plan__name="Gold", validity=DateRange(date(2026, 1, 1), last + timedelta(days=1)))
    copied(visit)
    assert said(visit) == ([(1, "Gold")] if counts else [(1, "")])


def test_the_first_day_counts(visit, rosa) -> None:
    CoverageFactory(patient=rosa, plan__name="Gold", validity=DateRange(DAY, None))
    copied(visit)
    assert said(visit) == [(1, "Gold")]


def test_the_day_is_the_one_on_the_calendar_of_the_site(rosa) -> None:
    """Ten at night on the last day in New York is the next day in UTC."""
    site = SiteFactory(time_zone="America/New_York")
    late = AppointmentFactory(patient=rosa, site=site, start=datetime(2026, 12, 1, 3, 0, tzinfo=UTC))
    CoverageFactory(patient=rosa, plan__name="Gold", validity=DateRange(date(2026, 1, 1), date(2026, 12, 1)))
    assert [copy.service_date for copy in copied(late)] == [date(2026, 11, 30)]
    assert said(late) == [(1, "Gold")]


def test_none_known_is_written_too_and_is_not_never_looked(visit, rosa, clerk) -> None:
    assert said(visit) == []
    copied(visit)
    assert said(visit) == [(1, "")]
    with acting_as(clerk):
        found = coverage_of_visit(clerk, visit)
    assert (found.lines, found.copied) == ([], True)


def test_withdrawn_replaced_and_other_people_s_cards_do_not_count(visit, rosa, clerk) -> None:
    made = CoverageFactory(patient=rosa)
    CoverageFactory()
    with acting_as(clerk):
        withdraw_coverage(by=clerk, coverage=made, reason="Of her sister", now=NOW)
    copied(visit)
    assert said(visit) == [(1, "")]


def test_an_unknown_visit_is_none() -> None:
    with as_the_system():
        assert copy_coverage(by=None, now=NOW, appointment_id=uuid7()) == []
        assert copy_coverage(by=None, now=NOW) == []


# == When ==
def test_arriving_twice_copies_once(visit, rosa) -> None:
    CoverageFactory(patient=rosa)
    fact = PatientArrived(appointment_id=visit.pk, patient_id=rosa.pk)
    deliver_twice(on_arrival, fact, VisitCoverage.objects.count)


def test_a_visit_that_begins_without_check_in_copies_once_when_told_twice(visit, rosa) -> None:
    fact = VisitStarted(appointment_id=visit.pk, patient_id=rosa.pk)
    deliver_twice(copy_coverage_unless_arrived, fact, VisitCoverage.objects.count)


def test_each_card_is_asked_about_once(visit, rosa, announced) -> None:
    CoverageFactory(patient=rosa)
    copied(visit)
    copied(visit)
    with as_the_system():
        check = EligibilityCheck.objects.get()
    assert (check.appointment_id, check.service_date, check.asked_by) == (visit.pk, DAY, None)
    assert len(announced(EligibilityAsked)) == 1


def test_a_corrected_card_gives_a_new_copy_also_when_told_twice(visit, rosa, clerk) -> None:
    first = CoverageFactory(patient=rosa)
    copied(visit)
    with acting_as(clerk):
        change_coverage(by=clerk, coverage=first, card=replace(card_in(first), member_id="XQH 1"), now=NOW)
    fact = CoverageChanged(coverage_id=first.pk, patient_id=rosa.pk)
    deliver_twice(copy_coverage_again, fact, VisitCoverage.objects.count)
    with as_the_system():
        rows = list(VisitCoverage.objects.filter(appointment=visit).order_by("id"))
    assert [row.member_id for row in rows] == ["XQH 884 201 557", "XQH 1"]
    assert [row.replaced_at is None for row in rows] == [False, True]


def test_nobody_looked_at_visits_to_come_so_none_is_copied_again(visit, rosa) -> None:
    CoverageFactory(patient=rosa)
    with as_the_system():
        assert copy_again(by=None, patient_id=rosa.pk, now=NOW) == 0
    assert said(visit) == []


# == The bill ==
def test_the_bill_freezes_what_counted(visit, rosa, clerk) -> None:
    card = CoverageFactory(patient=rosa, plan__name="Gold")
    invoice = bill_of(visit)
    with acting_as(clerk):
        assert [copy.plan_name for copy in copies_of_bill(clerk, invoice)] == ["Gold"]
        withdraw_coverage(by=clerk, coverage=card, reason="Of her sister", now=NOW)
    with as_the_system():
        assert copy_again(by=None, patient_id=rosa.pk, now=NOW) == 0
    copied(visit)
    assert said(visit) == [(1, "Gold")]


def test_a_later_name_of_the_plan_changes_no_copy(visit, rosa) -> None:
    plan = PlanFactory(name="Gold")
    CoverageFactory(patient=rosa, plan=plan)
    bill_of(visit)
    with as_the_system():
        plan.name = "Platinum"
        plan.save()
    assert said(visit) == [(1, "Gold")]


def test_a_meeting_without_a_booking_has_its_copy_too(rosa, clerk) -> None:
    FeeFactory(code="visit")
    CoverageFactory(patient=rosa, plan__name="Gold")
    done = {"status": "finished", "started_at": NOW, "finished_at": NOW}
    encounter = EncounterFactory(patient=rosa, site=rosa.site, appointment=None, **done)
    with as_the_system(), at_the_commit():
        invoice = issue_invoice(by=None, encounter_id=encounter.pk, now=NOW)
    with acting_as(clerk):
        copies = copies_of_bill(clerk, invoice)
    assert [(copy.plan_name, copy.encounter_id, copy.service_date) for copy in copies] == [("Gold", encounter.pk, DAY)]


def test_bills_of_other_days_show_nothing_of_it(bill, clerk) -> None:
    with acting_as(clerk):
        assert copies_of_bill(clerk, bill) == []


@pytest.mark.parametrize("column", ["plan_name = 'Platinum'", "priority = 2", "service_date = service_date - 1"])
def test_not_even_the_owner_changes_a_copy(column) -> None:
    VisitCoverageFactory()
    with taking_role("owner"), pytest.raises(IntegrityError, match="stays as it was"):
        run(f"UPDATE billing_visitcoverage SET {column}")


def test_not_even_the_owner_replaces_what_was_billed(visit, rosa) -> None:
    CoverageFactory(patient=rosa)
    bill_of(visit)
    with taking_role("owner"), pytest.raises(IntegrityError, match="frozen"):
        run("UPDATE billing_visitcoverage SET replaced_at = now()")


@pytest.mark.parametrize("table", ["billing_coverage", "billing_visitcoverage", "billing_eligibilitycheck"])
def test_nothing_of_it_is_removed(table, visit, rosa) -> None:
    CoverageFactory(patient=rosa)
    copied(visit)
    with taking_role("owner"), pytest.raises(DatabaseError, match="append-only"):
        run(f"DELETE FROM {table}")


# == As a page sees it ==
def test_before_the_patient_comes_the_cards_of_that_day_are_shown(visit, rosa, clerk) -> None:
    CoverageFactory(patient=rosa, plan__name="Gold")
    CoverageFactory(patient=rosa, plan__name="Old", priority=2, validity=DateRange(date(2025, 1, 1), DAY))
    with acting_as(clerk):
        found = coverage_of_visit(clerk, visit)
        assert copies_of_visit(clerk, visit) == []
    assert ([line.plan for line in found.lines], found.copied) == (["Gold"], False)
    copied(visit)
    with acting_as(clerk):
        found = coverage_of_visit(clerk, visit)
    assert found.copied
    assert found.lines[0].meta == "Pays first, XQH 884 201 557"
    assert found.lines[0].check.status == "asked"


# == What the patient pays when they come ==
def copay_of(visit: Any, clerk: Any) -> tuple[Decimal | None, bool]:
    with acting_as(clerk):
        found = coverage_of_visit(clerk, visit)
    return found.copay, found.answered


def answered(check: EligibilityCheck, **answer: Any) -> None:
    answer |= {"status": "answered", "answered_at": NOW}
    for name, value in answer.items():
        setattr(check, name, value)
    with as_the_system():
        check.save(update_fields=answer)


def test_the_copay_is_that_of_the_terms_on_the_day_until_the_payer_answers(visit, rosa, clerk) -> None:
    card = CoverageFactory(patient=rosa, plan__without_terms=True)
    assert copay_of(visit, clerk) == (None, False)
    PlanTermsFactory(plan=card.plan, copay=Decimal("25.00"), validity=DateRange(date(2026, 1, 1), None))
    assert copay_of(visit, clerk) == (Decimal("25.00"), False)
    copied(visit)
    assert copay_of(visit, clerk) == (Decimal("25.00"), False)
    with as_the_system():
        first = EligibilityCheck.objects.get(appointment=visit)
    answered(first, outcome="active", reason="covered", copay=Decimal("30.00"))
    assert copay_of(visit, clerk) == (Decimal("30.00"), True)
    later = EligibilityCheckFactory(coverage=card, appointment=visit, asked_at=NOW + timedelta(hours=1))
    answered(later, outcome="inactive", reason="over")
    assert copay_of(visit, clerk) == (Decimal("25.00"), False)


def test_terms_of_other_days_and_cards_that_pay_later_do_not_say_the_copay(visit, rosa, clerk) -> None:
    card, second = (CoverageFactory(patient=rosa, priority=n, plan__without_terms=True) for n in (1, 2))
    PlanTermsFactory(plan=card.plan, copay=Decimal("25.00"), validity=DateRange(date(2025, 1, 1), DAY))
    PlanTermsFactory(plan=second.plan, copay=Decimal("40.00"), validity=DateRange(date(2025, 1, 1), None))
    assert copay_of(visit, clerk) == (None, False)
