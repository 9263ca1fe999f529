"""When results go out by themselves: the house's policies, the patient's wish, and one held back to prevent harm."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from healthcare.events import publish
from patients.models import Patient
from records.access.entries import check_can_release, check_can_wish
from records.actions.writing import NotCurrent, NotRecorded, ask_again, locked_entry
from records.events import ReleaseWished, ResultReleased
from records.models import Entry, ReleasePolicy, ReleaseWish, ResultRelease
from records.models.entries import STANDING
from records.queries.release import opening_for, wish_in
from records.rules.release import AFTER_DAYS, LONGEST_HOLD, MOST_DAYS


class NotKept(Exception):
    """The message is a sentence for whoever typed it."""


@transaction.atomic
def release_when_due(*, by: User | None, due_id: UUID, now: datetime) -> None:
    """Show a result to its patient, if its moment has come as the rule says now; else wait until then.

    The row is locked: of two workers one releases. One released, replaced or voided meanwhile is waited for no more.
    """
    rows = ResultRelease.objects.select_for_update(of=("self",))
    due = rows.filter(pk=due_id, next_at__lte=now).first()
    if due is None:
        return
    waiting = Entry.objects.current().filter(record_status__in=STANDING, released_at=None)
    entry = waiting.select_for_update(of=("self",)).filter(pk=due.entry_id, patient_id=due.patient_id).first()
    due.next_at, due.handed_until = None, None
    if entry is not None:
        opening = opening_for(due, entry, wish_in(due.patient_id))
        if opening.at > now:
            due.next_at = opening.at
        else:
            _release(by, entry, opening.because, now)
    due.save(update_fields=["next_at", "handed_until", "updated_at"])


@transaction.atomic
def hold_result(*, by: User, entry: Entry, reason: str, until: datetime, now: datetime) -> ResultRelease:
    """Hold one result back, since knowing it now would endanger somebody's life or body (45 CFR 171.201).

    It ends at `until`, and earlier when no other clinician agrees in time. Raises NotRecorded without a reason, and for
    an end that is past or too far; NotCurrent for what is out or held already; NotAllowed, NotInScope.
    """
    check_can_release(by, entry)
    if not reason.strip():
        raise NotRecorded(_("Write whom it would harm, and how."))
    if not now < until <= now + LONGEST_HOLD:
        raise NotRecorded(_("Choose a day within the next %(days)d.") % {"days": LONGEST_HOLD.days})
    row = _waiting_for(entry)
    if row.held_at is not None:
        raise NotCurrent(_("A colleague holds this back already."))
    row.held_at, row.held_by, row.held_until, row.held_reason = now, by, until, reason.strip()
    row.save(update_fields=["held_at", "held_by", "held_until", "held_reason", "updated_at"])
    record("records.hold_result", by=by, patient_id=entry.patient_id, target=entry)
    ask_again(entry, now)
    return row


@transaction.atomic
def review_hold(*, by: User, entry: Entry, stands: bool, now: datetime) -> ResultRelease:
    """Agree that it is held back, as another clinician (45 CFR 171.201(e)), or end it, which its author may too.

    Raises NotAllowed for who agrees with themself; NotCurrent when nobody holds it, or somebody agreed; NotInScope.
    """
    check_can_release(by, entry)
    row = _waiting_for(entry)
    if row.held_at is None:
        raise NotCurrent(_("Nobody holds this back."))
    if stands and row.held_by_id == by.pk:
        raise NotAllowed(_("You hold this back. Somebody else has to agree."))
    if stands and row.reviewed_at is not None:
        raise NotCurrent(_("A colleague has agreed already."))
    if stands:
        row.reviewed_at, row.reviewed_by = now, by
    else:
        row.held_at = row.held_by = row.held_until = row.reviewed_at = row.reviewed_by = None
        row.held_reason = ""
    hold = ["held_at", "held_by", "held_until", "held_reason", "reviewed_at", "reviewed_by"]
    row.save(update_fields=[*hold, "updated_at"])
    record("records.review_hold", by=by, patient_id=entry.patient_id, target=entry, detail={"stands": stands})
    ask_again(entry, now)
    return row


@transaction.atomic
def wish_for_results(*, by: User, patient: Patient, wants: str) -> ReleaseWish:
    """Say how one wants to get results; also those that wait now. By the patient, or who acts for them.

    Raises NotRecorded for what cannot be wished, NotAllowed, NotInScope.
    """
    check_can_wish(by, patient)
    if wants not in ReleaseWish.Wants.values:
        raise NotRecorded(_("Choose one of these."))
    wish = ReleaseWish(patient=patient, wants=wants, said_by=by)
    wish.save(force_insert=True)
    record("records.wish_for_results", by=by, patient_id=patient.pk, target=wish)
    publish(ReleaseWished(patient_id=patient.pk))
    return wish


@transaction.atomic
def heed_wish(*, by: User | None, patient_id: UUID, now: datetime) -> None:
    """Have the rule asked again of every result of this patient that waits."""
    waiting = ResultRelease.objects.filter(patient_id=patient_id, next_at__isnull=False)
    count = waiting.update(next_at=now, handed_until=None)
    record("records.heed_wish", by=by, patient_id=patient_id, detail={"results": count})


@transaction.atomic
def keep_release_policy(
    *, by: User, category: str, when: str, days: int = 0, policy: ReleasePolicy | None = None
) -> ReleasePolicy:
    """Say how the house releases results of a category; of what waits the rule is asked with it when its time comes.

    Raises NotKept for days that do not fit, and for a category that has its row already; NotAllowed.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    if (when == AFTER_DAYS) != (0 < days <= MOST_DAYS):
        raise NotKept(_("“After some days” takes 1 to %(most)d days; the others take 0.") % {"most": MOST_DAYS})
    kept = set(ReleasePolicy.objects.filter(category=category).values_list("pk", flat=True))
    if kept - ({policy.pk} if policy else set()):
        raise NotKept(_("These results have their line already. Change that one."))
    row = ReleasePolicy.objects.select_for_update(of=("self",)).get(pk=policy.pk) if policy else ReleasePolicy()
    row.category, row.when, row.days = category, when, days
    row.save(force_insert=policy is None)
    record("records.keep_release_policy", by=by, target=row, detail={"category": category, "when": when})
    return row


def _release(by: User | None, entry: Entry, because: str, now: datetime) -> None:
    entry.released_at = now
    entry.save(update_fields=["released_at", "updated_at"])
    detail = {"because": because}
    record("records.release_when_due", by=by, patient_id=entry.patient_id, target=entry, detail=detail)
    publish(ResultReleased(entry_id=entry.pk, patient_id=entry.patient_id))


def _waiting_for(entry: Entry) -> ResultRelease:
    """What waits of this result, locked; it is not out yet. Raises NotCurrent."""
    row = locked_entry(entry)
    rows = ResultRelease.objects.select_for_update(of=("self",))
    waiting = rows.filter(entry=row.pk, patient_id=row.patient_id, next_at__isnull=False).first()
    if row.released_at is not None or waiting is None:
        raise NotCurrent(_("This does not wait to be released."))
    return waiting
