"""Steps of several verbs: what is checked before a time is claimed, and what comes with it."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Membership, Provider, Site, User
from healthcare.db.prepared import prepared
from patients.actions import open_for_visit
from patients.models import Patient
from scheduling.access import is_patient
from scheduling.actions.claims import NotBookable, NotOpen, PatientBusy, Taken, claim_times
from scheduling.actions.refusals import sentence, why_unlicensed
from scheduling.models import MOVES, Appointment, Resource, TimeClaim, VisitType
from scheduling.queries.free import Time, time_is
from scheduling.queries.licences import day_at
from scheduling.queries.times import length_of, window_of
from scheduling.rules import Offer, Refusal, source_of, why_not_offered, why_not_then

Status = Appointment.Status


def check_move(visit: Appointment, status: str) -> None:
    """Raises NotOpen unless the visit may go there from where it is."""
    if status not in MOVES[visit.status]:
        raise NotOpen(
            _("This visit is “%(now)s”, so it cannot become “%(then)s”.")
            % {"now": visit.get_status_display(), "then": Status(status).label}
        )


def resource_of(provider: Provider) -> Resource:
    resource: Resource | None = getattr(provider, "resource", None)
    if resource is None:
        raise NotBookable(_("%(provider)s has no hours yet.") % {"provider": provider.name})
    return resource


def locked(appointment: Appointment) -> Appointment:
    rows = Appointment.objects.select_for_update(of=("self",)).select_related(
        "provider", "site", "visit_type", "patient"
    )
    return rows.get(pk=appointment.pk)


def check_offered(by: User | None, patient: Patient, provider: Provider, site: Site, visit_type: VisitType) -> None:
    known = provider.accepting or (
        Appointment.objects.standing()
        .filter(patient=patient, provider=provider)
        .exists()  # a patient of theirs already
    )
    offer = Offer(
        active=visit_type.active,
        in_portal=visit_type.portal_mode == VisitType.PortalMode.DIRECT,
        type_specialty=visit_type.specialty,
        provider_specialty=provider.specialty,
        provider_left=provider.ended_at is not None,
        accepting=provider.accepting,
        known_patient=known,
        site_closed=site.closed_at is not None,
        at_site=site in provider.sites.all(),
        by_patient=is_patient(by),
        patient_died=bool(patient.deceased),
    )
    if refusal := why_not_offered(offer):
        raise NotBookable(sentence(refusal))


def set_time(visit: Appointment, provider: Provider, site: Site, start: datetime) -> None:
    zone = ZoneInfo(site.time_zone)
    visit.provider, visit.site, visit.time_zone = provider, site, site.time_zone
    visit.during = TimestamptzRange(*length_of(visit.visit_type).seen(start))
    visit.wall_start = f"{start.astimezone(zone):%Y-%m-%dT%H:%M}"


def check_time(visit: Appointment, resource: Resource, *, by: User | None, now: datetime) -> None:
    """Notice, horizon and grid by rule; hours, closures, blocks and claims by the database, under the locks."""
    length = length_of(visit.visit_type)
    window = window_of(visit.visit_type, now, by_patient=is_patient(by))
    start = visit.starts_at
    refusal = why_not_then(start, now, window, zone=ZoneInfo(visit.time_zone), grid=length.grid)
    if refusal:
        raise NotBookable(sentence(refusal, visit.visit_type))
    state = time_is(resource.pk, visit.site_id, length.blocked(start))
    if state == Time.OUTSIDE:
        raise NotBookable(_why_outside(visit, by))
    if state == Time.TAKEN:
        raise Taken


def _why_outside(visit: Appointment, by: User | None) -> str:
    days = () if is_patient(by) else (day_at(visit.site, visit.starts_at), day_at(visit.site, visit.ends_at))
    unlicensed = next(filter(None, (why_unlicensed(visit.provider, visit.site, day) for day in days)), "")
    return unlicensed or _("%(provider)s does not see patients at that time.") % {"provider": visit.provider.name}


def claim(visit: Appointment, resource: Resource) -> list[UUID]:
    blocked = length_of(visit.visit_type).blocked(visit.starts_at)
    try:
        return claim_times([resource.pk], blocked, kind=TimeClaim.Kind.VISIT, visit=visit)
    except PatientBusy as busy:
        now = Patient.objects.filter(pk=visit.patient_id).first()
        if now is None:
            raise NotBookable(_("This record was made one with another a moment ago. Open it anew.")) from busy
        if now.deceased:
            raise NotBookable(sentence(Refusal.PATIENT_DIED)) from busy
        raise


def open_chart(visit: Appointment, *, by: User | None, now: datetime) -> None:
    user = visit.provider.user
    role = "doctor"
    if user is not None:
        roles = set(_roles_at(user, visit.site_id))
        role = next((known for known in ("doctor", "nurse") if known in roles), role)
    open_for_visit(
        by=by,
        patient=visit.patient,
        user=user,
        role=role,
        site=visit.site,
        source=source_of(visit.pk),
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        now=now,
    )


@prepared
def _roles_at(user: User, site_id: UUID) -> "QuerySet[Membership, str]":
    held = Membership.objects.filter(user=user, site=site_id, validity__contains=Now())
    return held.values_list("role", flat=True)


def where(visit: Appointment) -> dict[str, object]:
    return {"provider": str(visit.provider_id), "site": str(visit.site_id), "sequence": visit.sequence}
