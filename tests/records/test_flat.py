"""A chart costs the same however long it is and however many others there are: counted in pages of the database read,
by the plans that reading requests take, never in time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from psycopg.sql import Literal

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.access import check_can_open_chart
from patients.models import Patient
from records.models import Entry
from records.queries.overview import overview_of
from records.queries.timeline import Narrowing, timeline
from tests.factories import EntryFactory, PatientFactory
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
FEW, MANY = 500, 5_000
#: Ten times the rows may cost half as much again: a tree one level higher, and rows of one page that lie on two where
#: other tests left holes, are a page or two for each row shown. To read a whole chart would be ten times as much.
FLAT = 1.5
DAY = timedelta(days=1)
COPIES = """
INSERT INTO records_entry SELECT (jsonb_populate_record(e, jsonb_build_object('id', uuidv7(), 'patient_id', %s::text,
 'effective_at', e.effective_at - n * interval '6 hours', 'created_at', e.created_at - n * interval '6 hours'))).*
FROM records_entry e, generate_series(1, %s) AS n WHERE e.id = %s AND e.patient_id = %s
"""
NOW = timezone.now()
ASKED: dict[str, Callable[[User, Patient], Any]] = {
    "overview": overview_of,
    "timeline": timeline,
    "one kind": lambda user, patient: timeline(user, patient, Narrowing(kind="vital_signs")),
    "a kind that nothing is of": lambda user, patient: timeline(user, patient, Narrowing(kind="condition")),
    "all its years": lambda user, patient: timeline(user, patient, Narrowing(begins=NOW - 9999 * DAY, ends=NOW)),
    "some days": lambda user, patient: timeline(user, patient, Narrowing(begins=NOW - 90 * DAY, ends=NOW - 60 * DAY)),
    "what is wrong, too": lambda user, patient: timeline(user, patient, Narrowing(with_old=True)),
}


def fill(patient: Patient, count: int, like: Entry) -> None:
    """With copies of an entry, one every six hours backwards."""
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute(COPIES, [patient.pk, count, like.pk, like.patient_id])
        cursor.execute("ANALYZE records_entry")


def pages_read(user: User, patient: Patient, ask: Callable[[User, Patient], Any]) -> int:
    """Of what is asked of the entries, by the generic plan."""
    read = 0

    def explained(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal read
        if 'FROM "records_entry"' in sql:
            read += _buffers(sql, params)
        return execute(sql, params, many, context)

    with acting_as(user):
        patient = check_can_open_chart(user, patient.pk)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        with connection.execute_wrapper(explained):
            ask(patient.reader, patient)  # type: ignore[attr-defined]
    return read


def _buffers(sql: str, params: Any) -> int:
    """Pages that were found in memory or fetched, by one execution of the prepared statement."""
    places = iter(range(1, len(params or ()) + 1))
    text = sql.replace("%%", "\0")
    while "%s" in text:
        text = text.replace("%s", f"${next(places)}", 1)
    given = ", ".join(Literal(value).as_string(connection.connection) for value in params or ())
    with connection.connection.cursor() as cursor:
        cursor.execute(f"PREPARE flat AS {text}".replace("\0", "%"))
        try:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE flat({given})")
            plan = cursor.fetchone()[0][0]["Plan"]
        finally:
            cursor.execute("DEALLOCATE flat")
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.fixture
def like(rosa: Patient) -> Entry:
    fields = {"kind": "vital_signs", "code": "8867-4", "display": "Heart rate", "unit": "/min"}
    for kind in ("allergy", "note", "imported", "family_history"):  # as any chart: of some kinds, and not of others
        fill(rosa, 20, EntryFactory(patient=rosa, kind=kind))
    return EntryFactory(patient=rosa, value=72, effective_at=NOW - DAY, **fields)


@pytest.mark.parametrize("what", ASKED)
def test_a_long_chart_reads_as_many_pages_as_a_short_one(what: str, rosa: Any, doctor: Any, like: Entry) -> None:
    fill(rosa, FEW, like)
    short = pages_read(doctor, rosa, ASKED[what])
    fill(rosa, MANY - FEW, like)
    long = pages_read(doctor, rosa, ASKED[what])
    assert short > 0
    assert long <= FLAT * short + 5, f"{what}: {short} pages with {FEW} entries, {long} with {MANY}"


@pytest.mark.parametrize("what", ["overview", "timeline"])
def test_a_chart_reads_as_many_pages_with_ten_times_the_table(what: str, rosa: Any, doctor: Any, like: Entry) -> None:
    fill(rosa, FEW, like)
    others = [PatientFactory(site=rosa.site) for _each in range(4)]
    for other in others:
        fill(other, FEW // 4, like)
    small = pages_read(doctor, rosa, ASKED[what])
    for other in others:
        fill(other, 10 * FEW // 4, like)
    large = pages_read(doctor, rosa, ASKED[what])
    assert large <= FLAT * small + 5, f"{what}: {small} pages, {large} with ten times as many entries of others"
