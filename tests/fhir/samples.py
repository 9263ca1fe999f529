"""Small FHIR R4 resources and files of them. All people are invented."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from healthcare.fhir.reading import Read, resources_of
from healthcare.fhir.resources import Incoming
from healthcare.fhir.unpacking import Document, Rejection, documents

Resource = dict[str, Any]


def patient(key: str = "p1", **said: Any) -> Resource:
    return {
        "resourceType": "Patient",
        "id": key,
        "name": [{"use": "official", "given": ["Ada"], "family": "Kowal"}],
        "birthDate": "1971-04-09",
        "gender": "female",
        **said,
    }


def observation(key: str = "o1", of: str = "Patient/p1", **said: Any) -> Resource:
    return {"resourceType": "Observation", "id": key, "subject": {"reference": of}, "status": "final", **said}


def organization(key: str = "g1", **said: Any) -> Resource:
    return {"resourceType": "Organization", "id": key, "name": "River Street Practice", **said}


def bundle(*resources: Resource, urls: Iterable[str] = ()) -> Resource:
    entries: list[Resource] = [{"resource": resource} for resource in resources]
    for entry, url in zip(entries, urls, strict=False):
        entry["fullUrl"] = url
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def written(path: Path, *values: Any) -> Path:
    """A file of one JSON value, or of one a line where its name says so."""
    lines = path.suffix in {".ndjson", ".jsonl"}
    path.write_text("".join(f"{json.dumps(value)}\n" for value in values) if lines else json.dumps(*values, indent=1))
    return path


def read(*paths: Path, system: str = "", passed_over: list[str] | None = None) -> list[Read]:
    """Everything that is read from these paths, as the command reads it."""
    found: list[Read] = []
    on_pass = (passed_over if passed_over is not None else []).append
    for document in documents(paths, on_bytes=lambda _count: None, pass_over=on_pass):
        if isinstance(document, Document):
            found += resources_of(document, system=system)
        else:
            found.append(document)
    return found


def taken(found: Iterable[Read]) -> list[Incoming]:
    return [item for item in found if isinstance(item, Incoming)]


def refused(found: Iterable[Read]) -> list[Rejection]:
    return [item for item in found if isinstance(item, Rejection)]
