"""Condition: a problem or diagnosis, with its code as given."""

from typing import Any

from healthcare.fhir.resources import Incoming
from records.actions.writing import Content
from records.fhir.reading import Batch, EntryResource, Kept, Reading, filled, notes_of, when, who
from records.kinds.condition import MOVES
from records.rules import told

CODES = ("icd-10-cm", "snomed")


class ConditionResource(EntryResource):
    type = "Condition"

    def read(self, incoming: Incoming, batch: Batch) -> Reading:
        resource = incoming.resource
        sure = told.status_of(resource.get("verificationStatus"))
        if sure == "refuted":
            raise Kept("refuted")
        named = told.concept(resource.get("code"), CODES)
        if not named.text:
            raise Kept("nothing_named")
        began, ended = resource.get("onsetDateTime"), told.moment(resource.get("abatementDateTime"))
        asserted = resource.get("recordedDate")
        data = filled(
            onset=told.moment_words(told.moment(began)) or _said(resource, "onset"),
            abatement=told.moment_words(ended) or _said(resource, "abatement"),
            verification=sure if sure not in ("confirmed", "entered-in-error") else "",
            severity=told.text_of(resource.get("severity")),
            body_site=told.text_of(resource.get("bodySite")),
            category=told.text_of(resource.get("category")),
            note=notes_of(resource),
            by=who(incoming, batch.ledger, resource.get("asserter"), resource.get("recorder")),
        )
        content = Content(
            kind="condition",
            code=named.code,
            code_system=named.system,
            display=named.text,
            clinical_status=_clinical(resource),
            data=data,
        )
        start = resource.get("onsetPeriod")
        start = start.get("start") if isinstance(start, dict) else None
        moment = when(batch.ledger, began, start, asserted)
        return Reading(content, moment, "entered_in_error" if sure == "entered-in-error" else "final")


def _clinical(resource: dict[str, Any]) -> str:
    """As said; where it is not, over if it says when it ended, else active: what is not known to be over is not."""
    said = told.status_of(resource.get("clinicalStatus"))
    if said in MOVES:
        return said
    over = any(name.startswith("abatement") and value is not False for name, value in resource.items())
    return "resolved" if over else "active"


def _said(resource: dict[str, Any], name: str) -> str:
    """Onset or abatement where it is no date: an age, a span, or words."""
    if words := told.words(resource.get(f"{name}String"), 100):
        return words
    if age := told.amount_words(resource.get(f"{name}Age")):
        return f"age {age}"
    period = resource.get(f"{name}Period")
    return told.moment_words(told.moment(period.get("start"))) if isinstance(period, dict) else ""
