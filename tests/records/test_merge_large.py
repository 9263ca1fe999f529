"""A chart of five thousand entries is merged, and parted again, while somebody waits for the page."""

from time import perf_counter
from typing import Any

import pytest
from django.db import connection

from records.models import Entry
from tests.factories import EntryFactory, PatientFactory, staff
from tests.patients.merging import merge, undo
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
ENTRIES = 5_000
CEILING = 40.0  # seconds: ten times what it took on two cores at load 8


def entries_of(patient: Any) -> int:
    with as_the_system():
        return Entry.objects.filter(patient=patient).count()


def test_five_thousand_entries_go_and_come_back() -> None:
    kept = PatientFactory()
    gone, desk = PatientFactory(site=kept.site), staff("front_desk", kept.site)
    EntryFactory(patient=gone)
    EntryFactory(patient=kept)
    with as_the_system(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO records_entry SELECT (jsonb_populate_record(e, jsonb_build_object('id', uuidv7()))).*"
            " FROM records_entry e, generate_series(2, %s) WHERE e.patient_id = %s",
            [ENTRIES, gone.pk],
        )
    began = perf_counter()
    merged = merge(desk, kept, gone)
    took = perf_counter() - began
    assert entries_of(kept) == ENTRIES + 1
    began = perf_counter()
    undo(desk, merged)
    parted = perf_counter() - began
    assert (entries_of(kept), entries_of(gone)) == (1, ENTRIES)
    assert max(took, parted) < CEILING
