"""The two ways of a claim: `claim_times` alone makes one, `release_claims` alone ends one. Verbs call both under locks.

`INSERT … ON CONFLICT DO NOTHING RETURNING`: whoever comes second gets fewer rows than asked, no error and no deadlock.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable
from psycopg.types.range import TimestamptzRange

from healthcare.db.uuids import uuid7
from scheduling.models import BLOCK_LANE, Appointment, TimeClaim
from scheduling.rules import Span

LOCK = """SELECT pg_advisory_xact_lock(locks.key)
FROM (SELECT DISTINCT app.lock_key(name) AS key FROM unnest(%s::text[]) AS name ORDER BY 1) AS locks"""
CLAIM_PATIENT = """INSERT INTO scheduling_patientclaim (id, created_at, updated_at, patient_id, appointment_id, during)
VALUES (%s, statement_timestamp(), statement_timestamp(), %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id"""
CLAIM = """INSERT INTO scheduling_timeclaim
(id, created_at, updated_at, resource_id, lane, blocked, kind, appointment_id, hold_until, reason)
SELECT id, statement_timestamp(), statement_timestamp(), resource_id, %s, %s, %s, %s, %s, %s
FROM unnest(%s::uuid[], %s::uuid[]) AS asked (id, resource_id) ORDER BY resource_id
ON CONFLICT DO NOTHING RETURNING id"""


class NotBookable(Exception):
    """This cannot be booked, now or at all; the message is a sentence for whoever asked."""


class Taken(Exception):
    """Somebody else has the time. The transaction goes back; the verb says what else there is."""


class PatientBusy(Taken):
    """The patient has another visit at this time."""


@contextmanager
def lock_in_order(names: Iterable[object]) -> Iterator[None]:
    """Hold what these ids name until the transaction ends. All in one statement and in one order for everybody, so
    that no two wait for each other. Raises NotBookable after two seconds of waiting.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            cursor.execute(LOCK, [[str(name) for name in names]])
        yield
    except OperationalError as problem:
        if isinstance(problem.__cause__, LockNotAvailable):
            raise NotBookable(
                _("Many people are booking at this moment. Nothing was changed. Please try again.")
            ) from problem
        raise


def claim_times(
    resource_ids: Collection[UUID],
    blocked: Span,
    *,
    kind: TimeClaim.Kind,
    visit: Appointment | None = None,
    hold_until: datetime | None = None,
    reason: str = "",
) -> list[UUID]:
    """Claim all of the resources for the span, and the visit's patient for the visit; returns the claims' ids.

    The patient first, then the resources in the order of their ids. Raises PatientBusy or Taken, and has then to be
    rolled back. The resources' locks are held by the caller.
    """
    lane = BLOCK_LANE if kind == TimeClaim.Kind.BLOCK else 0
    wanted = sorted(set(resource_ids))
    with connection.cursor() as cursor:
        if visit is not None:
            cursor.execute(CLAIM_PATIENT, [uuid7(), visit.patient_id, visit.pk, visit.during])
            if cursor.fetchone() is None:
                raise PatientBusy
        values: list[Any] = [lane, TimestamptzRange(*blocked), kind.value, visit and visit.pk, hold_until, reason]
        cursor.execute(CLAIM, [*values, [uuid7() for _each in wanted], wanted])
        claimed = [row[0] for row in cursor.fetchall()]
    if len(claimed) < len(wanted):
        raise Taken
    return claimed


def release_claims(
    resource_ids: Collection[UUID] = (), *, visit: Appointment | None = None, block_id: UUID | None = None
) -> None:
    """End holds that ran out on these resources, and the claims of a visit or a block that the actor may give up.

    The database checks the reach once more (`app.release_claims`); the web login can delete no claim itself.
    """
    released: list[Any] = [list(resource_ids), visit and visit.pk, block_id]
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.release_claims(%s::uuid[], %s::uuid, %s::uuid)", released)
