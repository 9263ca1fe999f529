"""What another system says that the patient takes: MedicationRequest and MedicationStatement of FHIR R4.

A request from elsewhere is no prescription of ours: nobody here signed it, and our formulary may not know it. It is
kept as a statement, and every prescription here is checked against it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from healthcare.fhir.resources import Incoming, Ledger, Outcome
from prescriptions.actions import ToldMedicine, take_statements
from prescriptions.models import MedicationStatement
from records.rules import told
from records.rules.told import Concept

ENTRY, ENCOUNTER, STATEMENT = "records.entry", "records.encounter", "prescriptions.medicationstatement"
Status = MedicationStatement.Status
CODES = ("rxnorm", "ndc", "snomed")
UNNAMED = "Medicine not named by its source"
NO_PATIENT = "It speaks of no patient."


class Statements:
    """Both types: what is no statement of something taken is kept whole by whoever keeps what has no home."""

    type: ClassVar[str]
    order: ClassVar[int] = 55
    states: ClassVar[dict[str, Status]]
    #: Where the resource says when it was said, the first that it has; and who said it.
    moments: ClassVar[tuple[str, ...]]
    people: ClassVar[tuple[str, ...]]
    directions: ClassVar[str]

    def take(self, batch: Sequence[Incoming], ledger: Ledger, by: Any) -> list[Outcome]:
        read = [self._read(one, ledger) for one in batch]
        rows = iter(take_statements(by=by, told=[one for one in read if isinstance(one, ToldMedicine)], now=ledger.now))
        return [one if isinstance(one, Outcome) else Outcome.imported(next(rows)) for one in read]

    def _read(self, incoming: Incoming, ledger: Ledger) -> ToldMedicine | Outcome:
        if incoming.patient_id is None:
            return Outcome.rejected(NO_PATIENT)
        resource, before = incoming.resource, incoming.before
        status = self.states.get(told.status_of(resource.get("status")))
        was_one = before is not None and before.model == STATEMENT
        if status is None or not self.is_taken(resource):
            if not was_one:
                return Outcome.homeless()
            status = Status.STOPPED  # its source has taken back that it is taken
        named = medicine_in(incoming, ledger)
        instructions = told.objects(resource.get(self.directions))
        period = resource.get("effectivePeriod")
        ends = [*_ends(resource, instructions), period.get("end") if isinstance(period, dict) else None]
        said = told.first_moment(_at(resource, path) for path in self.moments)
        precision = said.precision if said else told.UNKNOWN
        return ToldMedicine(
            patient_id=incoming.patient_id,
            encounter_id=ledger.local(incoming, resource.get("encounter") or resource.get("context"), ENCOUNTER),
            before=before.id if before and was_one else None,
            kept=before.id if before and before.model == ENTRY else None,
            source=f"fhir:{incoming.system}"[:200],
            medicine=named.text,
            code=named.code,
            code_system=named.system,
            status=status,
            sig_text=words_of(instructions),
            reason=told.words(
                told.text_of(resource.get("reasonCode")) or told.named(resource.get("reasonReference")), 200
            ),
            sensitivity=told.sensitivity_of(told.labels_of(resource)),
            prescriber=_who(incoming, ledger, [resource.get(name) for name in self.people]),
            said_at=said.at if said else ledger.now,
            ends_at=max((end.at for one in ends if (end := told.moment(one))), default=None),
            data={"resource": incoming.text} | ({"precision": precision} if precision else {}),
        )

    def is_taken(self, resource: dict[str, Any]) -> bool:
        """Whether it says that something is taken, and not that it is planned or refused."""
        return True


class MedicationRequestResource(Statements):
    type = "MedicationRequest"
    states = {
        "active": Status.ACTIVE,
        "on-hold": Status.ON_HOLD,
        "unknown": Status.UNKNOWN,
        "completed": Status.COMPLETED,
        "stopped": Status.STOPPED,
        "cancelled": Status.STOPPED,
        "entered-in-error": Status.WRONG,
    }
    moments = ("authoredOn", "dispenseRequest.validityPeriod.start", "meta.lastUpdated")
    people = ("requester", "performer", "recorder")
    directions = "dosageInstruction"

    def is_taken(self, resource: dict[str, Any]) -> bool:
        planned = told.status_of(resource.get("intent")) in ("proposal", "plan", "option")
        return not planned and resource.get("doNotPerform") is not True


class MedicationStatementResource(Statements):
    type = "MedicationStatement"
    states = {
        "active": Status.ACTIVE,
        "on-hold": Status.ON_HOLD,
        "unknown": Status.UNKNOWN,
        "completed": Status.COMPLETED,
        "stopped": Status.STOPPED,
        "entered-in-error": Status.WRONG,
    }
    moments = ("effectiveDateTime", "effectivePeriod.start", "dateAsserted", "meta.lastUpdated")
    people = ("informationSource",)
    directions = "dosage"


def medicine_in(incoming: Incoming, ledger: Ledger) -> Concept:
    """Which medicine: said in it, beside a reference, or by the Medication that the reference leads to.

    One that is not named is still taken, and is never left out.
    """
    resource = incoming.resource
    named = told.concept(resource.get("medicationCodeableConcept"), CODES)
    reference = resource.get("medicationReference")
    if not named.text and reference:
        known = ledger.content(incoming, reference) or {}
        named = told.concept(known.get("code"), CODES)
        if not named.text:
            parts = (told.text_of(one.get("itemCodeableConcept")) for one in told.objects(known.get("ingredient")))
            named = Concept(text=told.words(" / ".join(part for part in parts if part), 300) or told.named(reference))
    return named if named.text else Concept(text=UNNAMED)


def words_of(instructions: Iterable[dict[str, Any]]) -> str:
    """The directions: in the source's words, else put together from dose and timing."""
    return told.words("; ".join(text for one in instructions if (text := _direction(one))), 500)


def _direction(one: dict[str, Any]) -> str:
    if text := told.words(one.get("text"), 300) or told.words(one.get("patientInstruction"), 300):
        return text
    doses = (told.amount_words(rate.get("doseQuantity")) for rate in told.objects(one.get("doseAndRate")))
    parts = [
        next((dose for dose in doses if dose), ""),
        _timing(_at(one, "timing.repeat")),
        told.text_of(one.get("route")),
        "as needed" if one.get("asNeededBoolean") is True else "",
        told.text_of(one.get("additionalInstruction")),
    ]
    return ", ".join(part for part in parts if part)


def _timing(repeat: Any) -> str:
    """Such as "2 times every 1 d" (FHIR R4, Timing; units of UCUM)."""
    if not isinstance(repeat, dict):
        return ""
    often, span = told.number(repeat.get("frequency")), told.number(repeat.get("period"))
    if often is None or span is None:
        return ""
    return f"{told.plain(often)} × every {told.plain(span)} {told.words(repeat.get('periodUnit'), 4)}"


def _ends(resource: dict[str, Any], instructions: Iterable[dict[str, Any]]) -> list[Any]:
    """Where it says that it is over."""
    bounds = [_at(one, "timing.repeat.boundsPeriod.end") for one in instructions]
    return [*bounds, _at(resource, "dispenseRequest.validityPeriod.end")]


def _at(resource: Any, path: str) -> Any:
    for name in path.split("."):
        resource = resource.get(name) if isinstance(resource, dict) else None
    return resource


def _who(incoming: Incoming, ledger: Ledger, references: Iterable[Any]) -> str:
    for reference in references:
        if name := told.named(reference):
            return name
        known = ledger.content(incoming, reference) or {}
        if name := told.person_name(known.get("name")):
            return name
    return ""
