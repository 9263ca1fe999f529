"""Resources of another system, and a ledger that knows what a test tells it."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import connection

from healthcare.fhir.resources import Home, Incoming, Ledger, Outcome, Resource
from patients.models import Patient
from records.models import Encounter, Entry, ServiceRequest
from tests.factories import SiteFactory
from tests.roles import as_the_system

NOW = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)
SYSTEM = "https://other.example/fhir"
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
RXNORM, CVX = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://hl7.org/fhir/sid/cvx"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"


def concept(text: str = "", code: str = "", system: str = SNOMED, **more: Any) -> dict[str, Any]:
    """A CodeableConcept."""
    coding = [{"system": system, "code": code, "display": more.pop("display", text)}] if code else []
    return {"coding": coding, "text": text} | more if text else {"coding": coding} | more


def coded(code: str) -> dict[str, Any]:
    """A status that is a CodeableConcept."""
    return {"coding": [{"code": code}]}


def incoming(patient: Patient | None, resource: dict[str, Any], before: Any = None, **fields: Any) -> Incoming:
    resource = {"id": uuid4().hex} | resource
    text = json.dumps(resource, default=float, sort_keys=True)
    given: dict[str, Any] = {
        "resource": json.loads(text, parse_float=Decimal),
        "type": resource["resourceType"],
        "system": SYSTEM,
        "source_id": resource["id"],
        "text": text,
        "digest": hashlib.sha256(text.encode()).hexdigest(),
        "file": "a.json",
        "place": "1",
        "patient_id": patient.pk if patient else None,
        "before": Home(before._meta.label_lower, before.pk, before.patient_id) if before is not None else None,
    }
    return Incoming(**(given | fields))


def ledger(**fields: Any) -> Ledger:
    return Ledger(**({"run": uuid4(), "site": SiteFactory(), "now": NOW} | fields))


def take(resource: Resource, *batch: Incoming, known: Ledger | None = None) -> list[Outcome]:
    """As the import does it: the system, in a worker; what leads nowhere fails at once."""
    known = known or ledger()
    with as_the_system():
        outcomes = resource.take(list(batch), known, None)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return outcomes


def taken(resource: Resource, *batch: Incoming, known: Ledger | None = None) -> list[Any]:
    """The rows that they have become, in order; None for what was rejected."""
    return [row_of(outcome) for outcome in take(resource, *batch, known=known)]


def row_of(outcome: Outcome) -> Any:
    if outcome.home is None:
        return None
    models: dict[str, Any] = {
        "records.entry": Entry,
        "records.encounter": Encounter,
        "records.servicerequest": ServiceRequest,
    }
    with as_the_system():
        return models[outcome.home.model].objects.get(pk=outcome.home.id)


def entries(patient: Patient, **where: Any) -> list[Entry]:
    with as_the_system():
        return list(Entry.objects.filter(patient=patient, **where).order_by("id"))


def states(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.state for outcome in outcomes]
