"""The list of allergies: add one, or say that none is known. Never asked is the third state, and no row says it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.events import publish
from patients.models import Patient
from records.access.entries import check_can_record
from records.actions.entries import record_entry
from records.actions.writing import Content, NotRecorded
from records.events import AllergyRecorded
from records.kinds.allergy import CATEGORIES, NONE_KNOWN, SEVERITIES
from records.models import Encounter, Entry, EntryQuerySet
from records.rules.said import Reaction

KIND = "allergy"


@transaction.atomic
def record_allergy(
    *, by: User, patient: Patient, reaction: Reaction, now: datetime, encounter: Encounter | None = None
) -> Entry:
    """Add an allergy; that none was known is no longer current. Raises NotRecorded, NotAllowed and NotInScope."""
    check_can_record(by, patient, KIND)
    substance = reaction.substance.strip()
    if not substance:
        raise NotRecorded(_("Say to what the patient is allergic."))
    if reaction.severity not in ("", *SEVERITIES) or reaction.category not in ("", *CATEGORIES):
        raise NotRecorded(_("This is not one of the choices."))
    current = _current(by, patient)
    if any(row.display.casefold() == substance.casefold() and row.clinical_status == "active" for row in current):
        raise NotRecorded(_("This allergy is on the list already."))
    said = {name: getattr(reaction, name) for name in ("reaction", "severity", "category", "since")}
    content = Content(
        kind=KIND,
        display=substance,
        clinical_status="active",
        data={name: text for name, text in said.items() if text},
    )
    entry = record_entry(
        by=by,
        patient=patient,
        content=content,
        effective_at=now,
        now=now,
        encounter=encounter,
        replaces=next((row for row in current if row.code == NONE_KNOWN), None),
        record_status="amended" if any(row.code == NONE_KNOWN for row in current) else "final",
    )
    publish(AllergyRecorded(entry_id=entry.pk, patient_id=patient.pk))
    return entry


@transaction.atomic
def record_no_known_allergies(
    *, by: User, patient: Patient, now: datetime, encounter: Encounter | None = None
) -> Entry:
    """Say that one asked, and that there is none. Asked again, a later version says when.

    Raises NotRecorded while an allergy stands on the list, NotAllowed and NotInScope.
    """
    check_can_record(by, patient, KIND)
    current = _current(by, patient)
    if any(row.code != NONE_KNOWN and row.clinical_status == "active" for row in current):
        raise NotRecorded(_("There are allergies on the list. Say of each that it is over, or wrong."))
    before = next((row for row in current if row.code == NONE_KNOWN), None)
    entry = record_entry(
        by=by,
        patient=patient,
        content=Content(
            kind=KIND, code=NONE_KNOWN, code_system="local", display="No known allergies", clinical_status="active"
        ),
        effective_at=now,
        now=now,
        encounter=encounter,
        replaces=before,
        record_status="amended" if before else "final",
    )
    publish(AllergyRecorded(entry_id=entry.pk, patient_id=patient.pk))
    return entry


def _current(by: User, patient: Patient) -> EntryQuerySet:
    """What stands on the list, locked, so that none known and an allergy are never said at once."""
    rows = Entry.objects.visible_to(by).current().of_kind(KIND).filter(patient=patient)
    found: EntryQuerySet = rows.select_for_update(of=("self",)).order_by("id")
    return found
