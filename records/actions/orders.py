"""The life of an order: prepared, ordered, its specimen taken, put off, revoked, or failed. Results answer it."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from patients.models import Patient
from records.access.orders import check_can_answer, check_can_decide, check_can_order, check_can_prepare
from records.actions.writing import NotRecorded, check_time_and_visit, locked_request, move_request
from records.events import OrderExtended, OrderFailed, OrderPlaced, OrderRevoked, SpecimenCollected
from records.models import Encounter, Entry, FavouriteOrder, ServiceRequest
from records.models.entries import mark_of
from records.models.orders import ORDER_MOVES
from records.queries.orders import OverdueTest, answers_of, overdue_orders, overdue_tests
from records.rules.orders import CATALOGUE, LATEST, WAITING, Orderable, Wanted, expected_day, waits_again


class OrderedAlready(NotRecorded):
    """The same is under way for this patient. It is a warning: with a reason it can be ordered all the same."""


@transaction.atomic
def order_services(
    *,
    by: User,
    patient: Patient,
    wanted: Sequence[Wanted],
    provider: Provider,
    now: datetime,
    encounter: Encounter | None = None,
    prepared: bool = False,
) -> list[ServiceRequest]:
    """Order what is wanted, all of it or nothing; the answers go to `provider`. `prepared`: for a doctor to place.

    Raises NotRecorded for what is not in the catalogue, named twice, expected on a day that is past or too far; and
    OrderedAlready, NotAllowed, NotInScope.
    """
    if prepared:
        check_can_prepare(by, patient)
    else:
        check_can_order(by, patient)
    if not wanted:
        raise NotRecorded(_("Choose what to order."))
    if len({one.code for one in wanted}) < len(wanted):
        raise NotRecorded(_("The same was chosen twice."))
    check_time_and_visit(now, now, encounter, "order")
    _check_not_under_way(by, patient, wanted)
    made = [_request(one, by, patient, provider, now, encounter, prepared) for one in wanted]
    for row in made:
        row.save(force_insert=True)
        detail = {"category": row.category}
        if prepared:
            record("records.prepare_order", by=by, patient_id=patient.pk, target=row, detail=detail)
        else:
            record("records.order_services", by=by, patient_id=patient.pk, target=row, detail=detail)
            publish(OrderPlaced(request_id=row.pk, patient_id=patient.pk, category=row.category))
    return made


@transaction.atomic
def place_order(*, by: User, request: ServiceRequest, now: datetime) -> ServiceRequest:
    """Order what somebody prepared. Raises NotCurrent when it was placed or dropped, NotAllowed, NotInScope."""
    check_can_decide(by, request)
    row = locked_request(request)
    row.ordered_at, row.ordered_by = now, by
    row.expected_by = row.expected_by or expected_day(row.category, row.priority, timezone.localdate(now))
    move_request(row, "active", "ordered_at", "ordered_by", "expected_by")
    record("records.place_order", by=by, patient_id=row.patient_id, target=row, detail={"category": row.category})
    publish(OrderPlaced(request_id=row.pk, patient_id=row.patient_id, category=row.category))
    return row


@transaction.atomic
def collect_specimen(
    *, by: User, request: ServiceRequest, now: datetime, collected_at: datetime | None = None
) -> ServiceRequest:
    """Say that the specimen was taken. Raises NotRecorded for an image or a time to come; NotCurrent, NotAllowed,
    NotInScope.
    """
    check_can_answer(by, request)
    row = locked_request(request)
    if row.category != ServiceRequest.Category.LABORATORY:
        raise NotRecorded(_("There is no specimen for an image."))
    check_time_and_visit(collected_at or now, now, None, "order")
    row.collected_at, row.collected_by = collected_at or now, by
    move_request(row, "specimen_collected", "collected_at", "collected_by")
    record("records.collect_specimen", by=by, patient_id=row.patient_id, target=row)
    publish(SpecimenCollected(request_id=row.pk, patient_id=row.patient_id))
    return row


@transaction.atomic
def revoke_order(*, by: User, request: ServiceRequest, reason: str, now: datetime) -> ServiceRequest:
    """Take an order back that nothing answered yet. Raises NotRecorded without a reason; NotCurrent, NotAllowed,
    NotInScope.
    """
    check_can_decide(by, request)
    row = _ended(request, "revoked", by, reason, now)
    record("records.revoke_order", by=by, patient_id=row.patient_id, target=row)
    publish(OrderRevoked(request_id=row.pk, patient_id=row.patient_id))
    return row


@transaction.atomic
def fail_order(*, by: User, request: ServiceRequest, reason: str, now: datetime) -> ServiceRequest:
    """Say that nothing more comes, and why: the specimen was unusable. What came already stands, and is read.

    Raises NotRecorded without a reason; NotCurrent, NotAllowed, NotInScope.
    """
    check_can_answer(by, request)
    row = _ended(request, "failed", by, reason, now)
    record("records.fail_order", by=by, patient_id=row.patient_id, target=row)
    publish(OrderFailed(request_id=row.pk, patient_id=row.patient_id, provider_id=row.provider_id))
    return row


@transaction.atomic
def extend_order(*, by: User, request: ServiceRequest, expected_by: date, now: datetime) -> ServiceRequest:
    """Wait for the answer until a later day. Raises NotRecorded for a day that is not later than today, or more than a
    year away; NotCurrent, NotAllowed, NotInScope.
    """
    check_can_decide(by, request)
    row = locked_request(request)
    if row.status not in WAITING:
        raise NotRecorded(_("No answer is awaited any more."))
    _check_day(expected_by, timezone.localdate(now))
    row.expected_by = expected_by
    row.save(update_fields=["expected_by", "updated_at"])
    record("records.extend_order", by=by, patient_id=row.patient_id, target=row)
    publish(OrderExtended(request_id=row.pk, patient_id=row.patient_id))
    return row


@transaction.atomic
def keep_favourite(*, by: User, code: str, kept: bool) -> None:
    """Put something among what one finds first, or take it from there; again changes nothing. Raises NotRecorded,
    NotAllowed.
    """
    check_can(by, Permission.ORDER)
    _orderable(code)
    if kept:
        FavouriteOrder.objects.bulk_create([FavouriteOrder(user=by, code=code)], ignore_conflicts=True)
    else:
        FavouriteOrder.objects.filter(user=by, code=code).delete()
    record("records.keep_favourite", by=by, detail={"code": code, "kept": kept})


def list_overdue_orders(*, by: User, now: datetime, everybodys: bool = False) -> list[ServiceRequest]:
    """What the actor ordered, or everybody in reach, and nothing final answers though its day is past; the longest
    overdue first, audited as a list. Raises NotAllowed.
    """
    check_can(by, Permission.ENTER_RESULT)
    record_now("records.list_overdue_orders", by=by)
    return overdue_orders(by, timezone.localdate(now), everybodys=everybodys)


def list_overdue_tests(*, by: User, now: datetime) -> list[OverdueTest]:
    """Whose test is overdue, without which: for who calls patients; audited as a list. Raises NotAllowed and
    TooManyLists.
    """
    check_can(by, Permission.BOOK_APPOINTMENT)
    record_now("records.list_overdue_tests", by=by)
    return overdue_tests(by, timezone.localdate(now))


def _request(
    one: Wanted,
    by: User,
    patient: Patient,
    provider: Provider,
    now: datetime,
    encounter: Encounter | None,
    prepared: bool,
) -> ServiceRequest:
    what, today = _orderable(one.code), timezone.localdate(now)
    if one.priority not in ServiceRequest.Priority.values:
        raise NotRecorded(_("This is no priority."))
    if one.expected_by is not None:
        _check_day(one.expected_by, today)
    expected = one.expected_by or (None if prepared else expected_day(what.category, one.priority, today))
    return ServiceRequest(
        patient=patient,
        encounter=encounter,
        provider=provider,
        category=what.category,
        code=what.code,
        code_system="loinc",
        display=what.display,
        priority=one.priority,
        reason=one.reason.strip(),
        note=one.note.strip(),
        sensitivity=mark_of(one.sensitivity) or what.mark,
        status="draft" if prepared else "active",
        written_by=by,
        ordered_at=None if prepared else now,
        ordered_by=None if prepared else by,
        expected_by=expected,
    )


def _orderable(code: str) -> Orderable:
    if code not in CATALOGUE:
        raise NotRecorded(_("This is not in the catalogue."))
    return CATALOGUE[code]


def _check_not_under_way(by: User, patient: Patient, wanted: Sequence[Wanted]) -> None:
    codes = [one.code for one in wanted if not one.again.strip()]
    rows = ServiceRequest.objects.visible_to(by).filter(patient_id=patient.pk, code__in=codes).waiting()
    if there := rows.order_by("id").first():
        raise OrderedAlready(
            _("%(what)s is ordered already, and its answer is awaited by %(day)s. Say why it is wanted again.")
            % {"what": there.display, "day": there.expected_by}
        )


def _check_day(day: date, today: date) -> None:
    if day < today:
        raise NotRecorded(_("This day is past."))
    if day > today + LATEST:
        raise NotRecorded(_("This day is more than a year away."))


def _ended(request: ServiceRequest, status: str, by: User, reason: str, now: datetime) -> ServiceRequest:
    if not reason.strip():
        raise NotRecorded(_("Say why."))
    row = locked_request(request)
    row.ended_at, row.ended_by, row.end_reason = now, by, reason.strip()
    return move_request(row, status, "ended_at", "ended_by", "end_reason")


@transaction.atomic
def await_answer(*, by: User | None, patient_id: UUID, entry_id: UUID) -> None:
    """Have an order wait again when what answered it was entered in error; of anything else nothing."""
    entry = Entry.objects.filter(pk=entry_id, patient_id=patient_id, request__isnull=False).first()
    asked = ServiceRequest.objects.filter(pk=entry.request_id, patient_id=patient_id).first() if entry else None
    if asked is None:
        return
    row = locked_request(asked)
    tests = CATALOGUE[row.code].tests if row.code in CATALOGUE else ()
    given = dict(answers_of(row).values_list("code", "record_status"))
    status = waits_again(tests, given, collected=row.collected_at is not None)
    if status in ORDER_MOVES[row.status]:
        move_request(row, status)
        record("records.await_answer", by=by, patient_id=patient_id, target=row, detail={"status": status})
