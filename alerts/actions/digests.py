"""The mail of the day: what is kept for it leaves together, once, if it is still so."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from alerts import queries
from alerts.actions.gathering import begin_digest
from alerts.actions.letters import Envelope, post_letter
from alerts.actions.visits import spoken, when_of, words_of
from alerts.models import Digest, Notice
from alerts.queries import Addressee
from alerts.queries.truth import why_not_now
from alerts.rules import EMAIL, LETTERS
from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.messaging.actions import queue_message, withdraw_messages
from patients.models import Patient
from patients.queries.profile import quiet_until
from scheduling.models import Appointment

TEMPLATE = "alerts/digest"
#: What the mail says of each letter that can be kept for it, with the time of a visit behind some; nothing more.
SAYS = {
    "appointment_booked": _("Your visit is booked"),
    "appointment_moved": _("Your visit has a new time"),
    "appointment_cancelled": _("Your visit is cancelled"),
    "appointment_requested": _("We have your request for a visit"),
    "request_declined": _("We cannot offer you the time you asked for"),
    "request_expired": _("Nobody could answer in time about the visit you asked for"),
    "new_message": _("A new message for you"),
    "result_released": _("Something new in your record"),
    "prescription_ready": _("Something is ready for you to collect"),
    "privacy_answer": _("An answer to your question about your record"),
    "amendment_answer": _("An answer about what you asked to have changed"),
    "refill_answer": _("An answer to what you asked for"),
    "invoice_issued": _("A new bill"),
}


@transaction.atomic
def send_digest(*, by: User | None, digest_id: UUID, now: datetime) -> None:
    """Put all that is kept for a patient in the post as one mail; each letter looked at once more.

    What is not so any more drops out, with its reason in its row; what cannot go by mail any more goes by itself. In
    quiet hours that were set since, it waits for their end.
    """
    due = Digest.objects.waiting().filter(pk=digest_id, next_at__lte=now)
    digest = due.select_related("patient__site").select_for_update(of=("self",)).first()
    if digest is None:
        return
    digest.handed_until = None
    digest.next_at = quiet_until(digest.patient, now)
    if digest.next_at is None:
        together = _send_what_is_so(by, digest.patient, now)
        if together:
            _mail(by, digest, together)
        digest.state = Digest.State.SENT if together else Digest.State.EMPTY
        digest.sent_at = now if together else None
        detail = {"letters": len(together), "state": digest.state}
        record("alerts.send_digest", by=by, patient_id=digest.patient_id, target=digest, detail=detail)
    digest.save(update_fields=["state", "sent_at", "next_at", "handed_until", "updated_at"])


def _send_what_is_so(by: User | None, patient: Patient, now: datetime) -> list[tuple[Notice, Addressee]]:
    """Those that go together; of the others each row is settled."""
    together = []
    kept = Notice.objects.gathered().filter(patient=patient).order_by("created_at", "pk")
    for notice in kept.select_for_update(of=("self",)):
        to = queries.addressee_of(patient, LETTERS[notice.letter])
        why_not = why_not_now(notice, now) or to.why_not
        if why_not:
            _settle(notice, to, state=Notice.State.SKIPPED, reason=why_not)
        elif to.channel == EMAIL and to.user is not None:
            together.append((notice, to))
        else:
            to, outcome = post_letter(by, envelope_of(notice, patient, to), now)
            _settle(notice, to, **outcome)
    return together


def _settle(notice: Notice, to: Addressee, **outcome: Any) -> None:
    changed = {"recipient": to.user, "channel": to.channel} | outcome
    for name, value in changed.items():
        setattr(notice, name, value)
    notice.save(update_fields=[*changed, "updated_at"])


def envelope_of(notice: Notice, patient: Patient, to: Addressee) -> Envelope:
    """The letter by itself, with what can be said of it by now."""
    visit = _visit_of(notice)
    return Envelope(
        letter=notice.letter,
        patient=patient,
        to=to,
        area=notice.area,
        source=notice.source,
        occasion=notice.occasion,
        parameters=words_of(visit) if visit else {},
        expires_at=visit.starts_at if visit else None,
    )


def _mail(by: User | None, digest: Digest, together: Sequence[tuple[Notice, Addressee]]) -> None:
    account: Any = together[0][1].user
    message_id = queue_message(
        by=by,
        channel=EMAIL,
        address=account.email,
        template=TEMPLATE,
        parameters={"lines": _lines_of([notice for notice, _to in together], spoken(digest.patient))},
        dedupe_key=f"alerts:digest:{digest.pk}",
        language=spoken(digest.patient),
    )
    for notice, to in together:
        _settle(notice, to, state=Notice.State.QUEUED, reason="", message_id=message_id)


def _lines_of(notices: Sequence[Notice], language: str) -> str:
    """A line for each, in the order in which they came; what reads the same is counted."""
    with translation.override(language):
        lines = Counter(_line_of(notice) for notice in notices)
    return "\n".join(f"- {line} ({count})" if count > 1 else f"- {line}" for line, count in lines.items())


def _line_of(notice: Notice) -> str:
    visit = _visit_of(notice)
    return f"{SAYS[notice.letter]}: {when_of(visit)}" if visit else str(SAYS[notice.letter])


def _visit_of(notice: Notice) -> Appointment | None:
    model, _colon, key = notice.source.rpartition(":")
    rows = Appointment.objects.select_related("patient", "provider", "site")
    return rows.filter(pk=key).first() if model == "scheduling.appointment" else None


def reopen_digest(*, by: User | None, message_id: UUID, now: datetime) -> int:
    """Something in a mail of the day that no carrier has yet is not so any more: the mail is taken back, and what is
    still so leaves in another one at once. Returns how many mails were taken back.
    """
    withdrawn = withdraw_messages(by=by, message_ids=[message_id], now=now)
    if withdrawn:
        notices = list(Notice.objects.filter(message_id=message_id).select_related("patient__site").order_by("pk"))
        for notice in notices:
            notice.state, notice.reason, notice.message_id = Notice.State.GATHERED, Notice.Reason.ONCE_A_DAY, None
            notice.save(update_fields=["state", "reason", "message_id", "updated_at"])
        begin_digest(notices[0].patient, now)
    return withdrawn
