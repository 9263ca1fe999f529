"""What providers are qualified for: recorded, ended, taken back. Administrators alone; nothing is overwritten."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from healthcare.events import publish
from scheduling.actions.claims import lock_in_order
from scheduling.actions.setting_up import NotSetUp
from scheduling.events import FreeTimeChanged
from scheduling.models import Qualification, Resource

ONE_DAY = timedelta(days=1)


@transaction.atomic
def record_qualification(
    *,
    by: User | None,
    provider: Provider,
    kind: str,
    name: str,
    identifier: str = "",
    issuer: str = "",
    first_day: date,
    last_day: date | None = None,
) -> Qualification:
    """A licence, privilege or certification that counts from the first day to the last one included; None is no end.

    A renewal is another one, beside the old. From the first licence on, a provider is held to what is recorded. `by` is
    None for the system alone. Raises NotAllowed, and NotSetUp for one without its name or number, or there already.
    """
    if by is not None:
        check_can(by, Permission.MANAGE_ACCOUNTS)
    if not name or (kind == Qualification.Kind.LICENCE and not (identifier and issuer)):
        raise NotSetUp(_("Say what it is for; of a licence also its number and who gave it."))
    if last_day is not None and last_day < first_day:
        raise NotSetUp(_("The last day is before the first."))
    row = Qualification(provider=provider, kind=kind, name=name, identifier=identifier, issuer=issuer, recorded_by=by)
    row.validity = DateRange(first_day, last_day + ONE_DAY if last_day else None)
    with _changing(provider):
        _keep(row)
        _say("scheduling.record_qualification", by, row)
    return row


@transaction.atomic
def end_qualification(
    *, by: User, qualification: Qualification, last_day: date, reason: str, now: datetime
) -> Qualification | None:
    """It counts no longer than `last_day`: suspended, given back, revoked. The row stays and says why; one with the
    right last day takes its place, or none where that is before its first. Visits that are booked later stay until
    somebody moves them.

    Raises NotAllowed, and NotSetUp for one that ends by then anyway, that counts no more, or without a reason.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    with _changing(qualification.provider):
        kept = _withdraw(qualification, by, reason, now)
        if kept.last_day is not None and kept.last_day <= last_day:
            raise NotSetUp(_("It ends by then as it is. Choose an earlier day."))
        _say("scheduling.end_qualification", by, kept)
        if last_day < kept.first_day:
            return None
        copied = {name: getattr(kept, name) for name in ("provider", "kind", "name", "identifier", "issuer")}
        shorter = Qualification(**copied, replaces=kept, recorded_by=by)
        shorter.validity = DateRange(kept.first_day, last_day + ONE_DAY)
        _keep(shorter)
        return shorter


@transaction.atomic
def withdraw_qualification(*, by: User, qualification: Qualification, reason: str, now: datetime) -> None:
    """It was entered in error: it counts as never recorded, and stays to be read.

    Raises NotAllowed, and NotSetUp for one that counts no more, or without a reason.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    with _changing(qualification.provider):
        _say("scheduling.withdraw_qualification", by, _withdraw(qualification, by, reason, now))


def _withdraw(qualification: Qualification, by: User, reason: str, now: datetime) -> Qualification:
    row = Qualification.objects.select_for_update(of=("self",)).get(pk=qualification.pk)
    if row.withdrawn_at is not None:
        raise NotSetUp(_("It does not count any more: %(why)s") % {"why": row.withdraw_reason})
    if not reason.strip():
        raise NotSetUp(_("Say why."))
    row.withdrawn_at, row.withdrawn_by, row.withdraw_reason = now, by, reason.strip()
    row.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_reason", "updated_at"])
    return row


def _keep(row: Qualification) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise NotSetUp(_("The same is recorded already for some of these days.")) from None


@contextmanager
def _changing(provider: Provider) -> Iterator[None]:
    """Under the lock that bookings with this provider hold: each sees the licences from before or from after."""
    resource_id = Resource.objects.filter(provider=provider).values_list("pk", flat=True).first()
    with lock_in_order([resource_id] if resource_id else []):
        yield
        if resource_id:
            publish(FreeTimeChanged(resource_ids=(resource_id,)))


def _say(action: str, by: User | None, row: Qualification) -> None:
    record(action, by=by, target=row, detail={"provider": str(row.provider_id), "kind": row.kind})
