"""Where a prescription stands in the dispensary, brought from one state to the other; parts of its verbs."""

from datetime import datetime

from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from prescriptions.actions.steps import NotPossible, put_back, where_it_stands
from prescriptions.models import Dispense, Prescription
from prescriptions.models.prescriptions import VALID
from prescriptions.queries.halts import halt_words, with_halts

Status = Prescription.Status
WAITS = (Status.READY, Status.NOT_COLLECTED)  # something is prepared and can be handed out
#: Everything that says where it stands there; which of it is empty, a constraint knows for each state.
STANDING = (
    "status",
    "fill",
    "ready_at",
    "ready_by",
    "collect_by",
    "not_collected_at",
    "picked_up_at",
    "picked_up_by",
    "picked_up_relation",
    "handed_out_by",
    "not_dispensed_at",
    "not_dispensed_by",
    "not_dispensed_reason",
    "not_dispensed_note",
    "updated_at",
)


def check_waits(prescription: Prescription) -> None:
    """Raises NotPossible unless something is prepared of it that can be handed out."""
    if prescription.status not in WAITS:
        raise NotPossible(where_it_stands(prescription))


def to_prepare(prescription: Prescription) -> None:
    """As it was when it was signed: what was collected before stands in its dispenses. Does not save."""
    row = prescription
    row.status, row.ready_at, row.ready_by, row.collect_by, row.not_collected_at = Status.SIGNED, None, None, None, None
    row.picked_up_at, row.handed_out_by, row.picked_up_by, row.picked_up_relation = None, None, "", ""
    row.not_dispensed_at, row.not_dispensed_by, row.not_dispensed_reason, row.not_dispensed_note = None, None, "", ""


def collected(prescription: Prescription, last: Dispense) -> None:
    """Nothing of the supply that is due is to come any more; `last` was handed out last. Does not save."""
    row = prescription
    row.status, row.fill = Status.PICKED_UP, last.fill
    row.ready_at, row.ready_by = last.prepared_at, last.prepared_by
    row.collect_by = row.collect_by or last.picked_up_at
    row.picked_up_at, row.handed_out_by = last.picked_up_at, last.handed_out_by
    row.picked_up_by, row.picked_up_relation = last.picked_up_by, last.picked_up_relation


def take_back(by: User, prescription: Prescription, now: datetime) -> Dispense | None:
    """Put back what is prepared of it, and tell what was handed out of it last."""
    put_back(by, prescription, now)
    given = Dispense.objects.visible_to(by).handed_out().filter(prescription=prescription)
    return given.order_by("-picked_up_at", "-id").first()


def check_not_halted(by: User, prescription: Prescription, now: datetime) -> None:
    """Raises NotPossible, with who said why, for what is on hold or stopped."""
    if not prescription.is_stopped and not prescription.is_on_hold(now):
        return
    said = halt_words(with_halts(by, [prescription])[0])
    if prescription.is_stopped:
        raise NotPossible(_("%(said)s Nothing of it is prepared or handed out.") % {"said": said})
    raise NotPossible(
        _("%(said)s Nothing of it is prepared or handed out until it is taken up again.") % {"said": said}
    )


def why_no_repeat(prescription: Prescription, now: datetime) -> str:
    """A sentence, or nothing where the next repeat can be prepared."""
    if prescription.repeats_left < 1:
        return _("It has no repeats left. A new prescription is needed.")
    if prescription.signed_at and now > prescription.signed_at + VALID:
        return _("It was signed more than a year ago. A new prescription is needed.")
    return ""
