"""What the rules of the watch see in the audit between two moments. A worker asks, as the system."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from alerts.models import Anomaly, Rule, WatchEdit
from alerts.rules.watching import NIGHT, OVERLAP, SAMPLE, WATCHES, Watch
from healthcare.accounts.models import Membership, User
from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import ROLES
from healthcare.db.uuids import floor7, moment_of


@dataclass(frozen=True)
class Sighting:
    """What one rule saw of one person (or, where nobody was signed in, of one address); `about` is the one patient."""

    rule: str
    person_id: UUID | None
    role: str
    address: str | None
    about: UUID | None
    count: int
    events: tuple[UUID, ...]
    since: datetime
    until: datetime


# Each gives actor, role, address, the one patient, how much, the events. Keys are times: only what lies between the two
# is read, whatever the size of the audit.
BETWEEN = "e.id >= %(low)s AND e.id < %(high)s"
AS_STAFF = f"{BETWEEN} AND e.actor_id IS NOT NULL AND e.actor_role NOT IN ('patient', '')"
CHART = f"{AS_STAFF} AND e.action = 'patients.open_chart'"
OPENED = f"{CHART} AND e.outcome = 'ok'"
# Who treats somebody has a reason of their own; being of the same site is none.
BY_A_STRANGER = f"""{OPENED} AND NOT EXISTS (
    SELECT 1 FROM patients_carerelationship r WHERE r.patient_id = e.patient_id AND r.user_id = e.actor_id
    AND r.kind IN ('appointment', 'care_team', 'share') AND r.validity @> e.at)"""  # noqa: S608
THE_PATIENT = "JOIN patients_patient p ON p.id = e.patient_id"
THE_SITE = f"{THE_PATIENT} JOIN accounts_site s ON s.id = p.site_id"
OWN = "JOIN patients_carerelationship r ON r.patient_id = e.patient_id AND r.user_id = e.actor_id AND r.kind = 'self'"
HOUR = "extract(hour FROM e.at AT TIME ZONE s.time_zone)"
PATIENTS, TIMES = "count(DISTINCT e.patient_id)", "count(*)"
NUMBERS = f"""WITH opened AS (
    SELECT e.actor_id, e.actor_role, left(replace(p.mrn, '-', ''), 8)::integer AS number, max(e.id::text)::uuid AS id
    FROM audit_auditevent e {THE_PATIENT} WHERE {CHART} AND NOT EXISTS (
        SELECT 1 FROM audit_auditevent m WHERE m.patient_id = e.patient_id AND m.actor_id = e.actor_id
        AND m.action IN ('patients.register', 'patients.import'))
    GROUP BY 1, 2, 3
), e AS (
    SELECT *, number - row_number() OVER (PARTITION BY actor_id, actor_role ORDER BY number) AS run FROM opened
) """  # noqa: S608


def _seen(
    condition: str,
    *,
    of: str = "audit_auditevent e",
    joined: str = "",
    counted: str = TIMES,
    address: str = "NULL::inet",
    about: str = "NULL::uuid",
    by: str = "",
) -> str:
    return f"""SELECT e.actor_id, e.actor_role, {address}, {about}, {counted}, array_agg(e.id ORDER BY e.id DESC)
        FROM {of} {joined} WHERE {condition} GROUP BY 1, 2, 3, 4{by} HAVING {counted} >= %(at_least)s"""  # noqa: S608


SEEN_BY = {
    Rule.MANY_CHARTS: _seen(OPENED, counted=PATIENTS),
    Rule.AFTER_HOURS: _seen(
        f"{OPENED} AND ({HOUR} >= %(night)s OR {HOUR} < %(morning)s)", joined=THE_SITE, counted=PATIENTS
    ),
    Rule.SERIAL: NUMBERS + _seen("true", of="e", by=", e.run"),
    Rule.DENIALS: _seen(
        f"{BETWEEN} AND e.outcome = 'denied'", address="CASE WHEN e.actor_id IS NULL THEN e.address END"
    ),
    Rule.EXPORTS: _seen(f"{AS_STAFF} AND e.action ~ '\\.(export|print|download)'"),
    Rule.OWN_RECORD: _seen(CHART, joined=OWN, about="e.patient_id"),
    Rule.SAME_SURNAME: _seen(
        f"{BY_A_STRANGER} AND app.fold(p.family_name) = app.fold(regexp_replace(u.full_name, '^.* ', ''))",
        joined=f"{THE_PATIENT} JOIN accounts_user u ON u.id = e.actor_id",
        about="e.patient_id",
    ),
    Rule.COLLEAGUE: _seen(
        f"""{BY_A_STRANGER} AND EXISTS (
            SELECT 1 FROM patients_carerelationship c JOIN accounts_membership m ON m.user_id = c.user_id
            WHERE c.patient_id = e.patient_id AND c.kind = 'self' AND c.user_id <> e.actor_id AND c.validity @> e.at
            AND m.validity @> e.at)""",  # noqa: S608
        about="e.patient_id",
    ),
    Rule.WATCHED: _seen(
        f"""{BY_A_STRANGER} AND EXISTS (
            SELECT 1 FROM patients_closewatch w WHERE w.patient_id = e.patient_id AND w.ended_at IS NULL)""",  # noqa: S608
        about="e.patient_id",
    ),
}


def seen_by(rule: str, watch: Watch, *, last: datetime, until: datetime) -> list[Sighting]:
    """What this rule sees in its window before `until`; a rule without a window sees what came since `last`."""
    since = until - watch.window if watch.minutes else min(last, until) - OVERLAP
    bounds: dict[str, Any] = {"low": floor7(since), "high": floor7(until), "at_least": watch.at_least}
    with connection.cursor() as cursor:
        cursor.execute(SEEN_BY[Rule(rule)], {**bounds, "night": NIGHT[0], "morning": NIGHT[1]})
        return [
            Sighting(
                rule, actor, role, address, about, count, tuple(ids[:SAMPLE]), moment_of(ids[-1]), moment_of(ids[0])
            )
            for actor, role, address, about, count, ids in cursor.fetchall()
        ]


# == The rules as they stand ==
@dataclass(frozen=True)
class WatchLine:
    """A rule, what it calls too much now, and the edit that says so, if there is one."""

    rule: Rule
    watch: Watch
    is_on: bool
    edit: WatchEdit | None


def watch_lines() -> list[WatchLine]:
    edits: Mapping[str, WatchEdit] = {
        edit.rule: edit for edit in WatchEdit.objects.select_related("made_by").order_by("rule")
    }
    return [_line(Rule(name), watch, edits.get(name)) for name, watch in WATCHES.items()]


def _line(rule: Rule, watch: Watch, edit: WatchEdit | None) -> WatchLine:
    if edit is None:
        return WatchLine(rule, watch, True, None)
    return WatchLine(rule, replace(watch, at_least=edit.at_least, minutes=edit.minutes), edit.is_on, edit)


# == For whoever reviews ==
REVIEWED_SHOWN = 50


def anomalies_waiting(user: User) -> list[Anomaly]:
    """Those a person has to look at, the most overdue first."""
    rows = Anomaly.objects.visible_to(user).waiting().select_related("person", "reviewed_by")
    return list(rows.order_by("due_at", "pk")[:200])


def anomalies_reviewed(user: User) -> list[Anomaly]:
    """The last that were looked at, the newest first."""
    rows = Anomaly.objects.visible_to(user).exclude(verdict="").select_related("person", "reviewed_by")
    return list(rows.order_by("-reviewed_at")[:REVIEWED_SHOWN])


def count_waiting(user: User) -> int:
    return Anomaly.objects.visible_to(user).waiting().count()


def reviewers() -> list[User]:
    """Whoever works now in a role that reviews access as delivered."""
    roles = [slug for slug, role in ROLES.items() if Permission.REVIEW_ACCESS in role.permissions]
    works = Membership.objects.filter(validity__contains=Now(), role__in=roles)
    return list(User.objects.filter(pk__in=works.values("user"), is_active=True).order_by("pk"))
