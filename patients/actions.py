"""The verbs: register, change, open a chart, grant and end access, and link a portal account."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Func, Value
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import check_can, scopes_of
from healthcare.accounts.models import Site, User
from healthcare.accounts.permissions import Permission, Scope
from healthcare.audit import record, record_now
from healthcare.audit.changes import bulk_verb
from healthcare.events import publish
from healthcare.messaging.actions import queue_message
from patients.access import check_can_end, check_can_grant
from patients.events import AccessEnded, AccessGranted, PatientChanged, PatientRegistered, PortalAccountLinked
from patients.models import CareRelationship, Patient, PortalCode
from patients.queries import (
    Filters,
    FoundPatient,
    Page,
    find_patients,
    page_of_patients,
    patients_with_ended_grants,
    recent_patients,
)
from patients.rules import (
    CODE_ALPHABET,
    CODE_LENGTH,
    Demographics,
    SearchTerms,
    fingerprint,
    format_code,
    medical_record_number,
    name_words,
    normalize_code,
    parse_search,
)

PORTAL_CODE_VALID = timedelta(days=7)
ALIKE = 5  # possible matches shown at most
VISIT_SCOPES = frozenset({Scope.IDENTITY, Scope.SCHEDULE})  # who comes, and when
CARE_SCOPES = frozenset(Scope) - VISIT_SCOPES


class PatientNotRegistered(Exception):
    """The message is a sentence for whoever typed it."""


class ChangedMeanwhile(Exception):
    """Somebody else changed the details since the form was opened. The message says what they are now."""


class PortalCodeRefused(Exception):
    """Code and date of birth do not fit, or the code has ended; the message does not say which."""


class TooManyTries(Exception):
    """Ten refused codes in an hour by one account."""


class AlreadyLinked(Exception):
    """This account, or this patient, is linked already."""


@transaction.atomic
def register_patient(*, by: User, site: Site, demographics: Demographics, now: datetime) -> Patient:
    """Add a person to the clinic's patients; the teams of the site have access from this moment.

    Raises NotAllowed without the permission, PatientNotRegistered for a birth date to come or a site that the
    registrar does not work at.
    """
    check_can(by, Permission.REGISTER_PATIENT)
    if demographics.birth_date > now.date() + timedelta(days=1):
        raise PatientNotRegistered(_("The date of birth lies in the future."))
    if not by.memberships.current().filter(site=site, role=by.acting_role).exists():
        raise PatientNotRegistered(_("You do not work at this site."))
    patient = Patient(mrn=_next_mrn(), site=site, **vars(demographics))
    patient.save(force_insert=True)
    record("patients.register", by=by, patient_id=patient.pk, target=patient)
    publish(PatientRegistered(patient_id=patient.pk, site_id=site.pk))
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
    return find_patients(terms)


def find_alike(*, by: User, demographics: Demographics) -> list[FoundPatient]:
    """Who of the same date of birth shares a name, or one like it: perhaps this person is registered already.

    Each word counts by itself: family names change, are shortened and swapped. Those with the most in common come
    first. Raises NotAllowed, AuditUnavailable and TooManySearches.
    """
    check_can(by, Permission.REGISTER_PATIENT)
    record_now("patients.search", by=by, detail={"fields": ["name", "birth_date"]})
    shared: dict[UUID, float] = {}
    people: dict[UUID, FoundPatient] = {}
    for word in name_words(demographics):
        for found in find_patients(SearchTerms(name=word, birth_date=demographics.birth_date), at_most=ALIKE):
            shared[found.id] = shared.get(found.id, 0) + found.likeness
            people[found.id] = found
    return sorted(people.values(), key=lambda found: (-shared[found.id], str(found.id)))[:ALIKE]


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


@transaction.atomic
def grant_access(
    *,
    by: User,
    patient: Patient,
    user: User,
    role: str,
    scopes: Iterable[Scope],
    kind: CareRelationship.Kind,
    valid_from: datetime,
    valid_until: datetime | None = None,
    reason: str = "",
    source: str = "",
) -> CareRelationship:
    """Open the chart to a person in a role, from `valid_from` up to, and without, `valid_until` (None: no end).

    Raises NotAllowed where the granter reaches less, or the role can never hold a scope.
    """
    scopes = tuple(scopes)
    check_can_grant(by, patient, role, scopes)
    relationship = CareRelationship(
        patient=patient,
        kind=kind,
        user=user,
        role=role,
        scopes=[scope.value for scope in scopes],
        validity=TimestamptzRange(valid_from, valid_until),
        reason=reason,
        source=source,
        granted_by=by,
    )
    relationship.save(force_insert=True)
    record(
        "patients.grant_access",
        by=by,
        patient_id=patient.pk,
        target=relationship,
        detail={"user": str(user.pk), "role": role, "kind": kind.value, "scopes": relationship.scopes},
    )
    publish(AccessGranted(patient_id=patient.pk, relationship_id=relationship.pk))
    return relationship


@transaction.atomic
def end_access(*, by: User, relationship: CareRelationship, now: datetime) -> None:
    """End a care relationship at `now`; what was planned for later never begins. Ended already: nothing happens.

    Raises NotAllowed for access that comes with the site or the patient's own account.
    """
    check_can_end(by, relationship)
    relationship = CareRelationship.objects.select_for_update(of=("self",)).get(pk=relationship.pk)
    if relationship.ended_at:
        return
    begins = relationship.validity.lower
    relationship.validity = TimestamptzRange(begins, now) if begins < now else TimestamptzRange(empty=True)
    relationship.ended_at, relationship.ended_by = now, by
    relationship.save(update_fields=["validity", "ended_at", "ended_by", "updated_at"])
    record("patients.end_access", by=by, patient_id=relationship.patient_id, target=relationship)
    publish(AccessEnded(patient_id=relationship.patient_id, relationship_id=relationship.pk))


@transaction.atomic
def open_for_visit(
    *,
    by: User | None,
    patient: Patient,
    user: User | None,
    role: str = "doctor",
    site: Site | None = None,
    source: str,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> None:
    """Open the chart to a visit's provider and its site's teams, instead of what the same source opened before.

    Identity and schedule from `now`, the rest from VISIT_ACCESS_BEFORE the visit, all up to VISIT_ACCESS_AFTER it. No
    permission is asked: the row policy looks at the visit. A site that has the patient anyway gets no row.
    """
    earlier, rows = _opened_by(source, patient), []
    until = ends_at + settings.VISIT_ACCESS_AFTER
    brings_site = site is not None and not _has_site(patient, site)
    for scopes, start in ((VISIT_SCOPES, now), (CARE_SCOPES, max(now, starts_at - settings.VISIT_ACCESS_BEFORE))):
        common = {"patient": patient, "validity": TimestamptzRange(start, until), "source": source, "granted_by": by}
        if user is not None and (held := sorted(scopes & scopes_of(role))):
            rows.append(CareRelationship(kind="appointment", user=user, role=role, scopes=held, **common))
        if brings_site:
            rows.append(CareRelationship(kind="site", site=site, scopes=sorted(scopes), **common))
    with bulk_verb():
        CareRelationship.objects.bulk_create(rows)
        _end(earlier, by=by, now=now)
    record("patients.open_for_visit", by=by, patient_id=patient.pk, detail={"source": source, "rows": len(rows)})


@transaction.atomic
def close_for_visit(*, by: User | None, patient: Patient, source: str, now: datetime) -> int:
    """End at `now` the access that came with a visit; what would have begun later never does. Returns how many rows."""
    with bulk_verb():
        ended = _end(_opened_by(source, patient), by=by, now=now)
    record("patients.close_for_visit", by=by, patient_id=patient.pk, detail={"source": source, "rows": ended})
    return ended


def sync_access(*, by: User | None, patient_ids: Iterable[UUID]) -> int:
    """Project the care relationships of these patients into grants, in one statement; returns how many patients.

    Triggers do this for every relationship that is written. A worker does it for spans that ended, a bulk load for what
    it copied in. Idempotent.
    """
    ids = list(patient_ids)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT app.sync_access(%s::uuid[])", [ids])
        record("patients.sync_access", by=by, detail={"patients": len(ids)})
    return len(ids)


def sync_ended_access(*, by: User | None, at_most: int) -> int:
    """Project anew the patients whose grants have ended, so that what comes after them begins; returns how many.

    Nobody sees more or less for it: both walls read the validity. A worker does it every minute.
    """
    ids = patients_with_ended_grants(at_most=at_most)
    return sync_access(by=by, patient_ids=ids) if ids else 0


def sync_site_access(*, by: User | None, site_id: UUID) -> int:
    """Project anew every patient whom a site reaches, about 2,000 a second on two cores; returns how many."""
    reached = CareRelationship.objects.current().filter(site_id=site_id).order_by("patient_id")
    return sync_access(by=by, patient_ids=reached.values_list("patient_id", flat=True).distinct())


@transaction.atomic
def issue_portal_code(*, by: User, patient: Patient, now: datetime) -> str:
    """A code to read out or print, for seven days and one use; earlier open codes end. Only its hash is stored.

    Raises NotAllowed without the permission, AlreadyLinked when the patient has an account.
    """
    check_can(by, Permission.INVITE_TO_PORTAL)
    if CareRelationship.objects.current().filter(patient=patient, kind=CareRelationship.Kind.SELF).exists():
        raise AlreadyLinked(_("This patient has a portal account already."))
    for open_code in PortalCode.objects.visible_to(by).filter(patient=patient, used_at=None, revoked_at=None):
        open_code.revoked_at = now
        open_code.save(update_fields=["revoked_at", "updated_at"])
    code = "".join(secrets.choice(CODE_ALPHABET) for _place in range(CODE_LENGTH))
    issued = PortalCode(patient=patient, code_hash=hash_code(code), expires_at=now + PORTAL_CODE_VALID, issued_by=by)
    issued.save(force_insert=True)
    record("patients.issue_portal_code", by=by, patient_id=patient.pk, target=issued)
    return format_code(code)


def link_portal_account(*, by: User, code: str, birth_date: date) -> UUID:
    """Link the signed-in account to the patient whose code and date of birth these are; returns the patient's id.

    Five tries a code, ten failures an hour an account. Raises PortalCodeRefused, which does not say what was wrong,
    TooManyTries, and AlreadyLinked for an account that has a record already. A refused try is counted: the caller's
    transaction has to commit.
    """
    if CareRelationship.objects.current().filter(user=by, kind=CareRelationship.Kind.SELF).exists():
        raise AlreadyLinked(_("Your account is linked to a record already."))
    with transaction.atomic():
        patient_id = _claim(code, birth_date)
        if patient_id is not None:
            record("patients.link_portal", by=by, patient_id=patient_id, target=by)
            publish(PortalAccountLinked(patient_id=patient_id, user_id=by.pk))
            return patient_id
    record_now("patients.link_portal", by=by, outcome="denied")
    raise PortalCodeRefused(
        _("This code and date of birth do not fit together, or the code has ended. Ask the clinic for a new one.")
    )


def tell_portal_opened(*, by: User | None, patient_id: UUID, user_id: UUID) -> None:
    """Queue the mail that says the account is open, once however often it is called. It names nobody and no record."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return
    queue_message(
        by=by,
        channel="email",
        address=user.email,
        template="portal_opened",
        parameters={},
        dedupe_key=f"portal_opened:{patient_id}:{user_id}",
    )


def hash_code(code: str) -> str:
    """SHA-256 is enough for a random code of 49 bits that lives a week and takes five tries."""
    return hashlib.sha256(normalize_code(code).encode()).hexdigest()


def _claim(code: str, birth_date: date) -> UUID | None:
    try:
        with transaction.atomic():
            return _value("SELECT app.claim_portal_code(%s::text, %s::date)", [hash_code(code), birth_date])
    except DatabaseError as problem:
        if getattr(problem.__cause__, "sqlstate", "") == "HC429":
            raise TooManyTries(_("That was a lot of tries. Wait an hour, or ask the clinic for help.")) from problem
        raise


def _opened_by(source: str, patient: Patient) -> list[UUID]:
    rows = CareRelationship.objects.filter(patient=patient, source=source, ended_at=None)
    return list(rows.values_list("pk", flat=True))


def _has_site(patient: Patient, site: Site) -> bool:
    standing = CareRelationship.objects.current().filter(validity__upper_inf=True)
    return standing.filter(patient=patient, kind=CareRelationship.Kind.SITE, site=site).exists()


def _end(ids: list[UUID], *, by: User | None, now: datetime) -> int:
    """Cut at `now` what has begun; the rest becomes empty."""
    past = Value(TimestamptzRange(None, now), output_field=DateTimeRangeField())
    cut = Func(F("validity"), past, template="%(expressions)s", arg_joiner=" * ")
    rows = CareRelationship.objects.filter(pk__in=ids)
    return rows.update(validity=cut, ended_at=now, ended_by=by, updated_at=now) if ids else 0


def _next_mrn() -> str:
    return medical_record_number(_value("SELECT nextval('patients_mrn_seq')", []))


def _value(statement: str, parameters: list[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()[0]
