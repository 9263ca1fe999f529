"""Who has a thread, and how it stands: take, hand on, give back, wait for the patient, close. Sending is apart."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from healthcare.db.uuids import uuid7
from healthcare.events import publish
from records.access.messages import check_can_write
from records.events import ThreadClosed, ThreadHandedOn, ThreadOverdue
from records.models import Pool, Thread
from records.queries.pools import may_answer

OWNER = ("status", "taken_by", "taken_at", "updated_at")
CLOCK = ("waiting_since", "due_at", "next_at", "handed_until", "urgent")
CHANGED = (*OWNER, *CLOCK, "last_at", "reopened_at", "closed_at", "closed_by")


class ThreadIsClosed(Exception):
    """Somebody closed it meanwhile."""


class TakenMeanwhile(Exception):
    """Somebody else took the thread since the page was opened."""


class NotHandedOn(Exception):
    """It cannot go to this person or pool. The message is a sentence for whoever chose."""


class StillWaits(Exception):
    """The patient waits for an answer, so the thread does not wait for the patient."""


@transaction.atomic
def take_thread(*, by: User, thread: Thread, instead_of: UUID | None, now: datetime) -> Thread:
    """Make it one's own to answer. `instead_of` is the id of who had it when the page was opened, None for nobody.

    Raises NotAllowed, NotInScope, ThreadIsClosed, and TakenMeanwhile with the name of who was quicker.
    """
    thread = _held(by, thread, besides=by.pk, instead_of=instead_of)
    if thread.taken_by_id == by.pk:
        return thread
    before = thread.taken_by_id
    own_it(thread, by, now)
    thread.save(update_fields=OWNER)
    detail = {"from": str(before)} if before else {}
    record("records.take_thread", by=by, patient_id=thread.patient_id, target=thread, detail=detail)
    return thread


@transaction.atomic
def hand_on_thread(
    *, by: User, thread: Thread, to: User | Pool | None, instead_of: UUID | None, now: datetime
) -> Thread:
    """Give it to a colleague, who owns it then; or to a pool, or with None back to where it lies: nobody owns it then.

    Who gets it hears of it, and what was promised to the patient stays. `instead_of` is as in `take_thread`. Raises
    NotAllowed, NotInScope, ThreadIsClosed, TakenMeanwhile, and NotHandedOn for whom the messages of this patient are
    not open to, and for a pool of another site.
    """
    thread = _held(by, thread, besides=to.pk if isinstance(to, User) else None, instead_of=instead_of)
    before, lay_in = thread.taken_by_id, thread.pool_id
    if isinstance(to, User):
        _check_answers(thread, to)
        own_it(thread, to, now)
    else:
        if to is not None:
            _check_takes(thread, to)
            thread.pool = to
        thread.taken_by, thread.taken_at = None, None
    if (before, lay_in) == (thread.taken_by_id, thread.pool_id):
        return thread
    thread.save(update_fields=[*OWNER, "pool"])
    moved = {"from": before, "to": thread.taken_by_id, "pool": thread.pool_id}
    detail = {name: str(key) for name, key in moved.items() if key}
    record("records.hand_on_thread", by=by, patient_id=thread.patient_id, target=thread, detail=detail)
    publish(ThreadHandedOn(uuid7(), thread.pk, thread.patient_id))
    return thread


@transaction.atomic
def set_thread_aside(*, by: User, thread: Thread, waits: bool, now: datetime) -> Thread:
    """Say that it waits for the patient, or that it does no longer. As it is already: nothing.

    Raises NotAllowed, NotInScope, ThreadIsClosed, and StillWaits while the patient has no answer.
    """
    thread = _changed_by_staff(by, thread)
    if waits == (thread.status == Thread.Status.ASKED):
        return thread
    if thread.waiting_since is not None:
        raise StillWaits(_("The patient waits for an answer. Answer first, or close the conversation."))
    thread.status = Thread.Status.ASKED if waits else Thread.Status.OPEN
    thread.save(update_fields=["status", "updated_at"])
    detail = {"status": str(thread.status.value)}
    record("records.set_thread_aside", by=by, patient_id=thread.patient_id, target=thread, detail=detail)
    return thread


@transaction.atomic
def close_thread(*, by: User, thread: Thread, now: datetime) -> None:
    """The matter is settled, with or without a last answer; closed already, nothing happens. It stays readable.

    A message opens it again. Raises NotAllowed and NotInScope.
    """
    try:
        thread = _changed_by_staff(by, thread)
    except ThreadIsClosed:
        return
    thread.status, thread.closed_at, thread.closed_by = Thread.Status.CLOSED, now, by
    no_longer_waits(thread)
    thread.save(update_fields=CHANGED)
    record("records.close_thread", by=by, patient_id=thread.patient_id, target=thread)
    publish(ThreadClosed(thread_id=thread.pk, patient_id=thread.patient_id))


@transaction.atomic
def announce_overdue(*, by: User | None, thread_id: UUID, now: datetime) -> None:
    """Say once that a patient waits longer than was promised, if they still do. The row is locked."""
    rows = Thread.objects.select_for_update(of=("self",))
    thread = rows.filter(pk=thread_id, next_at__lte=now, waiting_since__isnull=False).first()
    if thread is None:
        return
    thread.next_at, thread.handed_until = None, None
    thread.save(update_fields=["next_at", "handed_until", "updated_at"])
    record("records.announce_overdue", by=by, patient_id=thread.patient_id, target=thread)
    publish(ThreadOverdue(thread.pk, thread.patient_id, waiting_since=thread.waiting_since))


# == Steps, also of sending ==
def locked_thread(by: User, thread: Thread) -> Thread:
    """The row as it is now, held until the end."""
    rows = Thread.objects.visible_to(by).select_related("patient", "site", "taken_by", "pool")
    found: Thread = rows.select_for_update(of=("self",)).get(pk=thread.pk)
    return found


def own_it(thread: Thread, user: User, now: datetime) -> None:
    thread.taken_by, thread.taken_at = user, now
    if thread.status == Thread.Status.NEW:
        thread.status = Thread.Status.OPEN


def no_longer_waits(thread: Thread) -> None:
    thread.waiting_since = thread.due_at = thread.next_at = thread.handed_until = None
    thread.urgent = False


def _check_answers(thread: Thread, colleague: User) -> None:
    """Raises NotHandedOn."""
    if colleague.pk not in {person.pk for person in may_answer(thread)}:
        raise NotHandedOn(_("%(name)s cannot answer messages of this patient here.") % {"name": colleague.full_name})


def _check_takes(thread: Thread, pool: Pool) -> None:
    """Raises NotHandedOn."""
    if pool.site_id != thread.site_id or not pool.active:
        raise NotHandedOn(_("This pool takes no messages of this site. Choose another."))
    if thread.provider_id is not None:
        raise NotHandedOn(_("The patient wrote to one person. Give it to a colleague instead."))


def _changed_by_staff(by: User, thread: Thread) -> Thread:
    """Raises NotAllowed, NotInScope, ThreadIsClosed."""
    check_can(by, Permission.MESSAGE_PATIENTS)
    check_can_write(by, thread.patient)
    found = locked_thread(by, thread)
    if found.status == Thread.Status.CLOSED:
        raise ThreadIsClosed(_("This conversation was closed meanwhile. A message opens it again."))
    return found


def _held(by: User, thread: Thread, *, besides: UUID | None, instead_of: UUID | None) -> Thread:
    """Raises TakenMeanwhile where somebody else than who was seen, or than `besides`, has it; and as above."""
    found = _changed_by_staff(by, thread)
    if found.taken_by and found.taken_by_id not in (besides, instead_of):
        raise TakenMeanwhile(_("%(name)s took this meanwhile.") % {"name": found.taken_by.full_name})
    return found
