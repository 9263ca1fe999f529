"""Whether a card counts is asked by a worker; an answer is kept as it was, and a failure stops nothing else."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from billing.actions import answer_eligibility, ask_eligibility
from billing.events import EligibilityAnswered, EligibilityAsked
from billing.models import EligibilityCheck
from billing.rules.coverage import Answer, Outcome, Question, Reason
from billing.subscribers import answer_eligibility as on_asked
from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from patients.access import NotInScope
from tests.billing.test_walls import run
from tests.factories import CoverageFactory, EligibilityCheckFactory, PlanFactory, staff
from tests.roles import as_the_system, taking_role
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)


def silent(question: Question) -> Answer:
    raise TimeoutError(f"{question.payer} did not answer about {question.member_id}")


def sick(question: Question) -> Answer:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    raise AssertionError


def outside(question: Question) -> Answer:
    return Answer(Outcome.ACTIVE, Reason.COVERED, Decimal("30.00"), None, received="EB*1**30~")


@pytest.fixture
def card(rosa) -> Any:
    return CoverageFactory(patient=rosa)


def asked(by: Any, card: Any, day: date = DAY) -> EligibilityCheck:
    with acting_as(by):
        return ask_eligibility(by=by, coverage=card, service_date=day, now=NOW)


def answered(check: Any) -> EligibilityCheck:
    with as_the_system():
        found = answer_eligibility(by=None, check_id=check.pk, now=NOW)
    assert found is not None
    return found


# == Ask ==
def test_the_page_asks_and_waits_for_nobody(card, clerk, announced) -> None:
    check = asked(clerk, card)
    assert (check.status, check.asked_by, check.outcome) == ("asked", clerk, "")
    assert [fact.check_id for fact in announced(EligibilityAsked)] == [check.pk]


def test_a_question_that_waits_is_not_asked_again_and_an_answered_one_is(card, clerk) -> None:
    first = asked(clerk, card)
    assert asked(clerk, card).pk == first.pk
    assert asked(clerk, card, date(2026, 12, 1)).pk != first.pk
    answered(first)
    assert asked(clerk, card).pk != first.pk


def test_who_keeps_no_cards_or_sees_no_bills_may_not_ask(card, rosa) -> None:
    with pytest.raises(NotAllowed):
        asked(staff("doctor", rosa.site), card)
    with pytest.raises(NotInScope):
        asked(staff("front_desk"), card)


# == Answer ==
def test_the_clinic_s_own_rules_answer_with_the_terms_of_that_day(card, clerk, announced) -> None:
    check = answered(asked(clerk, card))
    assert (check.status, check.outcome, check.reason) == ("answered", "active", "covered")
    assert (check.copay, check.deductible, check.answered_at) == (Decimal("25.00"), Decimal("500.00"), NOW)
    assert check.by_own_rules
    assert [fact.check_id for fact in announced(EligibilityAnswered)] == [check.pk]


def test_a_plan_without_terms_on_that_day_is_not_offered(rosa, clerk) -> None:
    card = CoverageFactory(patient=rosa, plan=PlanFactory(without_terms=True))
    check = answered(asked(clerk, card))
    assert (check.outcome, check.reason, check.copay) == ("inactive", "not_offered", None)


def test_a_number_that_is_not_the_payer_s_is_not_found(rosa, clerk) -> None:
    card = CoverageFactory(patient=rosa, plan__payer__number_form="999999999")
    assert answered(asked(clerk, card)).reason == "not_its_number"


def test_an_answer_told_twice_is_one_answer(card, clerk) -> None:
    check = asked(clerk, card)
    fact = EligibilityAsked(check_id=check.pk, patient_id=check.patient_id)
    deliver_twice(on_asked, fact, lambda: list(EligibilityCheck.objects.values_list("status", "answered_at")))


def test_an_unknown_check_is_none() -> None:
    with as_the_system():
        assert answer_eligibility(by=None, check_id=uuid7(), now=NOW) is None


@pytest.mark.parametrize("name", ["silent", "sick"])
def test_a_failure_is_an_answer_that_could_not_be_had_and_logs_no_value(card, clerk, settings, caplog, name) -> None:
    settings.ELIGIBILITY = f"{__name__}.{name}"
    check = answered(asked(clerk, card))
    assert (check.status, check.outcome, check.answered_at) == ("failed", "", NOW)
    assert "no answer about eligibility" in caplog.text
    assert "XQH" not in caplog.text
    assert answered(asked(clerk, card)).pk != check.pk


def test_an_answerer_that_is_not_there_fails_the_same_way(card, clerk, settings) -> None:
    settings.ELIGIBILITY = "billing.eligibility.by_nobody"
    assert answered(asked(clerk, card)).status == "failed"


def test_what_came_from_outside_is_kept_whole_and_encrypted(card, clerk, settings) -> None:
    settings.ELIGIBILITY = f"{__name__}.outside"
    check = answered(asked(clerk, card))
    assert (check.received, check.copay, check.by_own_rules) == ("EB*1**30~", Decimal("30.00"), False)
    with as_the_system():
        raw = EligibilityCheck.objects.filter(pk=check.pk).values_list("received", flat=True).get()
    assert raw.startswith("v1.")


def test_not_even_the_owner_changes_an_answer(card, clerk) -> None:
    answered(asked(clerk, card))
    with taking_role("owner"), pytest.raises(IntegrityError, match="as it was given"):
        run("UPDATE billing_eligibilitycheck SET outcome = 'inactive'")


def test_nobody_asks_in_another_s_name_or_answers_by_a_page(card, clerk, rosa) -> None:
    with acting_as(clerk):
        for said in ({"asked_by": staff("billing", rosa.site)}, {"asked_by": clerk, "status": "failed"}):
            when = {"answered_at": NOW} if "status" in said else {}
            row = EligibilityCheck(patient=rosa, coverage=card, service_date=DAY, asked_at=NOW, **said, **when)
            with pytest.raises(Exception, match="row-level security"), transaction.atomic():
                row.save(force_insert=True)
    check = EligibilityCheckFactory(coverage=card)
    with acting_as(clerk), pytest.raises(Exception, match="permission denied"), transaction.atomic():
        EligibilityCheck.objects.filter(pk=check.pk)._raw_delete("default")
