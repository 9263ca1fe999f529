"""The admin: payers, plans and their terms, each by its verb after a preview, with what was changed under History."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.actions import PlanRefused, set_payer, set_plan, set_plan_terms
from billing.models import Payer, Plan, PlanTerms
from healthcare.accounts.access import NotAllowed
from tests.accounts.conftest import audited as events_of
from tests.factories import (
    CoverageFactory,
    EligibilityCheckFactory,
    PayerFactory,
    PlanFactory,
    PlanTermsFactory,
    UnbilledVisitFactory,
    VisitCoverageFactory,
    staff,
)

pytestmark = pytest.mark.django_db
URL = "/admin/billing/"
CONFIRMED = {"_confirmed": "yes"}


@pytest.fixture
def boss(browser):
    return browser(staff("administrator"))


def payer_typed(**said: str) -> dict[str, str]:
    known = {"name": "Hartwell Mutual", "kind": "commercial", "number": "60054", "phone": "", "active": "on"}
    return known | {"number_form": "AAA999999999"} | said


# == Payers ==
def test_a_payer_is_added_after_a_preview(boss) -> None:
    assert boss.get(f"{URL}payer/add/").status_code == 200
    preview = boss.post(f"{URL}payer/add/", payer_typed())
    assert "Hartwell Mutual" in preview.content.decode()
    assert not Payer.objects.exists()
    assert boss.post(f"{URL}payer/add/", payer_typed() | CONFIRMED).status_code == 302
    payer = Payer.objects.get()
    assert (payer.name, payer.number, payer.active) == ("Hartwell Mutual", "60054", True)
    assert [line.target_id for line in events_of("billing.set_payer")] == [payer.pk]


def test_one_that_pays_no_longer_says_what_follows_and_its_history_who_said_so(boss) -> None:
    payer = PayerFactory(name="Hartwell Mutual")
    typed = payer_typed()
    del typed["active"]
    url = f"{URL}payer/{payer.pk}/"
    assert "Its plans can no longer be chosen" in boss.post(f"{url}change/", typed).content.decode()
    assert boss.post(f"{url}change/", typed | CONFIRMED).status_code == 302
    payer.refresh_from_db()
    assert not payer.active
    history = boss.get(f"{url}history/").content.decode()
    assert "still pays" in history.lower()


def test_a_name_is_one_payer_s_whatever_its_letters(boss) -> None:
    PayerFactory(name="hartwell MUTUAL")
    answer = boss.post(f"{URL}payer/add/", payer_typed() | CONFIRMED, follow=True)
    assert answer.status_code == 200
    assert Payer.objects.count() == 1
    with pytest.raises(PlanRefused, match="a payer of this name"):
        set_payer(by=None, name="Hartwell Mutual")


def test_a_field_that_is_none_is_a_programmer_s_mistake() -> None:
    with pytest.raises(TypeError, match="colour"):
        set_payer(by=None, name="Hartwell", colour="red")


# == Plans ==
def test_a_plan_is_added_and_renamed(boss) -> None:
    payer = PayerFactory(name="Hartwell Mutual")
    typed = {"payer": str(payer.pk), "name": "Gold", "kind": "ppo"}
    assert "Hartwell Mutual" in boss.get(f"{URL}plan/add/").content.decode()
    assert boss.post(f"{URL}plan/add/", typed | CONFIRMED).status_code == 302
    plan = Plan.objects.get()
    renamed = typed | {"name": "Gold PPO"} | CONFIRMED
    assert boss.post(f"{URL}plan/{plan.pk}/change/", renamed).status_code == 302
    plan.refresh_from_db()
    assert (plan.name, plan.payer_id) == ("Gold PPO", payer.pk)
    with pytest.raises(PlanRefused, match="a plan of this name"):
        set_plan(by=None, payer=payer, name="gold ppo")


# == Terms ==
def terms() -> list[tuple[str, str, Decimal | None]]:
    rows = PlanTerms.objects.order_by("validity")
    return [(str(row.validity.lower), str(row.validity.upper), row.copay) for row in rows]


def test_new_terms_end_the_old_ones_and_leave_them_there(boss) -> None:
    plan = PlanFactory(name="Gold PPO", payer__name="Hartwell Mutual")
    typed = {"plan": str(plan.pk), "copay": "30.00", "deductible": "", "from_date": "Jan 1, 2027", "last_date": ""}
    assert "Hartwell Mutual: Gold PPO" in boss.get(f"{URL}planterms/add/").content.decode()
    assert boss.post(f"{URL}planterms/add/", typed | CONFIRMED).status_code == 302
    assert terms() == [("2020-01-01", "2027-01-01", Decimal("25.00")), ("2027-01-01", "None", Decimal("30.00"))]
    row = PlanTerms.objects.get(copay=Decimal("30.00"))
    assert boss.get(f"{URL}planterms/{row.pk}/change/").status_code == 200
    again = boss.post(f"{URL}planterms/add/", typed | CONFIRMED, follow=True).content.decode()
    assert "Choose a later day" in again


def test_the_last_day_of_terms_is_one_of_theirs() -> None:
    plan = PlanFactory(without_terms=True)
    made = set_plan_terms(by=None, plan=plan, from_date=date(2026, 1, 1), last_date=date(2026, 12, 31))
    assert (made.validity.upper, made.copay, made.deductible) == (date(2027, 1, 1), None, None)
    assert PlanTerms.objects.on(date(2026, 12, 31)).exists()
    with pytest.raises(PlanRefused, match="before the first"):
        set_plan_terms(by=None, plan=plan, from_date=date(2028, 1, 2), last_date=date(2028, 1, 1))


# == Who ==
def test_nobody_but_an_administrator_sets_them(browser) -> None:
    desk, plan = staff("front_desk"), PlanFactory()
    sets: list[Any] = [
        lambda: set_payer(by=desk, name="Mine"),
        lambda: set_plan(by=desk, payer=plan.payer, name="Mine"),
        lambda: set_plan_terms(by=desk, plan=plan, from_date=date(2030, 1, 1)),
    ]
    for each in sets:
        with pytest.raises(NotAllowed):
            each()
    assert browser(desk).get(f"{URL}payer/").status_code in {302, 403, 404}


@pytest.mark.parametrize("kind", ["payer", "plan", "planterms"])
def test_they_are_listed_and_searched(boss, kind) -> None:
    PlanTermsFactory(plan=PlanFactory(name="Gold PPO", payer__name="Hartwell Mutual", without_terms=True))
    assert b"Hartwell Mutual" in boss.get(f"{URL}{kind}/?q=Hartwell").content


def test_an_administrator_sees_nobody_s_card(boss, rosa) -> None:
    card = CoverageFactory(patient=rosa)
    VisitCoverageFactory(coverage=card)
    EligibilityCheckFactory(coverage=card)
    UnbilledVisitFactory()
    for kind in ("coverage", "visitcoverage", "eligibilitycheck", "unbilledvisit"):
        page = boss.get(f"{URL}{kind}/")
        assert page.status_code == 200
        assert b"0 " in page.content
        assert rosa.family_name.encode() not in page.content
