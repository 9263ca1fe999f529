"""What is known of a person besides the registration: said, changed, and ended when it is true no longer."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from patients.access import check_can_consent
from patients.events import PatientChanged
from patients.models import Address, Consent, ContactPoint, ContactPreference, Detail, LetterWish, Patient
from patients.queries.places import place_of
from patients.queries.profile import patients_with_bad_contacts
from patients.rules.profile import Profile

D = TypeVar("D", bound=Detail)


class DetailRefused(Exception):
    """The message is a sentence for whoever typed it."""


@transaction.atomic
def change_profile(*, by: User, patient: Patient, profile: Profile) -> tuple[str, ...]:
    """Bring what is said of the person to this; returns the names of the fields that changed. Raises NotAllowed."""
    check_can(by, Permission.CHANGE_PATIENT)
    patient = Patient.objects.visible_to(by).select_for_update(of=("self",)).get(pk=patient.pk)
    values = asdict(profile)
    changed = tuple(field for field, value in values.items() if getattr(patient, field) != value)
    if changed:
        for field in changed:
            setattr(patient, field, values[field])
        patient.save(update_fields=[*changed, "updated_at"])
        _say_of_patient("patients.change", by, patient.pk, patient, changed)
    return changed


@transaction.atomic
def add_detail(*, by: User, patient: Patient, kind: type[D], values: Mapping[str, Any]) -> D:
    """Keep one more name, address, number or person of the patient. Raises NotAllowed, and DetailRefused for a number
    or address that is kept already.
    """
    check_can(by, Permission.CHANGE_PATIENT)
    patient = Patient.objects.visible_to(by).select_for_update(of=("self",)).get(pk=patient.pk)
    row = kind(patient=patient, added_by=by, **values)
    _check(by, row)
    row.save(force_insert=True)
    _say_of_patient("patients.add_detail", by, patient.pk, row, (kind._meta.model_name or "",))
    return row


@transaction.atomic
def change_detail(*, by: User, detail: Detail, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Correct what was written; returns the names of the fields that changed. Raises NotAllowed, and DetailRefused for
    what has ended meanwhile, or is kept in another row.
    """
    check_can(by, Permission.CHANGE_PATIENT)
    row = _held(by, detail)
    if row.ended_at is not None:
        raise DetailRefused(_("Somebody ended this meanwhile. Add it anew if it is true."))
    changed = tuple(field for field, value in values.items() if getattr(row, field) != value)
    if changed:
        for field in changed:
            setattr(row, field, values[field])
        placed = _check(by, row)
        row.save(update_fields=[*changed, *placed, "updated_at"])
        _say_of_patient("patients.change_detail", by, row.patient_id, row, changed)
    return changed


@transaction.atomic
def end_detail(*, by: User, detail: Detail, now: datetime) -> None:
    """It is true no longer; the row stays and says so. Ended already: nothing happens. Raises NotAllowed."""
    check_can(by, Permission.CHANGE_PATIENT)
    row = _held(by, detail)
    if row.ended_at is None:
        row.ended_at, row.ended_by = now, by
        row.save(update_fields=["ended_at", "ended_by", "updated_at"])
        _say_of_patient("patients.end_detail", by, row.patient_id, row, (row._meta.model_name or "",))


# == Ways to reach them ==
@transaction.atomic
def mark_contact(
    *, by: User | None, patient_id: UUID, system: str, value: str, bad: ContactPoint.Bad | None, now: datetime
) -> bool:
    """Note that what goes to this number or address does not arrive, or with None that it does again; whether that
    is new. Of the first ones a row is made for the mark. `by` is None for the post itself. Raises NotAllowed.
    """
    if by is not None:
        check_can(by, Permission.CHANGE_PATIENT)
    reached = ContactPoint.objects if by is None else ContactPoint.objects.visible_to(by)
    rows = reached.filter(patient_id=patient_id, system=system, value=value, ended_at=None)
    row = rows.select_for_update(of=("self",)).first()
    if (row.bad if row else "") == (bad or ""):
        return False
    if row is None:
        use = "mobile" if system == ContactPoint.System.PHONE else "home"
        row = ContactPoint(patient_id=patient_id, system=system, value=value, use=use, added_by=by)
        row.bad, row.bad_at = bad or "", now
        row.save(force_insert=True)
    else:
        row.bad, row.bad_at = bad or "", now if bad else None
        row.save(update_fields=["bad", "bad_at", "updated_at"])
    record(
        "patients.mark_contact", by=by, patient_id=patient_id, target=row, detail={"bad": bad or "", "system": system}
    )
    return True


def list_bad_contacts(*, by: User) -> list[Patient]:
    """Whom to ask for another number or address. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.CHANGE_PATIENT)
    found = patients_with_bad_contacts(by)
    record_now("patients.list_bad_contacts", by=by, detail={"rows": len(found)})
    return found


@transaction.atomic
def set_preferences(
    *,
    by: User,
    patient: Patient,
    answers: Mapping[tuple[str, str], bool | None],
    method: Consent.Method,
    now: datetime,
) -> int:
    """Keep the patient's yes or no by channel and purpose; None takes an answer back. Returns how many changed.

    The patient themself, or the staff with what they were told. Raises NotAllowed, NotInScope.
    """
    check_can_consent(by, patient)
    rows = ContactPreference.objects.visible_to(by).current().filter(patient=patient)
    known = {(row.channel, row.purpose): row for row in rows.select_for_update(of=("self",)).order_by("pk")}
    changed = 0
    for (channel, purpose), answer in sorted(answers.items()):
        row = known.get((channel, purpose))
        if (row.allowed if row else None) == answer:
            continue
        changed += 1
        if row is not None:
            row.ended_at, row.ended_by = now, by
            row.save(update_fields=["ended_at", "ended_by", "updated_at"])
        if answer is not None:
            said = {"channel": channel, "purpose": purpose, "allowed": answer, "method": method.value}
            ContactPreference(patient=patient, added_by=by, **said).save(force_insert=True)
    if changed:
        detail = {"answers": changed, "method": method.value}
        record("patients.set_preferences", by=by, patient_id=patient.pk, target=patient, detail=detail)
    return changed


@transaction.atomic
def set_letter_wishes(
    *, by: User, patient: Patient, wishes: Mapping[str, str], method: Consent.Method, now: datetime
) -> int:
    """Keep by topic how the patient wants to hear of it (`LetterWish.How`); "" takes a wish back. Returns how many
    changed. The patient themself, or the staff with what they were told. Raises NotAllowed, NotInScope.
    """
    check_can_consent(by, patient)
    rows = LetterWish.objects.visible_to(by).current().filter(patient=patient)
    known = {row.topic: row for row in rows.select_for_update(of=("self",)).order_by("pk")}
    changed = {topic: how for topic, how in wishes.items() if how != (known[topic].how if topic in known else "")}
    for topic, how in sorted(changed.items()):
        if topic in known:
            row = known[topic]
            row.ended_at, row.ended_by = now, by
            row.save(update_fields=["ended_at", "ended_by", "updated_at"])
        if how:
            said = {"topic": topic, "how": how, "method": method.value}
            LetterWish(patient=patient, added_by=by, **said).save(force_insert=True)
    if changed:
        detail = {"wishes": len(changed), "method": method.value}
        record("patients.set_letter_wishes", by=by, patient_id=patient.pk, target=patient, detail=detail)
    return len(changed)


# == Steps ==
def _held(by: User, detail: D) -> D:
    rows = type(detail).objects.visible_to(by).select_for_update(of=("self",))
    found: D = rows.get(pk=detail.pk)
    return found


def _check(by: User, row: Detail) -> list[str]:
    """Places an address by its ZIP code, and refuses a contact point that is kept already; which fields it set."""
    if isinstance(row, Address):
        place = place_of(row.postal_code or None)
        row.latitude, row.longitude = place or (None, None)
        return ["latitude", "longitude"]
    if isinstance(row, ContactPoint):
        same = ContactPoint.objects.visible_to(by).current().exclude(pk=row.pk)
        if same.filter(patient_id=row.patient_id, system=row.system, value=row.value).exists():
            raise DetailRefused(_("This is kept already."))
    return []


def _say_of_patient(action: str, by: User, patient_id: UUID, target: Any, fields: tuple[str, ...]) -> None:
    record(action, by=by, patient_id=patient_id, target=target, detail={"fields": list(fields)})
    publish(PatientChanged(patient_id=patient_id, fields=fields))
