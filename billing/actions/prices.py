"""What something costs from a day on."""

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from psycopg.types.range import DateRange

from billing import rules
from billing.models import Fee
from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record


class FeeRefused(Exception):
    """This price cannot begin on that day. The message is a sentence."""


@transaction.atomic
def set_fee(*, by: User | None, code: str, description: str, amount: Decimal, from_date: date) -> Fee:
    """Let something cost `amount` US dollars from this day on; the price before ends there. Bills keep their copies.

    Raises NotAllowed, and FeeRefused where a price begins on that day or later already.
    """
    if by is not None:
        check_can(by, Permission.MANAGE_ACCOUNTS)
    fees = Fee.objects.filter(code=code).select_for_update(of=("self",))
    if fees.filter(validity__startswith__gte=from_date).exists():
        raise FeeRefused(_("A price of this code begins on that day or later. Choose a later day."))
    before = fees.filter(validity__contains=from_date).first()
    if before is not None:
        before.validity = DateRange(before.validity.lower, from_date)
        before.save(update_fields=["validity", "updated_at"])
    fee = Fee(code=code, description=description, amount=rules.cents(amount), validity=DateRange(from_date, None))
    fee.save(force_insert=True)
    record("billing.set_fee", by=by, target=fee, detail={"code": code})
    return fee
