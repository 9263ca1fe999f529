"""Rows that a script needs and the instance may lack: invented, written as the system."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from healthcare.audit.changes import bulk_verb
from healthcare.db.context import acting_as_system
from records.models import Entry
from tests.load.people import PURPOSE

CHUNK = 500


def add_entries(patient_id: UUID, count: int) -> None:
    """Heart rates, one every six hours backwards from now."""
    now = timezone.now()
    pulse = {"kind": "vital_signs", "code": "8867-4", "code_system": "loinc", "display": "Heart rate", "unit": "/min"}
    entries = [
        Entry(patient_id=patient_id, effective_at=now - timedelta(hours=6 * number), value=60 + number % 40, **pulse)
        for number in range(1, count + 1)
    ]
    with acting_as_system(PURPOSE), bulk_verb():
        Entry.objects.bulk_create(entries, batch_size=CHUNK)
