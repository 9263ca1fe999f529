"""The two ways of a claim: `claim_times` alone makes one, `release_claims` alone ends one. Verbs call both under locks.

`INSERT … ON CONFLICT DO NOTHING RETURNING`: whoever comes second gets fewer rows than asked, no error and no deadlock.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable
from psycopg.types.range import TimestamptzRange

from healthcare.db.inserting import insert_into, values_of
from healthcare.db.uuids import uuid7
from scheduling.models import BLOCK_LANE, Appointment, GroupSession, PatientClaim, TimeClaim
from scheduling.rules import Span

# The patience is set by the statement that needs it: one round trip less in what every booking waits for.
LOCK = """WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', '2s', true))
SELECT pg_advisory_xact_lock(locks.key)
FROM patience, (SELECT DISTINCT app.lock_key(name) AS key FROM unnest(%s::text[]) AS name ORDER BY 1) AS locks"""
# Asked with what is true by now: since the patient was read, before the locks, a death or a merge may have come.
CLAIM_PATIENT = """INSERT INTO scheduling_patientclaim (id, created_at, updated_at, patient_id, appointment_id, during)
SELECT %s::uuid, statement_timestamp(), statement_timestamp(), asked.patient_id, %s::uuid, %s::tstzrange
FROM (SELECT %s::uuid AS patient_id) AS asked
WHERE EXISTS (SELECT FROM patients_patient p WHERE p.id = asked.patient_id AND p.deceased IS NOT TRUE)
ON CONFLICT DO NOTHING RETURNING id"""
CLAIM = """INSERT INTO scheduling_timeclaim
(id, created_at, updated_at, resource_id, lane, blocked, kind, appointment_id, session_id, hold_until, holder, reason)
SELECT id, statement_timestamp(), statement_timestamp(), resource_id, lane, %s, %s, %s, %s, %s, %s, %s
FROM unnest(%s::uuid[], %s::uuid[], %s::smallint[]) AS asked (id, resource_id, lane) WHERE true ORDER BY resource_id
ON CONFLICT DO NOTHING RETURNING id"""
# The patient first: no resource is claimed for one who is elsewhere at that time.
CLAIM_VISIT = f"WITH busy_with AS ({CLAIM_PATIENT}) {CLAIM.replace('true', 'EXISTS (SELECT FROM busy_with)')}"
# A new visit and its claims in one round trip; where a claim fails, the visit goes back with it.
BOOK = f"WITH visit AS ({insert_into(Appointment)}), {CLAIM_VISIT.removeprefix('WITH ')}"


class NotBookable(Exception):
    """This cannot be booked, now or at all; the message is a sentence for whoever asked."""


class NotOpen(NotBookable):
    """The visit began, is over, was called off, or was moved meanwhile: look at it again first."""


class Crowded(NotBookable):
    """Somebody held what this needs for too long; nothing was changed, and the same again may well succeed."""


class Taken(Exception):
    """Somebody else has the time. The transaction goes back; the verb says what else there is."""


class Full(Taken):
    """The provider has as many visits of this kind as may be on that day, or in that week."""


class NoRoom(Taken):
    """Of `what` this kind of visit needs, none is free at the site."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class PatientBusy(Taken):
    """The patient has another visit at this time, or is none any more."""


@contextmanager
def lock_in_order(names: Iterable[object]) -> Iterator[None]:
    """Hold what these ids name until the transaction ends. All in one statement and in one order for everybody, so
    that no two wait for each other. Raises Crowded after two seconds of waiting.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [[str(name) for name in names]])
        yield
    except OperationalError as problem:
        if isinstance(problem.__cause__, LockNotAvailable):
            raise Crowded(
                _("Many people are booking at this moment. Nothing was changed. Please try again.")
            ) from problem
        raise


def claim_times(
    resource_ids: Collection[UUID],
    blocked: Span,
    *,
    kind: TimeClaim.Kind,
    lanes: Mapping[UUID, int] | None = None,
    visit: Appointment | None = None,
    session: GroupSession | None = None,
    hold_until: datetime | None = None,
    holder: UUID | None = None,
    reason: str = "",
) -> list[UUID]:
    """Claim all of the resources for the span, and the visit's patient for the visit; returns the claims' ids.

    `lanes` are those of resources where the visit lies on top of others; blocks have their own. A visit that is new is
    written with them; one with a seat in a group has no resource of its own. The patient first, then the resources in
    the order of their ids. Raises PatientBusy or Taken, and has then to be rolled back. The resources' locks are held
    by the caller.
    """
    wanted = sorted(set(resource_ids))
    usual = BLOCK_LANE if kind == TimeClaim.Kind.BLOCK else 0
    places = [(lanes or {}).get(resource_id, usual) for resource_id in wanted]
    values: list[Any] = [TimestamptzRange(*blocked), kind.value, visit and visit.pk, session and session.pk]
    values += [hold_until, holder, reason]
    statement, values = CLAIM, [*values, [uuid7() for _each in wanted], wanted, places]
    if visit is not None:
        statement, values = CLAIM_VISIT, [uuid7(), visit.pk, visit.during, visit.patient_id, *values]
        if visit._state.adding:
            statement, values = BOOK, [*values_of(visit), *values]
            visit._state.adding, visit._state.db = False, connection.alias
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        claimed = [row[0] for row in cursor.fetchall()]
    if len(claimed) == len(wanted) > 0:
        return claimed
    if visit is not None and not PatientClaim.objects.filter(appointment=visit).exists():
        raise PatientBusy
    if wanted:
        raise Taken
    return claimed


def release_claims(
    resource_ids: Collection[UUID] = (),
    *,
    visit: Appointment | None = None,
    block_id: UUID | None = None,
    holder: UUID | None = None,
    session: GroupSession | None = None,
) -> int:
    """End holds that ran out on these resources, and the claims of a visit, a session or a block that the actor may
    give up, or the hold of a holder; returns how many.

    The database checks the reach once more (`app.release_claims`); the web login can delete no claim itself.
    """
    given: list[Any] = [list(resource_ids), visit and visit.pk, block_id, holder, session and session.pk]
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.release_claims(%s::uuid[], %s::uuid, %s::uuid, %s::uuid, %s::uuid)", given)
        released: int = cursor.fetchone()[0]
        return released
