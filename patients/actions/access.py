"""Who may open a chart, why, and until when."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import connection, transaction
from django.db.models import F, Func, Value
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import scopes_of
from healthcare.accounts.models import Membership, Site, User
from healthcare.accounts.permissions import Scope, Sensitivity
from healthcare.accounts.roles import ROLES
from healthcare.audit import record
from healthcare.audit.changes import bulk_verb
from healthcare.db.inserting import insert_rows
from healthcare.events import publish
from patients.access import check_agreed, check_can_end, check_can_grant
from patients.events import AccessEnded, AccessGranted
from patients.models import CareRelationship, Consent, Disclosure, Patient
from patients.queries import patients_with_ended_grants

VISIT_SCOPES = frozenset({Scope.IDENTITY, Scope.SCHEDULE})  # who comes, and when
CARE_SCOPES = frozenset(Scope) - VISIT_SCOPES
# What came with the same source, and whether the site has the patient for good.
KNOWN = """SELECT id, source FROM patients_carerelationship WHERE patient_id = %s AND (source = %s AND ended_at IS NULL
OR kind = 'site' AND site_id = %s AND validity @> statement_timestamp() AND upper_inf(validity))"""
LONGEST_SHARE = timedelta(days=367)  # a year, and the rest of its last day


class ShareTooLong(Exception):
    """The message is a sentence for whoever asked."""


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
    labels: Iterable[Sensitivity] = (),
    reason: str = "",
    source: str = "",
) -> CareRelationship:
    """Open the chart to a person in a role, from `valid_from` up to, and without, `valid_until` (None: no end).

    `labels` are the marked items it opens besides. Raises NotAllowed where the granter reaches less, the role can never
    hold a scope, or the patient has not agreed to sharing; ShareTooLong for a share beyond a year. A share is a line of
    the accounting of disclosures.
    """
    scopes, labels = list(scopes), list(labels)
    check_can_grant(by, patient, role, [*scopes, *labels])
    if kind == CareRelationship.Kind.SHARE:
        check_agreed(by, patient, Consent.Purpose.TREATMENT)
        if valid_until is None or valid_until > valid_from + LONGEST_SHARE:
            raise ShareTooLong(_("A share has a last day, within a year. Who goes on treating is in the care team."))
    relationship = CareRelationship(
        patient=patient,
        kind=kind,
        user=user,
        role=role,
        scopes=scopes,
        labels=labels,
        validity=TimestamptzRange(valid_from, valid_until),
        reason=reason,
        source=source,
        granted_by=by,
    )
    relationship.save(force_insert=True)
    detail = {"user": str(user.pk), "role": role, "kind": kind.value, "scopes": scopes, "labels": labels}
    record("patients.grant_access", by=by, patient_id=patient.pk, target=relationship, detail=detail)
    if kind == CareRelationship.Kind.SHARE:
        _disclose(relationship, by)
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


@transaction.atomic(savepoint=False)
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
    care: bool = True,
    now: datetime,
) -> None:
    """Open the chart to a visit's provider and its site's teams, instead of what the same source opened before.

    Identity and schedule from `now`, the rest from VISIT_ACCESS_BEFORE the visit, all up to VISIT_ACCESS_AFTER it; the
    provider reads marked items, too, those about substance use where the patient agreed. No permission is asked: the
    row policy looks at the visit. A site that has the patient anyway gets no row. Without `care` it is identity and
    schedule alone, as for a visit that nobody has agreed to.
    """
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, [patient.pk, source, site.pk if site else None])
        sources = dict(cursor.fetchall())
    earlier, rows = [pk for pk, came_with in sources.items() if came_with == source], []
    until = ends_at + settings.VISIT_ACCESS_AFTER
    brings_site = site is not None and len(earlier) == len(sources)
    spans = ((VISIT_SCOPES, now), (CARE_SCOPES, max(now, starts_at - settings.VISIT_ACCESS_BEFORE)))
    for scopes, start in spans if care else spans[:1]:
        common = {"patient": patient, "validity": TimestamptzRange(start, until), "source": source, "granted_by": by}
        if user is not None and (held := sorted(scopes & scopes_of(role))):
            labels = list(Sensitivity) if Scope.CLINICAL in held else []
            rows.append(
                CareRelationship(kind="appointment", user=user, role=role, scopes=held, labels=labels, **common)
            )
        if brings_site:
            rows.append(CareRelationship(kind="site", site=site, scopes=sorted(scopes), **common))
    with bulk_verb():
        insert_rows(*rows)
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


def _disclose(share: CareRelationship, by: User) -> None:
    """45 CFR 164.528(b)(2): the date, the recipient with the address, what was given, and for what."""
    user = share.user
    assert user is not None  # noqa: S101  a share is to somebody
    held = Membership.objects.current().filter(user=user, role=share.role).select_related("site").order_by("id")
    where = next((membership.site for membership in held), None)
    lines = (where.name, where.line, where.city, where.state, where.postal_code) if where else ()
    Disclosure(
        patient_id=share.patient_id,
        made_at=share.validity.lower,
        made_by=by,
        recipient=f"{user.full_name}, {ROLES[share.role].name}",
        recipient_address=", ".join(line for line in lines if line),
        description=", ".join([*share.scopes, *share.labels]),
        purpose=share.reason or str(Consent.Purpose.TREATMENT.label),
        source=f"share:{share.pk}",
    ).save(force_insert=True)


def _opened_by(source: str, patient: Patient) -> list[UUID]:
    rows = CareRelationship.objects.filter(patient=patient, source=source, ended_at=None)
    return list(rows.values_list("pk", flat=True))


def _end(ids: list[UUID], *, by: User | None, now: datetime) -> int:
    """Cut at `now` what has begun; the rest becomes empty."""
    past = Value(TimestamptzRange(None, now), output_field=DateTimeRangeField())
    cut = Func(F("validity"), past, template="%(expressions)s", arg_joiner=" * ")
    rows = CareRelationship.objects.filter(pk__in=ids)
    return rows.update(validity=cut, ended_at=now, ended_by=by, updated_at=now) if ids else 0
