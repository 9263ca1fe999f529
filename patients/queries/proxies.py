"""Who acts for whom in the portal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from patients.models import CareRelationship, Merge, Patient, Proxy

PROXY = CareRelationship.Kind.PROXY
SOURCE = "proxy:"


@dataclass(frozen=True)
class ActedFor:
    """A record that is somebody else's, and what of it is open now to the one who acts for them."""

    patient: Patient
    proxy: Proxy | None
    scopes: frozenset[Scope]
    until: datetime | None
    back_url: str = ""

    @property
    def who(self) -> str:
        return self.patient.name

    @property
    def detail(self) -> str:
        """Who they are to the reader and how old, as the banner goes on after the name."""
        age = self.patient.age_on(timezone.localdate())
        if age is None:
            return str(self.proxy.patient_is) if self.proxy else ""
        old = ngettext("%(age)d year old", "%(age)d years old", age) % {"age": age}
        return f"{self.proxy.patient_is}, {old}" if self.proxy else old

    @property
    def parts(self) -> str:
        """What of the record is open, in words."""
        if self.scopes == set(Scope):
            return _("the whole record")
        said = {Scope.SCHEDULE: _("visits"), Scope.BILLING: _("bills"), Scope.CLINICAL: _("notes and results")}
        said |= {Scope.MEDICATION: _("medicines"), Scope.MESSAGE: _("messages")}
        return ", ".join(words for scope, words in said.items() if scope in self.scopes) or _("name and address")


def acted_for(user: User, patient_id: UUID, scope: Scope = Scope.IDENTITY) -> ActedFor | None:
    """The record of somebody this person acts for now, where the scope is open to them; else None."""
    found = people_acted_for(user, patient_id=patient_id)
    if not found or scope not in found[0].scopes:
        return None
    return found[0] if Patient.objects.visible_to(user, scope).filter(pk=patient_id).exists() else None


def acted_for_instead(user: User, patient_id: UUID, scope: Scope) -> ActedFor | None:
    """The same, by the id of a record that went into theirs."""
    kept = Merge.objects.visible_to(user).standing().filter(merged=patient_id).values_list("patient_id", flat=True)
    found = kept.first()
    return acted_for(user, found, scope) if found else None


def people_acted_for(user: User, patient_id: UUID | None = None) -> list[ActedFor]:
    """Everybody for whom this person may act now, by name; narrowed to one patient where asked."""
    mine = CareRelationship.objects.current().filter(user=user, role="patient", kind=PROXY)
    rows = list(mine.filter(patient_id=patient_id) if patient_id else mine)
    ids = {row.patient_id for row in rows}
    if not ids:
        return []
    people = Patient.objects.visible_to(user).filter(pk__in=ids).select_related("site")
    proxies = {proxy.source: proxy for proxy in Proxy.objects.visible_to(user).filter(user=user, patient_id__in=ids)}
    found = [_acted_for(patient, [row for row in rows if row.patient_id == patient.pk], proxies) for patient in people]
    return sorted(found, key=lambda one: (one.patient.family_name, one.patient.given_name, one.patient.pk))


def acts_for_somebody(user: User) -> bool:
    return CareRelationship.objects.current().filter(user=user, role="patient", kind=PROXY).exists()


def _acted_for(patient: Patient, rows: Sequence[CareRelationship], proxies: dict[str, Proxy]) -> ActedFor:
    ends = [row.validity.upper for row in rows]
    return ActedFor(
        patient=patient,
        proxy=next((proxies[row.source] for row in rows if row.source in proxies), None),
        scopes=frozenset(Scope(scope) for row in rows for scope in row.scopes),
        until=None if None in ends else max(ends),
    )


# == Who acts for the patient ==
@dataclass(frozen=True)
class ProxyLine:
    """Somebody who acts for the patient now, or will: what they see, since when and until when."""

    proxy: Proxy
    scopes: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    less_from: datetime | None  # from when on they see less, where they see something after it


def proxy_lines(user: User, patient: Patient, now: datetime) -> list[ProxyLine]:
    """Who acts for this patient, in the order in which they began; those who ended are left out."""
    rows: dict[str, list[CareRelationship]] = {}
    mine = CareRelationship.objects.visible_to(user).filter(patient=patient, kind=PROXY, ended_at=None)
    for row in mine.exclude(validity__isempty=True).order_by("validity", "id"):
        if row.validity.upper is None or row.validity.upper > now:
            rows.setdefault(row.source, []).append(row)
    proxies = Proxy.objects.visible_to(user).filter(patient=patient).select_related("user", "checked_by")
    return [_line(proxy, rows[proxy.source]) for proxy in proxies.order_by("pk") if proxy.source in rows]


def _line(proxy: Proxy, rows: Sequence[CareRelationship]) -> ProxyLine:
    ends: list[Any] = [row.validity.upper for row in rows]
    last = None if None in ends else max(ends)
    earlier = [end for end in ends if end != last]
    held = {scope for row in rows for scope in row.scopes}
    return ProxyLine(
        proxy=proxy,
        scopes=tuple(scope.value for scope in Scope if scope in held),
        since=min((row.validity.lower for row in rows if row.validity.lower), default=None),
        until=last,
        less_from=min(earlier) if earlier else None,
    )


# == Birthdays that came earlier than was thought ==
BEYOND = """
SELECT DISTINCT r.patient_id FROM patients_carerelationship r
JOIN patients_patient p ON p.id = r.patient_id JOIN accounts_site s ON s.id = p.site_id
WHERE r.kind = 'proxy' AND r.ended_at IS NULL AND NOT isempty(r.validity) AND r.patient_id > %(after)s
AND (lower(r.validity) AT TIME ZONE s.time_zone)::date < p.birth_date + make_interval(years => %(end)s)
AND coalesce(upper(r.validity), 'infinity') > (p.birth_date + make_interval(years =>
    CASE WHEN r.scopes && '{clinical,medication,message}' THEN least(%(step_down)s, %(end)s) ELSE %(end)s END
)) AT TIME ZONE s.time_zone
ORDER BY r.patient_id LIMIT %(at_most)s
"""


def children_beyond_a_birthday(*, step_down: int, end: int, after: UUID, at_most: int) -> list[UUID]:
    """Patients whose proxy began while they were a child and goes on past a birthday that should have shortened it.

    In the order of their keys, from the one `after` on. One born on February 29 may stand here a day too soon.
    """
    with connection.cursor() as cursor:
        cursor.execute(BEYOND, {"step_down": step_down, "end": end, "after": after, "at_most": at_most})
        return [patient_id for (patient_id,) in cursor.fetchall()]


def midnight(day: date, zone: str) -> datetime:
    """The first moment of a day in that zone."""
    return datetime.combine(day, time(), ZoneInfo(zone))
