"""The list of allergies: add one, change what is said of it, or say that none is known. Never asked is the third state,
and no row says it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record_now
from healthcare.events import publish
from patients.models import Patient
from records.access.entries import check_can_record
from records.actions.entries import record_entry
from records.actions.writing import AlreadyThere, Content, NotRecorded, content_of, locked_entry, supersede
from records.events import AllergyRecorded
from records.kinds.allergy import CHOICES, NONE_KNOWN, REFUTED, STANDINGS, is_none_known, is_refuted, standing_of
from records.models import Encounter, Entry
from records.queries.quality import ToAsk, allergies_to_ask
from records.rules.said import Reaction
from records.rules.same import those_like

KIND = "allergy"
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('allergies:' || %s::text, 0))"
SAID = ("reaction", "since", "note", *CHOICES)


@transaction.atomic
def record_allergy(
    *,
    by: User,
    patient: Patient,
    reaction: Reaction,
    now: datetime,
    encounter: Encounter | None = None,
    though: str = "",
) -> Entry:
    """Add an allergy; that none was known is no longer current.

    `though` says why it is added while an active one says the same; without it that raises AlreadyThere. One that is
    not active, over or refuted stands in nobody's way. Raises NotRecorded, NotAllowed and NotInScope.
    """
    check_can_record(by, patient, KIND)
    substance = reaction.substance.strip()
    if not substance:
        raise NotRecorded(_("Say to what the patient is allergic."))
    _check_choices(reaction)
    if reaction.verification == REFUTED:
        raise NotRecorded(_("What was shown to be none is said of an allergy on the list. Open it there."))
    current = _current(by, patient)
    active = [row for row in current if row.clinical_status == "active" and not is_none_known(row)]
    standing = next(iter(those_like(("", "", substance), active)), None)
    if standing is not None and not though.strip():
        raise AlreadyThere(_("This allergy is on the list already."), standing)
    before = next((row for row in current if is_none_known(row)), None)
    data = _data(reaction) | ({"though": though.strip()} if standing else {})
    entry = record_entry(
        by=by,
        patient=patient,
        content=Content(kind=KIND, display=substance, clinical_status="active", data=data),
        effective_at=now,
        now=now,
        encounter=encounter,
        replaces=before,
        record_status="amended" if before else "final",
    )
    publish(AllergyRecorded(entry_id=entry.pk, patient_id=patient.pk))
    return entry


@transaction.atomic
def change_allergy(
    *, by: User, entry: Entry, reaction: Reaction, standing: str, now: datetime, because: str = ""
) -> Entry:
    """Say more of an allergy, or what has become of it: an amended version that replaces the entry.

    `standing` is a key of `kinds.allergy.STANDINGS`; "refuted" asks for `because`, and stays to be seen. The substance
    stays: an allergy to something else is another one, and this one entered in error. One that is active again ends
    that none is known. Raises NotRecorded, NotCurrent, NotAllowed and NotInScope.
    """
    patient = entry.patient
    check_can_record(by, patient, KIND)
    _check_choices(reaction)
    if standing not in STANDINGS:
        raise NotRecorded(_("This is not one of the choices."))
    if standing == REFUTED and not because.strip():
        raise NotRecorded(_("Say how it was shown to be none."))
    current = _current(by, patient)
    before = locked_entry(entry)
    if before.kind != KIND or is_none_known(before):
        raise NotRecorded(_("This is not an allergy."))
    kept = {name: said for name, said in before.data.items() if name not in (*SAID, "because")}
    data = kept | _data(reaction) | ({"because": because.strip()} if because.strip() else {})
    data["verification"] = REFUTED if standing == REFUTED else _still_sure(reaction, before)
    data = {name: said for name, said in data.items() if said != ""}
    status = "resolved" if standing == REFUTED else standing
    if (standing, _without(data, "because")) == (standing_of(before), _without(before.data, "because")):
        raise NotRecorded(_("Nothing was changed."))
    none_known = next((row for row in current if is_none_known(row)), None)
    if status == "active" and none_known is not None:
        supersede(none_known, "amended", now)
    after = record_entry(
        by=by,
        patient=patient,
        content=content_of(before, clinical_status=status, data=data),
        effective_at=before.effective_at,
        now=now,
        encounter=before.encounter,
        replaces=before,
        record_status="amended",
    )
    publish(AllergyRecorded(entry_id=after.pk, patient_id=patient.pk))
    return after


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


def list_allergies_to_ask(*, by: User, now: datetime) -> ToAsk:
    """Who comes soon and was never asked, audited as a list. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.RECORD_ALLERGY)
    record_now("records.list_allergies_to_ask", by=by)
    return allergies_to_ask(by, now)


def _check_choices(reaction: Reaction) -> None:
    if any(getattr(reaction, name) not in ("", *choices) for name, choices in CHOICES.items()):
        raise NotRecorded(_("This is not one of the choices."))


def _data(reaction: Reaction) -> dict[str, str]:
    return {name: text for name in SAID if (text := getattr(reaction, name))}


def _still_sure(reaction: Reaction, before: Entry) -> str:
    """What is no longer refuted has to be looked at anew: nobody confirmed it."""
    if reaction.verification and reaction.verification != REFUTED:
        return reaction.verification
    return "unconfirmed" if is_refuted(before) else ""


def _without(data: Any, name: str) -> dict[str, Any]:
    return {key: said for key, said in data.items() if key != name}


def _current(by: User, patient: Patient) -> Sequence[Entry]:
    """What stands on the list, kept still: one writer at a time, also while there is no row to lock yet."""
    with connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME, [patient.pk])
    rows = Entry.objects.visible_to(by).current().of_kind(KIND).filter(patient=patient)
    return list(rows.select_for_update(of=("self",)).order_by("id"))
