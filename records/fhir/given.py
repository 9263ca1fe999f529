"""Immunization and Procedure: what was given, and what was done."""

from typing import Any

from healthcare.fhir.resources import Incoming
from records.actions.writing import Content
from records.fhir.histories import is_operation
from records.fhir.reading import Batch, EntryResource, Kept, Reading, filled, notes_of, status_of, when, who
from records.kinds.procedure import STATES
from records.rules import told

VOID = {"entered-in-error": "entered_in_error"}


class ImmunizationResource(EntryResource):
    type = "Immunization"

    def read(self, incoming: Incoming, batch: Batch) -> Reading:
        resource = incoming.resource
        status = status_of(resource, {"completed": "final"} | VOID, {"not-done": "not_done"})
        named = told.concept(resource.get("vaccineCode"), ("cvx", "ndc"))
        if not named.text:
            raise Kept("nothing_named")
        performers = (one.get("actor") for one in told.objects(resource.get("performer")))
        course = next(iter(told.objects(resource.get("protocolApplied"))), {})
        number = course.get("doseNumberPositiveInt", course.get("doseNumberString"))
        data = {"elsewhere": True} | filled(
            lot=told.words(resource.get("lotNumber"), 60),
            dose=told.amount_words(resource.get("doseQuantity")),
            status=f"dose {number}" if isinstance(number, int | str) else "",
            note=notes_of(resource),
            by=who(incoming, batch.ledger, *performers, resource.get("location")),
        )
        content = Content(kind="immunization", code=named.code, code_system=named.system, display=named.text, data=data)
        return Reading(
            content, when(batch.ledger, resource.get("occurrenceDateTime"), resource.get("recorded")), status
        )


class ProcedureResource(EntryResource):
    type = "Procedure"
    states = dict.fromkeys(STATES, "final") | VOID

    def read(self, incoming: Incoming, batch: Batch) -> Reading:
        resource = incoming.resource
        refused = {"not-done": "not_done", "preparation": "not_over"}
        status = status_of(resource, self.states, refused)
        named = told.concept(resource.get("code"), ("snomed", "cpt"))
        if not named.text:
            raise Kept("nothing_named")
        span = resource.get("performedPeriod")
        span = span if isinstance(span, dict) else {}
        performers = (one.get("actor") for one in told.objects(resource.get("performer")))
        data = filled(
            until=told.moment_words(told.moment(span.get("end"))),
            reason=told.text_of(resource.get("reasonCode")) or told.named(resource.get("reasonReference")),
            body_site=told.text_of(resource.get("bodySite")),
            outcome=told.text_of(resource.get("outcome")),
            note=notes_of(resource) or _age_then(resource),
            by=who(incoming, batch.ledger, *performers, resource.get("recorder"), resource.get("asserter")),
        )
        said = told.status_of(resource.get("status"))
        operation = said == "completed" and is_operation(resource)
        content = Content(
            kind="surgical_history" if operation else "procedure",
            code=named.code,
            code_system=named.system,
            display=named.text,
            clinical_status="" if operation or said not in STATES else said,
            data=data,
        )
        moment = when(batch.ledger, resource.get("performedDateTime"), span.get("start"), span.get("end"))
        return Reading(content, moment, status)


def _age_then(resource: dict[str, Any]) -> str:
    """When it was done, where it is no date."""
    age = told.amount_words(resource.get("performedAge"))
    return told.words(resource.get("performedString"), 100) or (f"At the age of {age}" if age else "")
