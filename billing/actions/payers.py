"""Payers, their plans, and the terms of a plan by day. For administrators, and for the import of what others know."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from psycopg.types.range import DateRange

from billing import rules
from billing.models import Payer, Plan, PlanTerms
from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record

PAYER = ("name", "kind", "number", "phone", "number_form", "active")
PLAN = ("payer", "name", "kind")


class PlanRefused(Exception):
    """This payer, plan or term cannot be kept so. The message is a sentence."""


@transaction.atomic
def set_payer(*, by: User | None, payer_id: UUID | None = None, **said: Any) -> Payer:
    """Add a payer, or bring the one with this key to what is said of it. Raises NotAllowed, and PlanRefused."""
    _check_may(by)
    payer = Payer.objects.select_for_update(of=("self",)).get(pk=payer_id) if payer_id else Payer()
    _bring(payer, PAYER, said, _("There is a payer of this name."))
    record("billing.set_payer", by=by, target=payer, detail={"fields": sorted(said)})
    return payer


@transaction.atomic
def set_plan(*, by: User | None, plan_id: UUID | None = None, **said: Any) -> Plan:
    """Add a plan of a payer, or bring the one with this key to what is said. Raises NotAllowed, and PlanRefused."""
    _check_may(by)
    plan = Plan.objects.select_for_update(of=("self",)).get(pk=plan_id) if plan_id else Plan()
    _bring(plan, PLAN, said, _("This payer has a plan of this name."))
    record("billing.set_plan", by=by, target=plan, detail={"fields": sorted(said)})
    return plan


@transaction.atomic
def set_plan_terms(
    *,
    by: User | None,
    plan: Plan,
    from_date: date,
    last_date: date | None = None,
    copay: Decimal | None = None,
    deductible: Decimal | None = None,
) -> PlanTerms:
    """Let a plan ask so much from this day on, to a last day or without end; the terms before end there.

    Raises NotAllowed, and PlanRefused where terms begin on that day or later, or the last day is before the first.
    """
    _check_may(by)
    if last_date is not None and last_date < from_date:
        raise PlanRefused(_("The last day is before the first. Check both."))
    terms = PlanTerms.objects.filter(plan=plan).select_for_update(of=("self",))
    if terms.filter(validity__startswith__gte=from_date).exists():
        raise PlanRefused(_("Terms of this plan begin on that day or later. Choose a later day."))
    before = terms.on(from_date).first()
    if before is not None:
        before.validity = DateRange(before.validity.lower, from_date)
        before.save(update_fields=["validity", "updated_at"])
    asked = {name: None if sum_ is None else rules.cents(sum_) for name, sum_ in _money(copay, deductible)}
    days = DateRange(from_date, rules.coverage.first_after(last_date))
    row = PlanTerms(plan=plan, validity=days, **asked)
    row.save(force_insert=True)
    record("billing.set_plan_terms", by=by, target=row)
    return row


def _money(copay: Decimal | None, deductible: Decimal | None) -> tuple[tuple[str, Decimal | None], ...]:
    return ("copay", copay), ("deductible", deductible)


def _check_may(by: User | None) -> None:
    if by is not None:
        check_can(by, Permission.MANAGE_ACCOUNTS)


def _bring(row: Payer | Plan, fields: tuple[str, ...], said: dict[str, Any], taken: str) -> None:
    """Set what is said and save; raises PlanRefused with the sentence `taken` where the name is."""
    unknown = said.keys() - set(fields)
    if unknown:
        raise TypeError(f"Not of a {type(row).__name__}: {', '.join(sorted(unknown))}")
    for name, value in said.items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as problem:
        raise PlanRefused(taken) from problem
