"""A whole record as one Bundle of FHIR R4, piece by piece: never more of it in memory than some hundred rows."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.db.uuids import uuid7
from healthcare.events.parts import parts_of
from healthcare.fhir.reading import canonical
from patients.models import Patient
from patients.telling import patient_resource
from records.models import Encounter, Entry, ServiceRequest
from records.parts import FHIR_RESOURCES
from records.queries.amendments import requests_by_entry
from records.queries.diagnoses import Diagnosis, as_signed
from records.telling import visits
from records.telling.asked import amendment
from records.telling.by_kind import Beside, first_of, resource_of
from records.telling.elements import Element, reference
from scheduling.models import Appointment

MEDIA_TYPE = "application/fhir+json"
AT_ONCE = 200  # rows of a page
WRONG_THERE = Q(status="entered_in_error", voided_at=None)  # in another house, which says so itself
REPORT, NOTES = "diagnostic_report", ("note", "nursing_note")


def bundle_of(user: User, patient: Patient, now: datetime) -> Iterator[str]:
    """The JSON of a Bundle of type collection: what this person sees of the record, and nothing else.

    Run under the walls of this person, in one transaction. Whatever fails leaves the JSON unfinished, so that nobody
    takes a part for the whole.
    """
    head = {"resourceType": "Bundle", "id": str(uuid7()), "type": "collection"}
    zone = ZoneInfo(patient.site.time_zone)
    with timezone.override(zone):
        head["timestamp"] = timezone.localtime(now).isoformat()
    yield json.dumps(head)[:-1] + ', "entry": [\n'
    comma = ""
    for page in _pages(user, patient, now, zone):
        pieces = [_entry(one) for one in page]
        yield comma + ",\n".join(pieces) if pieces else ""
        comma = ",\n" if pieces else comma
    yield "\n]}\n"


def address_of(kind: str, key: str) -> str:
    """Where a resource would be read."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/fhir/r4/{kind}/{key}"


def _entry(resource: Element) -> str:
    address = json.dumps(address_of(resource["resourceType"], resource["id"]))
    return f'{{"fullUrl":{address},"resource":{canonical(resource)}}}'


def _pages(user: User, patient: Patient, now: datetime, zone: ZoneInfo) -> Iterator[list[Element]]:
    """The clock of the site is entered for each page anew: between two of them other work may run in this thread."""
    pages = _resources(user, patient, now)
    while True:
        with timezone.override(zone):
            page = next(pages, None)
        if page is None:
            return
        yield page


def _resources(user: User, patient: Patient, now: datetime) -> Iterator[list[Element]]:
    """Whose it is, visits and orders, and what leads to those; reports before the results that hang on them."""
    yield [patient_resource(user, patient)]
    seen = Encounter.objects.visible_to(user).exclude(WRONG_THERE).filter(patient_id=patient.pk)
    orders = ServiceRequest.objects.visible_to(user).exclude(status="draft").filter(patient_id=patient.pk)
    beside = Beside(visits=_ids(seen), orders=_ids(orders), notes=_ids(_entries(user, patient).filter(kind__in=NOTES)))
    booked = Appointment.objects.visible_to(user).filter(patient_id=patient.pk)
    appointments = _ids(booked)
    for page in _by_key(booked.select_related("provider", "site", "visit_type")):
        yield [visits.appointment(row) for row in page]
    problems = _ids(_entries(user, patient).filter(kind="condition"))
    for page in _by_key(seen.select_related("provider", "site")):
        dealt_with = _dealt_with(user, patient, page)
        yield [visits.encounter(row, appointments, dealt_with.get(row.pk, ()), problems) for row in page]
    for page in _by_key(orders.select_related("provider")):
        yield [visits.order(row, beside) for row in page]
    rows = _entries(user, patient).select_related("author", "signed_by")
    for page in _by_key(rows.filter(kind=REPORT)):
        yield _written(page, Beside(beside.visits, beside.orders, beside.notes, _results(user, patient, page)))
    for page in _by_key(rows.exclude(kind=REPORT)):
        yield _written(page, beside)
    yield _asked(user, patient)
    for part in parts_of(FHIR_RESOURCES):
        yield list(part(patient, user, now))


def _entries(user: User, patient: Patient) -> Any:
    return Entry.objects.visible_to(user).current().filter(patient_id=patient.pk)


def _written(rows: Iterable[Entry], beside: Beside) -> list[Element]:
    return [resource for row in rows if (resource := resource_of(row, beside)) is not None]


def _asked(user: User, patient: Patient) -> list[Element]:
    """Requests for an amendment, each leading to those of its entries that are written."""
    lines = [line for lines in requests_by_entry(user, patient.pk).values() for line in lines]
    wanted = {key for line in lines for key in (line.request.entry_id, line.request.made_in_id) if key}
    rows = _entries(user, patient).filter(pk__in=wanted).select_related("author", "signed_by") if wanted else ()
    known = {row.pk: written for row in rows if (written := resource_of(row)) is not None}
    return [
        amendment(
            line.request,
            [
                reference(known[key]["resourceType"], key)
                for key in (line.request.entry_id, line.request.made_in_id)
                if key in known
            ],
        )
        for line in lines
    ]


def _dealt_with(user: User, patient: Patient, page: Sequence[Encounter]) -> dict[UUID, list[Diagnosis]]:
    """By visit, as its note was signed."""
    notes = _entries(user, patient).filter(kind="note", encounter__in=[visit.pk for visit in page])
    told = [(note.encounter_id, as_signed(user, note)) for note in notes.order_by("pk")]
    return {visit: found for visit, found in told if visit and found}


def _results(user: User, patient: Patient, reports: Sequence[Entry]) -> dict[UUID, list[UUID]]:
    """By the first version of a report: those of its results that are written."""
    found: dict[UUID, list[UUID]] = {}
    hanging = _entries(user, patient).filter(parent__in=[first_of(row) for row in reports])
    for parent, key in hanging.order_by("pk").values_list("parent_id", "pk"):
        found.setdefault(parent, []).append(key)
    return found


def _ids(rows: Any) -> frozenset[UUID]:
    return frozenset(rows.order_by().values_list("pk", flat=True))


def _by_key(rows: Any) -> Iterator[list[Any]]:
    after = None
    while page := list((rows.filter(pk__gt=after) if after else rows).order_by("pk")[:AT_ONCE]):
        yield page
        after = page[-1].pk
