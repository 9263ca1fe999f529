"""Acting for somebody else in the portal: added by the staff, ended by any of the three, shortened by birthdays."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.actions import AlreadyHere, invite_to_portal
from healthcare.accounts.models import User
from healthcare.audit import record, record_now
from healthcare.audit.changes import bulk_verb
from healthcare.events import publish
from healthcare.messaging.actions import queue_message
from patients.access import check_can_add_proxy, check_can_end_proxy
from patients.events import ProxyAdded, ProxyEnded
from patients.models import CareRelationship, Patient, Proxy
from patients.queries import ActedFor, midnight, people_acted_for
from patients.rules import ProxySpan, may_agree, proxy_spans

PROXY = CareRelationship.Kind.PROXY


class ProxyRefused(Exception):
    """The message is a sentence for whoever asked."""


@transaction.atomic
def add_proxy(
    *,
    by: User,
    patient: Patient,
    email: str,
    full_name: str,
    relation: Proxy.Relation,
    extent: Proxy.Extent,
    agreed_by: Proxy.AgreedBy,
    until: date | None,
    now: datetime,
) -> Proxy:
    """Let somebody act for the patient from `now` up to, and without, the day `until` at the patient's site.

    Who has no account is invited by mail. `by` looked at the person's ID and signs for it. Raises NotAllowed, and
    ProxyRefused for whom it makes no sense.
    """
    scopes = Proxy.SCOPES[extent]
    check_can_add_proxy(by, patient, scopes)
    today = now.astimezone(ZoneInfo(patient.site.time_zone)).date()
    age = patient.age_on(today)
    if age is None:
        raise ProxyRefused(_("Add the date of birth first, or what is known of it: it decides who may agree."))
    if not may_agree(agreed_by, age=age, end=settings.PROXY_END_AGE):
        raise ProxyRefused(_("For a child a parent agrees, or a court; for a grown-up the patient does, or a court."))
    spans = _spans(patient, scopes, begun=today, until=until)
    if not any("identity" in span.scopes for span in spans):
        raise ProxyRefused(_("That would be over before it begins. Choose a later day."))
    user = _account(by, patient, email, full_name)
    proxy = Proxy(patient=patient, user=user, relation=relation, extent=extent, agreed_by=agreed_by, checked_by=by)
    proxy.save(force_insert=True)
    with bulk_verb():
        CareRelationship.objects.bulk_create(_rows(proxy, spans, now))
    facts = {"user": str(user.pk), "relation": relation, "extent": extent, "agreed_by": agreed_by}
    record("patients.add_proxy", by=by, patient_id=patient.pk, target=proxy, detail=facts)
    publish(ProxyAdded(patient_id=patient.pk, proxy_id=proxy.pk))
    return proxy


@transaction.atomic
def end_proxy(*, by: User, proxy: Proxy, now: datetime) -> None:
    """Nobody acts by it from `now` on. Ended already: nothing happens. Raises NotAllowed."""
    check_can_end_proxy(by, proxy)
    rows = CareRelationship.objects.filter(patient_id=proxy.patient_id, source=proxy.source, ended_at=None)
    open_rows = list(rows.select_for_update(of=("self",)).order_by("pk"))
    if not open_rows:
        return
    for row in open_rows:
        begun = row.validity.lower
        upper = min(row.validity.upper or now, now)
        row.validity = TimestamptzRange(begun, upper) if begun < upper else TimestamptzRange(empty=True)
        row.ended_at, row.ended_by = now, by
        row.save(update_fields=["validity", "ended_at", "ended_by", "updated_at"])
    record("patients.end_proxy", by=by, patient_id=proxy.patient_id, target=proxy)
    publish(ProxyEnded(patient_id=proxy.patient_id, proxy_id=proxy.pk))


@transaction.atomic
def shorten_proxies(*, by: User | None, patient_id: UUID) -> int:
    """Bring what began while the patient was a child back to the birthdays as they are known now; returns how many.

    Only ever earlier: where a birthday turns out to come later, the staff adds the proxy anew. Idempotent.
    """
    patient = Patient.objects.select_related("site").filter(pk=patient_id).first()
    if patient is None:
        return 0
    rows = CareRelationship.objects.filter(patient=patient, kind=PROXY, ended_at=None, validity__isempty=False)
    shortened = [row for row in rows.select_for_update(of=("self",)).order_by("pk") if _shorten(row, patient)]
    for row in shortened:
        row.save(update_fields=["validity", "updated_at"])
    if shortened:
        record("patients.shorten_proxies", by=by, patient_id=patient.pk, detail={"rows": len(shortened)})
    return len(shortened)


def list_people_acted_for(*, by: User) -> list[ActedFor]:
    """Everybody for whom the actor may act now, by name; said to the audit where there is somebody.

    Raises AuditUnavailable.
    """
    found = people_acted_for(by)
    if found:
        record_now("patients.list_acted_for", by=by, detail={"people": len(found)})
    return found


def tell_proxy_added(*, by: User | None, proxy_id: UUID) -> None:
    """Queue the mail to whoever may now act for somebody; who has no password yet finds the invitation beside it."""
    proxy = Proxy.objects.select_related("user").filter(pk=proxy_id).first()
    if proxy is None:
        return
    queue_message(
        by=by,
        channel="email",
        address=proxy.user.email,
        template="proxy_added",
        parameters={},
        dedupe_key=f"proxy_added:{proxy_id}",
    )


def _account(by: User, patient: Patient, email: str, full_name: str) -> User:
    try:
        user = invite_to_portal(by=by, email=email, full_name=full_name)
    except AlreadyHere as problem:
        raise ProxyRefused(str(problem)) from problem
    mine = CareRelationship.objects.current().filter(patient=patient, user=user, role="patient")
    if user.pk == by.pk:
        raise ProxyRefused(_("This is your own account. A colleague has to do this for you."))
    if mine.filter(kind=CareRelationship.Kind.SELF).exists():
        raise ProxyRefused(_("This is the patient's own account."))
    if mine.filter(kind=PROXY).exists():
        raise ProxyRefused(_("This person acts for the patient already. End that first, to change what they see."))
    return user


def _spans(patient: Patient, scopes: Iterable[str], *, begun: date, until: date | None) -> list[ProxySpan]:
    if patient.birth_date is None:  # it was known when this began, and is not any more
        return [ProxySpan(tuple(scopes), until)]
    return proxy_spans(
        scopes,
        birth_date=patient.birth_date,
        begun=begun,
        until=until,
        step_down=settings.PROXY_STEP_DOWN_AGE,
        end=settings.PROXY_END_AGE,
    )


def _rows(proxy: Proxy, spans: Iterable[ProxySpan], now: datetime) -> list[CareRelationship]:
    zone = proxy.patient.site.time_zone
    return [
        CareRelationship(
            patient=proxy.patient,
            kind=PROXY,
            user=proxy.user,
            role="patient",
            scopes=list(span.scopes),
            validity=TimestamptzRange(now, midnight(span.until, zone) if span.until else None),
            reason=str(proxy.get_relation_display()),
            source=proxy.source,
            granted_by=proxy.checked_by,
        )
        for span in spans
    ]


def _shorten(row: CareRelationship, patient: Patient) -> bool:
    """Cut a row at the first birthday that takes something of it away; the health parts stand in rows of their own."""
    zone = patient.site.time_zone
    begun = row.validity.lower.astimezone(ZoneInfo(zone)).date()
    spans = _spans(patient, row.scopes, begun=begun, until=None)
    last = min((span.until for span in spans if span.until), default=None)
    if spans and last is None:
        return False  # grown up when it began
    end = midnight(last, zone) if last else row.validity.lower
    if row.validity.upper is not None and row.validity.upper <= end:
        return False
    later = row.validity.lower < end
    row.validity = TimestamptzRange(row.validity.lower, end) if later else TimestamptzRange(empty=True)
    return True
