"""Steps of several verbs: what is checked before a time is claimed, and what comes with it."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models.functions import Now
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Membership, Provider, Site, User
from patients.actions import open_for_visit
from patients.models import Patient
from scheduling.access import is_patient
from scheduling.actions.claims import NotBookable, Taken, claim_times
from scheduling.actions.refusals import sentence
from scheduling.models import MOVES, Appointment, Resource, TimeClaim, VisitType
from scheduling.queries.free import Time, time_is
from scheduling.queries.times import length_of, window_of
from scheduling.rules import Offer, why_not_offered, why_not_then

Status = Appointment.Status


def source_of(visit: Appointment) -> str:
    """What a care relationship says it came with."""
    return f"scheduling.appointment:{visit.pk}"


def check_move(visit: Appointment, status: str) -> None:
    """Raises NotBookable unless the visit may go there from where it is."""
    if status not in MOVES[visit.status]:
        raise NotBookable(
            _("This visit is “%(now)s”, so it cannot become “%(then)s”.")
            % {"now": visit.get_status_display(), "then": Status(status).label}
        )


def resource_of(provider: Provider) -> Resource:
    resource = Resource.objects.filter(provider=provider).first()
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
        at_site=provider.sites.filter(pk=site.pk).exists(),
        by_patient=is_patient(by),
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
        raise NotBookable(_("%(provider)s does not see patients at that time.") % {"provider": visit.provider.name})
    if state == Time.TAKEN:
        raise Taken


def claim(visit: Appointment, resource: Resource) -> list[UUID]:
    blocked = length_of(visit.visit_type).blocked(visit.starts_at)
    return claim_times([resource.pk], blocked, kind=TimeClaim.Kind.VISIT, visit=visit)


def open_chart(visit: Appointment, *, by: User | None, now: datetime) -> None:
    user = visit.provider.user
    role = "doctor"
    if user is not None:
        held = Membership.objects.filter(user=user, site=visit.site_id, validity__contains=Now())
        roles = set(held.values_list("role", flat=True))
        role = next((known for known in ("doctor", "nurse") if known in roles), role)
    open_for_visit(
        by=by,
        patient=visit.patient,
        user=user,
        role=role,
        site=visit.site,
        source=source_of(visit),
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        now=now,
    )


def where(visit: Appointment) -> dict[str, object]:
    return {"provider": str(visit.provider_id), "site": str(visit.site_id), "sequence": visit.sequence}
