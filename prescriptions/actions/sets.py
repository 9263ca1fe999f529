"""Order sets: arranged by administrators, and begun by a doctor for one patient."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Site, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from patients.models import Patient
from prescriptions.access import check_can_prescribe
from prescriptions.actions.steps import MOST_REPEATS, NotPrescribable
from prescriptions.actions.writing import draft_prescription
from prescriptions.models import Medication, OrderSet, OrderSetLine, Prescription
from prescriptions.rules.sig import Content, mistakes_in
from records.models import Encounter


class NotArranged(Exception):
    """It cannot be arranged so. The message is a sentence for the administrator."""


@dataclass(frozen=True)
class Line:
    """One prescription as the set begins it. Unit and route are those of the medicine, whatever the directions say."""

    medication: Medication
    content: Content


@dataclass(frozen=True)
class Begun:
    """The drafts of a set, in its order, and what of it is no longer offered."""

    drafts: Sequence[Prescription]
    gone: Sequence[str] = ()


@transaction.atomic
def arrange_order_set(
    *,
    by: User,
    site: Site | None,
    name: str,
    lines: Sequence[Line],
    active: bool = True,
    order_set: OrderSet | None = None,
) -> OrderSet:
    """Make a set, or change one: `lines` are all that it has from now on. What was prescribed with it stays as it is.

    Raises NotAllowed, and NotArranged for no lines or too many, a medicine twice or one that is no longer offered and
    was not in it before, directions that cannot be followed, and a name that another set has there.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    rows = OrderSet.objects.select_for_update(of=("self",))
    row = rows.get(pk=order_set.pk) if order_set else OrderSet()
    row.site, row.name, row.active = site, " ".join(name.split()), active
    if not row.name:
        raise NotArranged(_("Give it a name."))
    before = set(row.lines.values_list("medication_id", flat=True)) if order_set else set()
    _check_lines(lines, before)
    try:
        with transaction.atomic():
            row.save(force_insert=order_set is None)
    except IntegrityError:
        raise NotArranged(_("Another set there has this name. Choose another name.")) from None
    row.lines.all().delete()
    for position, line in enumerate(lines, 1):
        _row_of(row, position, line).save(force_insert=True)
    detail = {"new": order_set is None, "active": active, "medicines": [str(line.medication.pk) for line in lines]}
    record("prescriptions.arrange_order_set", by=by, target=row, detail=detail)
    return row


def _check_lines(lines: Sequence[Line], before: Collection[UUID]) -> None:
    if not lines:
        raise NotArranged(_("A set has at least one medicine."))
    if len(lines) > OrderSet.MOST_LINES:
        raise NotArranged(_("A set has at most %(most)d medicines.") % {"most": OrderSet.MOST_LINES})
    seen = set()
    for line in lines:
        named = {"name": line.medication.label}
        if line.medication.pk in seen:
            raise NotArranged(_("%(name)s is in it twice.") % named)
        if not line.medication.active and line.medication.pk not in before:
            raise NotArranged(_("%(name)s is no longer offered.") % named)
        sig = line.content.sig
        if sig is None or mistakes_in(sig) or not 0 <= line.content.repeats <= MOST_REPEATS:
            raise NotArranged(_("The directions of %(name)s cannot be followed.") % named)
        seen.add(line.medication.pk)


def _row_of(order_set: OrderSet, position: int, line: Line) -> OrderSetLine:
    sig, medication = line.content.sig, line.medication
    fitting = replace(sig, dose_unit=medication.dose_unit, route=medication.route) if sig else None
    return OrderSetLine(
        order_set=order_set,
        position=position,
        medication=medication,
        sig=fitting.content() if fitting else {},
        repeats=line.content.repeats,
        may_substitute=line.content.may_substitute,
        reason=line.content.reason,
    )


@transaction.atomic
def prescribe_order_set(
    *, by: User, patient: Patient, order_set: OrderSet, encounter: Encounter | None, now: datetime
) -> Begun:
    """A draft for each line of a set: to be changed, thrown away, and signed together or alone.

    What one writes for the patient already is taken as it is, and not begun again: chosen twice, there is one of each.
    What is no longer offered is named, and the rest begins. Raises NotAllowed, and NotPrescribable for a set that is
    no longer used, or for elsewhere, and where nothing of it is offered.
    """
    check_can_prescribe(by)
    if not OrderSet.objects.usable().at(patient.site_id).filter(pk=order_set.pk).exists():
        raise NotPrescribable(_("This set is no longer used here."))
    lines = list(order_set.lines.select_related("medication").order_by("position"))
    offered = [line for line in lines if line.medication.active]
    gone = [line.medication.label for line in lines if not line.medication.active]
    if not offered:
        raise NotPrescribable(_("Nothing of this set is offered any more: %(names)s.") % {"names": ", ".join(gone)})
    mine = Prescription.objects.visible_to(by).filter(
        patient=patient, status=Prescription.Status.DRAFT, prescriber__user=by
    )
    waiting = {draft.medication_id: draft for draft in mine.order_by("-created_at", "-id")}
    drafts = [
        waiting.get(line.medication_id)
        or draft_prescription(
            by=by,
            patient=patient,
            medication=line.medication,
            content=Content(line.directions, line.reason, line.repeats, line.may_substitute),
            encounter=encounter,
            now=now,
        )
        for line in offered
    ]
    detail = {"order_set": str(order_set.pk), "lines": len(drafts), "gone": len(gone)}
    record("prescriptions.prescribe_order_set", by=by, patient_id=patient.pk, target=order_set, detail=detail)
    return Begun(drafts, gone)
