"""DiagnosticReport: the panel that holds results together, which come after it and hang on it."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from healthcare.fhir.resources import Incoming, keys_of
from records.actions.writing import Content
from records.fhir.reading import ENTRY, Batch, EntryResource, Kept, Reading, filled, people_in, status_of, when, who
from records.queries.imports import first_versions
from records.rules import told

STATES = {
    "registered": "preliminary",
    "partial": "preliminary",
    "preliminary": "preliminary",
    "final": "final",
    "amended": "amended",
    "appended": "amended",
    "corrected": "corrected",
    "entered-in-error": "entered_in_error",
}
LONGEST = 20_000  # characters of a report's text


class DiagnosticReportResource(EntryResource):
    type = "DiagnosticReport"
    order = 40  # before the results that it holds, so that they can hang on it

    def look_up(self, batch: Sequence[Incoming], about: Batch) -> None:
        before = {one.before.id for one in batch if one.before and one.before.model == ENTRY}
        about.firsts = first_versions(people_in(batch), before)

    def read(self, incoming: Incoming, batch: Batch) -> Reading:
        resource = incoming.resource
        status = status_of(resource, STATES, {"cancelled": "cancelled"})
        named = told.concept(resource.get("code"), ("loinc",))
        if not named.text:
            raise Kept("nothing_named")
        span = resource.get("effectivePeriod")
        span = span if isinstance(span, dict) else {}
        data = filled(
            category=told.text_of(resource.get("category")),
            conclusion=told.words(resource.get("conclusion")) or told.text_of(resource.get("conclusionCode")),
            text=text_of_forms(resource),
            members=[member_of(key[0], key[2]) for one in _results(resource) for key in keys_of(incoming, one)],
            first=self._first(incoming, batch),
            by=who(incoming, batch.ledger, resource.get("performer"), resource.get("resultsInterpreter")),
        )
        content = Content(
            kind="diagnostic_report", code=named.code, code_system=named.system, display=named.text, data=data
        )
        moment = when(batch.ledger, resource.get("effectiveDateTime"), span.get("start"), resource.get("issued"))
        return Reading(content, moment, status)

    def _first(self, incoming: Incoming, batch: Batch) -> str:
        """The first version of a report that changes: its results hang on that one."""
        before = incoming.before
        return str(batch.firsts.get(before.id, before.id)) if before and before.model == ENTRY else ""


def member_of(system: str, source_id: str) -> str:
    """How a report names one of its results."""
    return f"{system}|{source_id}"


def _results(resource: dict[str, Any]) -> list[dict[str, Any]]:
    return told.objects(resource.get("result"))


def text_of_forms(resource: dict[str, Any]) -> str:
    """The plain texts among its presented forms; a PDF or the like stays in the resource."""
    forms = [one for one in told.objects(resource.get("presentedForm")) if _is_plain(one)]
    return "\n\n".join(text for one in forms if (text := _decoded(one.get("data"))))[:LONGEST]


def _is_plain(form: dict[str, Any]) -> bool:
    return told.words(form.get("contentType"), 60).lower().startswith("text/plain")


def _decoded(said: Any) -> str:
    if not isinstance(said, str):
        return ""
    try:
        return base64.b64decode(said, validate=True).decode().replace("\0", "").strip()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
