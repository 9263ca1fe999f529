"""A download as a browser gets it, and what an import makes of it for somebody of whom nothing is known yet."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from healthcare.audit.changes import bulk_verb
from healthcare.db.context import acting_as_system
from patients.models import Patient
from records.models import Entry
from tests.records.r4 import problems_of
from tests.roles import as_the_system, taking_role

DOOR = reverse("records_portal:download")
#: What an entry is; who said it, and that it came from elsewhere, is another matter.
FACTS = ("kind", "code", "code_system", "display", "value", "unit", "clinical_status", "sensitivity")


def downloaded(client: Client, door: str = DOOR) -> dict[str, Any]:
    """The Bundle, which is well by the table of R4 but for what came as it was."""
    answer = client.get(door)
    assert answer.status_code == 200, answer
    assert answer["Content-Type"] == "application/fhir+json"
    assert answer["Content-Disposition"].startswith('attachment; filename="record-')
    assert answer.streaming
    bundle: dict[str, Any] = json.loads(b"".join(answer.streaming_content))
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    addresses = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(addresses)) == len(addresses)
    for entry in bundle["entry"]:
        kind, key = entry["fullUrl"].split("/")[-2:]
        assert (entry["resource"]["resourceType"], entry["resource"]["id"]) == (kind, key)
    return bundle


def well(bundle: dict[str, Any], *besides: str) -> list[str]:
    """What R4 would refuse; of types `besides`, which came as they were, nothing is asked."""
    return [one for resource in of(bundle) if resource["resourceType"] not in besides for one in problems_of(resource)]


def of(bundle: dict[str, Any], *kinds: str) -> list[dict[str, Any]]:
    found = [entry["resource"] for entry in bundle["entry"]]
    return [resource for resource in found if not kinds or resource["resourceType"] in kinds]


def dangling(bundle: dict[str, Any]) -> set[str]:
    """References that lead to nothing in it."""
    here = {f"{resource['resourceType']}/{resource['id']}" for resource in of(bundle)}
    return {found for found in _references(bundle) if found not in here}


def _references(said: Any) -> set[str]:
    if isinstance(said, dict):
        own = {said["reference"]} if isinstance(said.get("reference"), str) else set()
        return own.union(*(_references(one) for one in said.values()))
    return set().union(*(_references(one) for one in said)) if isinstance(said, list) else set()


def imported(bundle: dict[str, Any], folder: Path) -> tuple[Patient, dict[str, Any]]:
    """Whom the import makes of it, and its report."""
    path = folder / "record.json"
    path.write_text(json.dumps(bundle))
    output = StringIO()
    with taking_role("worker"):
        call_command("import_fhir", str(path), "--json", stdout=output, stderr=StringIO())
    with as_the_system():
        return Patient.objects.order_by("pk").last(), json.loads(output.getvalue())


def entries_of(patient: Patient, *, shown: bool = False) -> list[Entry]:
    with as_the_system():
        rows = Entry.objects.current().filter(patient=patient).order_by("pk")
        return list(rows.exclude(released_at=None) if shown else rows)


def facts(entry: Entry) -> tuple[Any, ...]:
    """With when it was, to the precision told."""
    precision = entry.data.get("precision", "")
    at = None if precision == "unknown" else entry.effective_at
    return (*(getattr(entry, name) for name in FACTS), precision, at)


def release_all(patient: Patient) -> None:
    with as_the_system(), acting_as_system("test"), bulk_verb():
        Entry.objects.filter(patient=patient, released_at=None).update(released_at=patient.created_at)
