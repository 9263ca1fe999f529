import json
from typing import Any

from django.db import connection

from healthcare.db.uuids import uuid7
from healthcare.events.facts import encode, name_of
from healthcare.events.registry import subscribers_inside

# Not through the ORM: the web login may add here and read nothing, and models are not loaded where facts are announced.
# A trigger of the table wakes the relay at the commit.
INSERT = (
    "INSERT INTO events_outboxevent (id, name, payload, created_at, updated_at)"
    " SELECT id, name, payload::jsonb, statement_timestamp(), statement_timestamp()"
    " FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS fact (id, name, payload)"
)


class OutsideTransaction(Exception):
    """A fact belongs to the transaction of the change it tells of, and there is none."""


def publish(*facts: Any) -> None:
    """Announce facts: run their inside subscribers now, and note them all in one statement for those after the commit.

    All in the running transaction: what an inside subscriber raises passes through, and refuses the change. Raises
    OutsideTransaction, and NotAFact for values that would not come back equal.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"{name_of(type(facts[0]))} was announced outside a transaction.")
    payloads = [json.dumps(encode(fact)) for fact in facts]
    for fact in facts:
        for subscriber in subscribers_inside(type(fact)):
            subscriber.function(fact)
    names = [name_of(type(fact)) for fact in facts]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [[uuid7() for _fact in facts], names, payloads])
