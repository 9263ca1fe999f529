"""Steps that the verbs share: hold the row, ask where it stands, write what was typed, keep what was checked."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.ui.dates import moment_text
from prescriptions.models import CollectionDeadline, Prescription, SafetyCheck
from prescriptions.rules.safety import Result
from prescriptions.rules.sig import Content, Sig, mistakes_in, quantity_of, sig_text

Status = Prescription.Status
MOST_REPEATS = 12
WRITTEN = ("sig", "sig_text", "quantity", "quantity_unit", "reason", "repeats", "may_substitute")
SIGNED = ("patient_id", "prescriber_id", "site_id", "encounter_id", "medication_id", "medicine", *WRITTEN)


class NotPrescribable(Exception):
    """The directions cannot be followed. The message is a sentence for whoever wrote them."""


class NotPossible(Exception):
    """The prescription is no longer in a state for this. The message says in which it is."""


class FindingsUnanswered(Exception):
    """The safety check found something, or could not check something, and nobody has said why to go on."""

    def __init__(self, result: Result, missing: Sequence[str]) -> None:
        super().__init__(_("Answer what the safety check says before you sign."))
        self.result, self.missing = result, tuple(missing)


def locked(by: User, prescription: Prescription) -> Prescription:
    """The row as it is now, held until the transaction ends: of two who act at once, the second sees the first."""
    rows = Prescription.objects.visible_to(by).select_for_update(of=("self",))
    return rows.select_related("medication", "prescriber").get(pk=prescription.pk)


def check_is(prescription: Prescription, status: str) -> None:
    """Raises NotPossible unless it stands there."""
    if prescription.status != status:
        raise NotPossible(where_it_stands(prescription))


def check_becomes(prescription: Prescription, status: str) -> None:
    """Raises NotPossible unless the table of moves leads there."""
    if not prescription.can_become(status):
        raise NotPossible(where_it_stands(prescription))


def where_it_stands(prescription: Prescription) -> str:
    """A sentence: what became of it, by whom and when."""
    if prescription.picked_up_at:
        values = {"name": prescription.picked_up_by, "at": moment_text(prescription.picked_up_at)}
        return _("It was handed out already: to %(name)s, %(at)s.") % values
    if prescription.cancelled_at:
        return _("It was cancelled already, %(at)s.") % {"at": moment_text(prescription.cancelled_at)}
    return _("Somebody was quicker. It is now: %(state)s.") % {"state": prescription.get_status_display().lower()}


def write(draft: Prescription, content: Content) -> None:
    """Take over what was typed. Raises NotPrescribable for directions that nobody could follow."""
    if content.sig is not None and mistakes_in(content.sig):
        raise NotPrescribable(_("These directions cannot be followed. Look at dose, how often and for how long."))
    if not 0 <= content.repeats <= MOST_REPEATS:
        raise NotPrescribable(_("It can be repeated 0 to 12 times."))
    sig = content.sig
    draft.sig = sig.content() if sig else {}
    draft.sig_text = sig_text(sig) if sig else ""
    draft.quantity, draft.quantity_unit = quantity_of(sig) if sig else (None, "")
    draft.reason, draft.repeats, draft.may_substitute = content.reason, content.repeats, content.may_substitute


def end_of(prescription: Prescription, sig: Sig, start: datetime) -> datetime | None:
    """When the supply with its repeats is over, counted from `start`; None for a treatment that goes on."""
    return None if sig.ongoing else start + timedelta(days=sig.duration_days * (prescription.repeats + 1))


def signature_of(prescription: Prescription) -> str:
    """SHA-256 over everything that is signed, by whom and when, in a fixed order."""
    parts: list[Any] = [getattr(prescription, name) for name in SIGNED]
    parts += [prescription.signed_by_id, prescription.signed_at and prescription.signed_at.isoformat()]
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()


def keep_check(
    prescription: Prescription, result: Result, answers: Sequence[dict[str, str]], now: datetime
) -> SafetyCheck:
    """The check beside the prescription, never changed."""
    kept = SafetyCheck(
        prescription=prescription,
        patient_id=prescription.patient_id,
        kb_version=result.version,
        ran_at=now,
        problem=result.problem,
        overrides=list(answers),
        **result.content(),
    )
    kept.save(force_insert=True)
    return kept


def begin_wait(prescription: Prescription) -> None:
    """The deadline, under the prescription's own key; kept ready for longer, the same row waits anew."""
    if not CollectionDeadline.objects.filter(pk=prescription.pk).update(
        next_at=prescription.collect_by, handed_until=None
    ):
        CollectionDeadline(
            id=prescription.pk,
            prescription=prescription,
            patient_id=prescription.patient_id,
            next_at=prescription.collect_by,
        ).save(force_insert=True)


def end_wait(prescription: Prescription) -> None:
    CollectionDeadline.objects.filter(pk=prescription.pk).update(next_at=None, handed_until=None)
