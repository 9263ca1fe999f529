"""Registering people, changing their details, opening their charts, and finding them."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Site, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from patients.actions.duplicates import note_duplicates
from patients.actions.identifiers import give_site_number, keep_identifier
from patients.actions.numbers import next_numbers
from patients.events import PatientChanged, PatientRegistered
from patients.models import Patient
from patients.models.identity import one_registration_at_a_time
from patients.queries import (
    Filters,
    FoundPatient,
    Page,
    find_patients,
    page_of_patients,
    recent_patients,
)
from patients.queries.formerly import with_former_names
from patients.queries.matching import Candidate, find_duplicates, person_told
from patients.queries.quality import births_to_ask
from patients.rules import Demographics, fingerprint, parse_search


class PatientNotRegistered(Exception):
    """The message is a sentence for whoever typed it."""


class ChangedMeanwhile(Exception):
    """Somebody else changed the details since the form was opened. The message says what they are now."""


class AlreadyRegistered(PatientNotRegistered):
    """Somebody was registered meanwhile who seems to be the same."""


@transaction.atomic
def register_patient(
    *,
    by: User,
    site: Site,
    demographics: Demographics,
    now: datetime,
    seen: Collection[UUID] | None = None,
    identifier: tuple[str, str] | None = None,
) -> Patient:
    """Add a person to the clinic's patients; the teams of the site have access from this moment.

    `seen` are those who were shown to `by`, who said that they are others. Without it, whoever seems to be the same
    is noted as a possible duplicate, for somebody to look. `identifier` is another number of theirs: whose, and which.
    Raises NotAllowed without the permission, PatientNotRegistered for a birth date to come or a site that the registrar
    does not work at, AlreadyRegistered for one who seems the same and was not shown, and IdentifierRefused.
    """
    check_can(by, Permission.REGISTER_PATIENT)
    one_registration_at_a_time()
    told = person_told(demographics, identifier[1] if identifier else "")
    same = [found for found in find_duplicates(told) if found.judgement.same]
    if seen is not None and any(found.id not in seen for found in same):
        raise AlreadyRegistered(_("Somebody who seems to be this person was registered a moment ago. Look again."))
    patient = add_patient(by=by, site=site, demographics=demographics, now=now)
    note_duplicates(by=by, patient=patient, found=same, others=seen is not None, now=now)
    if identifier:
        keep_identifier(by=by, patient=patient, system=identifier[0], value=identifier[1])
    return patient


@transaction.atomic
def add_patient(*, by: User, site: Site, demographics: Demographics, now: datetime, **known: Any) -> Patient:
    """The person, without a search for others; for verbs that know why. Raises PatientNotRegistered."""
    if demographics.birth_date and demographics.birth_date > now.date() + timedelta(days=1):
        raise PatientNotRegistered(_("The date of birth lies in the future."))
    if not by.memberships.current().filter(site=site, role=by.acting_role).exists():
        raise PatientNotRegistered(_("You do not work at this site."))
    patient = Patient(mrn=next_numbers(1)[0], site=site, **vars(demographics), **known)
    patient.save(force_insert=True)
    record("patients.register", by=by, patient_id=patient.pk, target=patient)
    publish(PatientRegistered(patient_id=patient.pk, site_id=site.pk))
    give_site_number(by=by, patient=patient, site=site)
    return patient


@transaction.atomic
def change_patient(*, by: User, patient: Patient, demographics: Demographics, seen: str = "") -> tuple[str, ...]:
    """Bring the patient's details to these; returns the names of the fields that changed, perhaps none.

    `seen` is the fingerprint of the details that the person had before their eyes; "" skips the comparison. Raises
    NotAllowed without the permission, and ChangedMeanwhile.
    """
    check_can(by, Permission.CHANGE_PATIENT)
    patient = Patient.objects.visible_to(by).select_for_update(of=("self",)).get(pk=patient.pk)
    changed = tuple(field for field, value in vars(demographics).items() if getattr(patient, field) != value)
    if changed and seen and seen != fingerprint(patient.demographics()):
        raise ChangedMeanwhile(
            _("Somebody changed these details after you opened them. Look at what differs, then save again.")
        )
    if changed:
        for field in changed:
            setattr(patient, field, getattr(demographics, field))
        if patient.unidentified_since and {"given_name", "family_name"} <= {*changed}:
            patient.unidentified_since = None
            changed = (*changed, "unidentified_since")
        patient.save(update_fields=[*changed, "updated_at"])
        record("patients.change", by=by, patient_id=patient.pk, target=patient, detail={"fields": list(changed)})
        publish(PatientChanged(patient_id=patient.pk, fields=changed))
    return changed


def open_chart(*, by: User, patient: Patient) -> None:
    """Say that this chart is opened, before anything of it is shown. Raises AuditUnavailable: then show nothing."""
    record_now("patients.open_chart", by=by, patient_id=patient.pk, target=patient)


def refuse_chart(*, by: User, patient_id: UUID) -> None:
    """Note that somebody without access asked for this chart, whether it exists or not. Raises AuditUnavailable."""
    record_now("patients.open_chart", by=by, patient_id=patient_id, outcome="denied")


def search_patients(*, by: User, text: str) -> list[FoundPatient]:
    """Who is meant by a name, birth date, record number or phone; masked where not in the actor's care.

    The audit says what kind of thing was looked for, never what was typed. Raises NotAllowed, AuditUnavailable and
    TooManySearches.
    """
    check_can(by, Permission.SEARCH_PATIENTS)
    terms = parse_search(text)
    if not terms:
        return []
    record_now("patients.search", by=by, detail={"fields": [name for name, value in vars(terms).items() if value]})
    return with_former_names(by, find_patients(terms), terms.name)


def find_alike(*, by: User, demographics: Demographics, number: str = "") -> list[Candidate]:
    """Who of all the clinic's patients may be this person, the most likely first, each with the reasons.

    `number` is another number they have, such as an earlier record number.

    Raises NotAllowed, AuditUnavailable and TooManySearches.
    """
    check_can(by, Permission.REGISTER_PATIENT)
    record_now("patients.search", by=by, detail={"fields": ["name", "birth_date", *(["number"] if number else [])]})
    return find_duplicates(person_told(demographics, number))


def list_patients(*, by: User, filters: Filters, today: date, after: UUID | None = None) -> Page:
    """A page of the patients in the actor's care, by name. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.OPEN_CHART)
    record_now("patients.list", by=by, detail={"filters": filters.names()})
    return page_of_patients(by, filters, today=today, after=after)


def list_recent_patients(*, by: User) -> list[Patient]:
    """The charts the actor opened last. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.SEARCH_PATIENTS)
    record_now("patients.list_recent", by=by)
    return recent_patients(by)


def list_births_to_ask(*, by: User) -> list[Patient]:
    """People whose date of birth is to be asked. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.CHANGE_PATIENT)
    record_now("patients.list_births_to_ask", by=by)
    return births_to_ask(by)
