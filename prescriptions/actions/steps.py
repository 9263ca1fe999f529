"""Steps that the verbs share: hold the row, ask where it stands, write what was typed, keep what was checked."""

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.events import publish
from healthcare.ui.dates import moment_text
from patients.models import Patient
from patients.queries.merging import signed_under
from prescriptions.events import MedicinePutBack
from prescriptions.models import CollectionDeadline, Dispense, MedicationStatement, Prescription, SafetyCheck
from prescriptions.queries import Checked
from prescriptions.rules.hidden import answers_without, without
from prescriptions.rules.safety import Result
from prescriptions.rules.sig import Content, Sig, mistakes_in, quantity_of, sig_text
from records.models import Entry
from records.models.entries import mark_of
from scheduling.actions.refusals import why_unlicensed
from scheduling.queries.licences import day_at
from scheduling.rules import Days

Status = Prescription.Status
MOST_REPEATS = 12
DIRECTIONS = ("sig", "sig_text", "quantity", "quantity_unit", "reason", "repeats", "may_substitute")
WRITTEN = (*DIRECTIONS, "sensitivity")
# The mark is not signed: whoever may, changes it later (`mark_prescription`).
SIGNED = ("patient_id", "prescriber_id", "site_id", "encounter_id", "medication_id", "medicine", *DIRECTIONS)


class NotPrescribable(Exception):
    """The directions cannot be followed. The message is a sentence for whoever wrote them."""


class NotPossible(Exception):
    """The prescription is no longer in a state for this. The message says in which it is."""


class FindingsUnanswered(Exception):
    """The safety check found something, or could not check something, and nobody has said why to go on."""

    def __init__(self, result: Result, missing: Sequence[str], said: str = "") -> None:
        super().__init__(said or _("Answer what the safety check says before you sign."))
        self.result, self.missing = result, tuple(missing)


def locked(by: User, prescription: Prescription) -> Prescription:
    """The row as it is now, held until the transaction ends: of two who act at once, the second sees the first."""
    rows = Prescription.objects.visible_to(by).select_for_update(of=("self",))
    return rows.select_related("medication", "prescriber", "site").get(pk=prescription.pk)


def check_is(prescription: Prescription, status: str) -> None:
    """Raises NotPossible unless it stands there."""
    if prescription.status != status:
        raise NotPossible(where_it_stands(prescription))


def check_becomes(prescription: Prescription, status: str) -> None:
    """Raises NotPossible unless the table of moves leads there."""
    if not prescription.can_become(status):
        raise NotPossible(where_it_stands(prescription))


def check_lives(prescription: Prescription | MedicationStatement) -> None:
    """Raises NotPossible for a patient who has died: nothing is prescribed or handed out any more."""
    if Patient.objects.filter(pk=prescription.patient_id, deceased=True).exists():
        raise NotPossible(_("This patient has died. If that is wrong, a nurse or doctor can take it back."))


def check_licence(prescription: Prescription, now: datetime) -> None:
    """Raises NotPossible where no licence of the prescriber covers today."""
    if why := unlicensed(prescription, now):
        raise NotPossible(why)


def unlicensed(prescription: Prescription, now: datetime, *, known: Sequence[Days] | None = None) -> str:
    """Why it cannot be signed today, by the calendar of the site; empty where a licence covers the day."""
    site = prescription.site
    why = why_unlicensed(prescription.prescriber, site, day_at(site, now), known=known)
    return f"{why} {_('It stays a draft until an administrator has recorded the licence.')}" if why else ""


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
    draft.sensitivity = mark_of(content.sensitivity)


def end_of(prescription: Prescription, sig: Sig, start: datetime) -> datetime | None:
    """When the supply that is due and the repeats after it are over, counted from `start`; None for a treatment that
    goes on.
    """
    return None if sig.ongoing else start + timedelta(days=sig.days * (prescription.repeats_left + 1))


def signature_of(prescription: Prescription, *, patient_id: UUID | None = None) -> str:
    """SHA-256 over everything that is signed, for whom, by whom and when, in a fixed order."""
    whose = patient_id or prescription.patient_id
    parts: list[Any] = [whose if name == "patient_id" else getattr(prescription, name) for name in SIGNED]
    parts += [prescription.signed_by_id, prescription.signed_at and prescription.signed_at.isoformat()]
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()


def is_intact(prescription: Prescription) -> bool:
    """Whether the signature fits what the row says now; one made before a merge names the record of that time."""
    return prescription.signature == signature_of(prescription) or any(
        prescription.signature == signature_of(prescription, patient_id=former)
        for former in signed_under(prescription.patient_id)
    )


def keep_check(
    prescription: Prescription,
    checked: Checked,
    answers: Sequence[dict[str, str]],
    now: datetime,
    *,
    occasion: str = SafetyCheck.Occasion.SIGNING,
    answered_by: User | None = None,
) -> SafetyCheck:
    """The check beside the prescription, never changed; where it names marked medicines, a second one that does not."""
    marked = checked.marked(prescription)
    labels = sorted({row.sensitivity for row in marked})
    kept = _kept(prescription, checked.result, answers, now, labels, occasion, answered_by)
    if marked:
        names = [row.medicine for row in marked if not isinstance(row, Entry)]
        keep_without(kept, checked.result, {str(row.pk) for row in marked}, names)
    return kept


def keep_later(row: Prescription, result: Result, occasion: str, now: datetime) -> SafetyCheck:
    """What was found after the signature; it names nothing that is marked."""
    return _kept(row, result, [], now, [], occasion)


def keep_without(full: SafetyCheck, result: Result, keys: Collection[str], names: Sequence[str]) -> None:
    """The same check for who may not see these; `names` are those of the medicines among them."""
    answers = answers_without(full.overrides, result, keys)
    masked = without(result, keys, names, entries=len(keys) - len(names))
    _kept(full.prescription, masked, answers, full.ran_at, [], full.occasion, full.answered_by)


def _kept(
    prescription: Prescription,
    result: Result,
    answers: Sequence[dict[str, str]],
    now: datetime,
    labels: list[str],
    occasion: str = SafetyCheck.Occasion.SIGNING,
    answered_by: User | None = None,
) -> SafetyCheck:
    kept = SafetyCheck(
        prescription=prescription,
        patient_id=prescription.patient_id,
        kb_version=result.version,
        ran_at=now,
        problem=result.problem,
        overrides=list(answers),
        labels=labels,
        occasion=occasion,
        answered_by=answered_by,
        **result.content(),
    )
    kept.save(force_insert=True)
    return kept


def put_back(by: User, prescription: Prescription, now: datetime) -> None:
    """What waits to be handed out goes back to the shelf, and no longer counts as dispensed."""
    waiting = Dispense.objects.visible_to(by).waiting().filter(prescription=prescription)
    for dispense in waiting.select_for_update(of=("self",)).order_by("id"):
        dispense.state, dispense.returned_at, dispense.returned_by = Dispense.State.RETURNED, now, by
        dispense.save(update_fields=["state", "returned_at", "returned_by", "updated_at"])
        prescription.dispensed -= dispense.quantity
        publish(
            MedicinePutBack(
                dispense_id=dispense.pk, prescription_id=prescription.pk, patient_id=prescription.patient_id
            )
        )


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
