"""Insurance cards: enter, change, withdraw. A card is never rewritten; its next version replaces it."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from psycopg.types.range import DateRange

from billing import queries
from billing.access import check_can_record_coverage
from billing.events import CoverageChanged
from billing.models import Coverage, Plan
from billing.rules import coverage as rules
from billing.rules.coverage import Card
from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from patients.models import Patient


class CoverageRefused(Exception):
    """This card cannot be kept so. The message is a sentence for the person at the desk; `field` is whose it is."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class CardOverlaps(CoverageRefused):
    """Another card holds the place on some of the days. `earlier` says that it begins before, and could end there."""

    def __init__(self, message: str, *, earlier: bool) -> None:
        super().__init__(message, "priority")
        self.earlier = earlier


@transaction.atomic
def record_coverage(*, by: User, patient: Patient, card: Card, now: datetime, end_earlier: bool = False) -> Coverage:
    """Keep a card of this patient. With `end_earlier` the one that holds its place ends on the day before it begins.

    Raises NotAllowed, NotInScope, CardOverlaps, and CoverageRefused for days that do not fit.
    """
    check_can_record_coverage(by, patient.pk)
    _check(card)
    if end_earlier:
        _end_before(by, patient, card, now)
    coverage = _write(by, patient, card, None)
    record("billing.record_coverage", by=by, patient_id=patient.pk, target=coverage)
    publish(CoverageChanged(coverage_id=coverage.pk, patient_id=patient.pk))
    return coverage


@transaction.atomic
def change_coverage(*, by: User, coverage: Coverage, card: Card, now: datetime) -> Coverage:
    """Replace a card by its next version; the one before stays, as it was. Nothing different: the card itself.

    Raises NotAllowed, NotInScope, CardOverlaps, and CoverageRefused, also where somebody was quicker.
    """
    check_can_record_coverage(by, coverage.patient_id)
    _check(card)
    before = _held(by, coverage)
    if queries.card_in(before) == card:
        return before
    _end(by, before, Coverage.Status.REPLACED, now)
    after = _write(by, before.patient, card, before)
    record("billing.change_coverage", by=by, patient_id=after.patient_id, target=after)
    publish(CoverageChanged(coverage_id=after.pk, patient_id=after.patient_id))
    return after


@transaction.atomic
def withdraw_coverage(*, by: User, coverage: Coverage, reason: str, now: datetime) -> Coverage:
    """Say that a card was entered by mistake: it never counted. Bills keep what they copied.

    Raises NotAllowed, NotInScope, and CoverageRefused where somebody was quicker.
    """
    check_can_record_coverage(by, coverage.patient_id)
    held = _held(by, coverage)
    _end(by, held, Coverage.Status.WRONG, now, reason)
    record("billing.withdraw_coverage", by=by, patient_id=held.patient_id, target=held)
    publish(CoverageChanged(coverage_id=held.pk, patient_id=held.patient_id))
    return held


def list_cards_to_ask(*, by: User, now: datetime) -> queries.CardsToAsk:
    """Who comes soon with a card that does not count then; audited. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.RECORD_COVERAGE)
    record_now("billing.list_cards_to_ask", by=by)
    return queries.cards_to_ask(by, now)


# == Parts of the verbs ==
def _days_of(card: Card) -> DateRange:
    return DateRange(card.first_day, rules.first_after(card.last_day))


def _fields_of(card: Card) -> dict[str, object]:
    days = {"first_day", "last_day"}
    return {name: value for name, value in vars(card).items() if name not in days} | {"validity": _days_of(card)}


def _check(card: Card) -> None:
    if card.first_day and card.last_day and card.last_day < card.first_day:
        raise CoverageRefused(_("The last day is before the first. Check both."), "last_day")
    if not Plan.objects.filter(pk=card.plan_id).exists():
        raise CoverageRefused(_("There is no such plan. Choose one of the list."), "plan")


def _held(by: User, coverage: Coverage) -> Coverage:
    rows = Coverage.objects.visible_to(by).select_for_update(of=("self",)).select_related("patient")
    held = rows.filter(pk=coverage.pk, status=Coverage.Status.ACTIVE).first()
    if held is None:
        raise CoverageRefused(_("Somebody changed this card after you opened it. Look at it as it is now, then go on."))
    return held


def _write(by: User, patient: Patient, card: Card, before: Coverage | None) -> Coverage:
    _refuse_overlap(by, patient, card, before.pk if before else None)
    coverage = Coverage(patient_id=patient.pk, entered_by=by, supersedes=before, **_fields_of(card))
    try:
        with transaction.atomic():
            coverage.save(force_insert=True)
    except IntegrityError as problem:  # somebody entered one at the same moment
        raise CardOverlaps(
            _("Another card was entered for this place just now. Look again."), earlier=False
        ) from problem
    return coverage


def _refuse_overlap(by: User, patient: Patient, card: Card, but: UUID | None) -> None:
    others = queries.overlapping(by, patient, card.priority, _days_of(card), but)
    if not others:
        return
    other = others[0]
    message = _("%(plan)s of %(payer)s is asked at this place %(days)s. End it first, or choose another place.") % {
        "plan": other.plan.name,
        "payer": other.plan.payer.name,
        "days": queries.days_words(other.first_day, other.last_day),
    }
    earlier = len(others) == 1 and _begins_before(other, card.first_day)
    raise CardOverlaps(message, earlier=earlier)


def _end_before(by: User, patient: Patient, card: Card, now: datetime) -> None:
    """End the one card that begins before this one and holds its place, on the day before."""
    others = queries.overlapping(by, patient, card.priority, _days_of(card), None)
    if len(others) != 1 or card.first_day is None or not _begins_before(others[0], card.first_day):
        return
    before = _held(by, others[0])
    shorter = replace(queries.card_in(before), last_day=card.first_day - timedelta(days=1))
    _end(by, before, Coverage.Status.REPLACED, now)
    after = _write(by, patient, shorter, before)
    record("billing.change_coverage", by=by, patient_id=patient.pk, target=after)


def _begins_before(other: Coverage, day: date | None) -> bool:
    return day is not None and (other.first_day is None or other.first_day < day)


def _end(by: User, coverage: Coverage, status: str, now: datetime, reason: str = "") -> None:
    coverage.status, coverage.ended_at, coverage.ended_by, coverage.end_reason = status, now, by, reason
    coverage.save(update_fields=["status", "ended_at", "ended_by", "end_reason", "updated_at"])
