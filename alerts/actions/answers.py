"""What comes back: an answer by SMS, a letter that did not arrive and goes another way, one that is true no longer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from alerts import queries
from alerts.actions.digests import TEMPLATE, envelope_of, reopen_digest
from alerts.actions.letters import Envelope, write_letter
from alerts.actions.visits import words_of
from alerts.models import Notice
from alerts.queries.truth import is_outdated, visit_count, why_not_now
from alerts.rules import LETTERS, REMINDED, SMS, STAFF
from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.messaging.actions import queue_message, withdraw_messages
from healthcare.messaging.models import Message, Reply
from scheduling.actions import cancel_by_link, confirm_by_link
from scheduling.models import Appointment
from scheduling.rules import source_of

ANSWERED = timedelta(days=7)  # how old the message may be that somebody answers
AGAIN = ":by:"  # stands in an occasion before the way that failed, where the letter went another


# == An answer ==
@transaction.atomic
def answer_by_text(*, by: User | None, reply_id: UUID, yes: bool, now: datetime) -> None:
    """A yes or a no by SMS: to the newest reminder that this number got, of a visit that is still to come.

    The visit is confirmed, or called off if that is in time; an SMS says so. Who was asked nothing is told that. A
    second no to what was called off is no answer about another visit.
    """
    reply = Reply.objects.filter(pk=reply_id).first()
    if reply is None:
        return
    if not yes and (gone := _just_called_off(reply)):
        _write_back(by, reply, gone, "text_cancelled")
        return
    visit = next(_asked_of(reply, now), None)
    if visit is None:
        _say_unasked(by, reply, now)
        return
    record("alerts.answer", by=by, patient_id=visit.patient_id, target=visit, detail={"channel": SMS, "yes": yes})
    if yes:
        done = confirm_by_link(appointment_id=visit.pk, sequence=visit.sequence, now=now)
    else:
        done = cancel_by_link(
            appointment_id=visit.pk, sequence=visit.sequence, asked_at=reply.created_at, reason=_("By text message")
        )
    answer = ("text_confirmed" if yes else "text_cancelled") if done else "text_too_late"
    _write_back(by, reply, visit, answer)


def _asked_of(reply: Reply, now: datetime) -> Iterator[Appointment]:
    """Visits that this number was reminded of and that stand as they were told, the last told first."""
    rows = Appointment.objects.select_related("patient__site", "provider", "site").filter(status__in=REMINDED)
    for notice in _told(reply, "reminder"):
        visit = rows.filter(pk=notice.source.rpartition(":")[2]).first()
        if visit is not None and visit.sequence == visit_count(notice) and visit.starts_at > now:
            yield visit


def _just_called_off(reply: Reply) -> Appointment | None:
    """The visit of which this number was last told that it is called off, if that is the last it was told of any."""
    last = _told(reply, "reminder", "text_confirmed", "text_cancelled").first()
    if last is None or last.letter != "text_cancelled":
        return None
    rows = Appointment.objects.select_related("patient__site", "provider", "site")
    return rows.filter(pk=last.source.rpartition(":")[2]).first()


def _told(reply: Reply, *letters: str) -> "QuerySet[Notice]":
    """What this number was told lately by such letters, the last first."""
    since = reply.created_at - ANSWERED
    texts = Message.objects.filter(channel=SMS, address_key=reply.address_key, created_at__gt=since)
    keys = texts.exclude(status__in=["failed", "dead"]).values_list("pk", flat=True)
    return Notice.objects.filter(message_id__in=list(keys), letter__in=letters).order_by("-created_at", "-pk")


def _write_back(by: User | None, reply: Reply, visit: Appointment, letter: str) -> None:
    """To the number that wrote, at once: they are awake."""
    write_letter(
        by=by,
        envelope=Envelope(
            letter=letter,
            patient=visit.patient,
            to=queries.Addressee(queries.account_of(visit.patient_id), reply.address, channel=SMS),
            source=source_of(visit.pk),
            occasion=f"{letter}:{reply.pk}",
            parameters=words_of(visit),
            urgent=True,
        ),
    )


def _say_unasked(by: User | None, reply: Reply, now: datetime) -> None:
    """Once a day at most, so that two machines do not talk to each other."""
    queue_message(
        by=by,
        channel=SMS,
        address=reply.address,
        template="alerts/text_unasked",
        parameters={},
        dedupe_key=f"text_unasked:{reply.address_key}:{now.date()}",
    )


# == Another way ==
@transaction.atomic
def try_another_way(*, by: User | None, message_id: UUID, now: datetime) -> None:
    """A letter to a patient certainly did not arrive: it goes by the next way that they allow, or a row says why not.

    What is true no longer, or would come too late, goes no way. What may have arrived is not sent again.
    """
    message = Message.objects.filter(pk=message_id, status__in=["failed", "dead"]).first()
    if message is None or message.error in ("withdrawn", "expired"):
        return
    if message.expires_at is not None and message.expires_at <= now:
        return
    several = [name for name, rule in LETTERS.items() if rule.to != STAFF and len(rule.ways) > 1]
    notices = Notice.objects.filter(message_id=message_id, letter__in=several).select_related("patient__site")
    not_so = why_not_now if message.template == TEMPLATE else is_outdated
    for notice in notices.order_by("created_at", "pk"):
        if not not_so(notice, now):
            _write_by_another_way(by, notice, message)


def _write_by_another_way(by: User | None, notice: Notice, message: Message) -> None:
    """Of a mail of the day, each letter by itself."""
    root = notice.occasion.partition(AGAIN)[0]
    gone = Notice.objects.filter(Q(occasion=root) | Q(occasion__startswith=f"{root}{AGAIN}"))
    tried = set(gone.values_list("channel", flat=True))
    to = queries.addressee_of(notice.patient, LETTERS[notice.letter], past=tried)
    to = replace(to, why_not="no_other_way") if to.channel in tried and not to.address else to
    letter = envelope_of(notice, notice.patient, to)
    if message.template != TEMPLATE:
        letter = replace(letter, parameters=message.words, expires_at=message.expires_at)
    write_letter(by=by, envelope=replace(letter, occasion=f"{root}{AGAIN}{message.channel}"))


# == True no longer ==
@transaction.atomic
def withdraw_outdated(*, by: User | None, appointment_id: UUID, now: datetime) -> int:
    """A visit was moved or called off: what is still in the post about it and is not so any more is taken back.

    Letters wait there for the end of quiet hours, or for a carrier. Returns how many.
    """
    told = Notice.objects.filter(source=source_of(appointment_id), message_id__isnull=False).order_by("pk")
    outdated = [notice for notice in told if is_outdated(notice, now)]
    keys = [notice.message_id for notice in outdated if notice.message_id is not None]
    digests = set(Message.objects.filter(pk__in=keys, template=TEMPLATE).values_list("pk", flat=True))
    withdrawn = withdraw_messages(by=by, message_ids=[key for key in keys if key not in digests], now=now)
    withdrawn += sum(reopen_digest(by=by, message_id=key, now=now) for key in digests)
    if withdrawn:
        patient_id, target = outdated[0].patient_id, ("scheduling.appointment", appointment_id)
        record("alerts.withdraw_outdated", by=by, patient_id=patient_id, target=target, detail={"letters": withdrawn})
    return withdrawn
