"""ServiceRequest: an order placed elsewhere. A plan, a proposal, or what says not to do something is kept whole."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from healthcare.fhir.resources import Incoming, Ledger, Outcome
from records.actions.told_orders import ToldOrder, take_orders
from records.fhir.reading import ENTRY, NO_PATIENT, ORDER, Kept, filled, notes_of, source_of, visit_of, when, who
from records.rules import told
from records.rules.orders import CATALOGUE, IMAGING, LABORATORY

OTHER, SHORT = "other", 200
# FHIR R4, RequestStatus. Failed has no word there; a draft is nobody's order yet.
STATES = {
    "active": "active",
    "on-hold": "active",
    "unknown": "active",
    "completed": "final",
    "revoked": "revoked",
    "entered-in-error": "revoked",
}
ENDS = {
    "revoked": "Revoked by the system it came from",
    "entered-in-error": "Marked as wrong by the system it came from",
}
INTENTS = {"order", "original-order", "reflex-order", "filler-order", "instance-order", ""}
PRIORITIES = {"urgent": "urgent", "asap": "urgent", "stat": "stat"}
# Codes of a category as US Core 6.1 binds it (SNOMED CT), and as people write it.
CATEGORIES = {
    "108252007": LABORATORY,
    "laboratory": LABORATORY,
    "lab": LABORATORY,
    "363679005": IMAGING,
    "imaging": IMAGING,
    "radiology": IMAGING,
}


class ServiceRequestResource:
    type = "ServiceRequest"
    order = 35  # after visits, before what answers it

    def take(self, batch: Sequence[Incoming], ledger: Ledger, by: Any) -> list[Outcome]:
        read = [self._read(one, ledger) for one in batch]
        rows = iter(take_orders(by=by, orders=[one for one in read if isinstance(one, ToldOrder)], now=ledger.now))
        return [one if isinstance(one, Outcome) else Outcome.imported(next(rows)) for one in read]

    def taken_for(self, incoming: Incoming, ledger: Ledger) -> str:
        """For `records.settling`: "imported" where it would be kept whole."""
        return "order" if isinstance(self._read(incoming, ledger), ToldOrder) else "imported"

    def _read(self, incoming: Incoming, ledger: Ledger) -> ToldOrder | Outcome:
        if incoming.patient_id is None:
            return Outcome.rejected(NO_PATIENT)
        try:
            found = order_in(incoming, ledger)
        except Kept:
            found = None
        return found or Outcome.homeless()


def order_in(incoming: Incoming, ledger: Ledger) -> ToldOrder | None:
    """None for what is no order; one that was taken for an order stays one, and is revoked. Raises Kept."""
    resource, before = incoming.resource, incoming.before
    was_one = before is not None and before.model == ORDER
    said = told.status_of(resource.get("status"))
    status = STATES.get(said) if _is_order(resource) else None
    named = told.concept(resource.get("code"), ("loinc",))
    private = told.is_private(told.labels_of(resource))  # a patient sees every order, and of these not
    if not was_one and (status is None or not named.text or private):
        return None
    if incoming.patient_id is None:  # pragma: no cover - asked before
        raise ValueError(NO_PATIENT)
    asked = when(ledger, resource.get("authoredOn"), _period(resource).get("start"))
    return ToldOrder(
        patient_id=incoming.patient_id,
        source=source_of(incoming),
        display=named.text,
        status=status or "revoked",
        category=category_in(resource, named.code),
        code=named.code,
        code_system=named.system,
        priority=PRIORITIES.get(told.status_of(resource.get("priority")), "routine"),
        reason=told.words(
            told.text_of(resource.get("reasonCode")) or told.named(resource.get("reasonReference")), SHORT
        ),
        note=told.words(notes_of(resource), SHORT),
        over=ENDS.get(said, ENDS["revoked"]),
        ordered_at=None if asked.precision == told.UNKNOWN else asked.at,
        expected_by=_expected(resource),
        encounter_id=visit_of(incoming, ledger),
        told={"resource": incoming.text}
        | filled(requester=who(incoming, ledger, resource.get("requester")), precision=asked.precision),
        before=before.id if before and was_one else None,
        kept=before.id if before and before.model == ENTRY else None,
    )


def category_in(resource: dict[str, Any], code: str) -> str:
    """As it says, else as our own catalogue has it."""
    codes = {one.lower() for one in told.codes_of(resource.get("category"))}
    words = told.text_of(resource.get("category")).lower()
    known = next((CATEGORIES[one] for one in sorted(codes | {words}) if one in CATEGORIES), "")
    return known or (CATALOGUE[code].category if code in CATALOGUE else OTHER)


def _is_order(resource: dict[str, Any]) -> bool:
    return told.status_of(resource.get("intent")) in INTENTS and resource.get("doNotPerform") is not True


def _period(resource: dict[str, Any]) -> dict[str, Any]:
    span = resource.get("occurrencePeriod")
    return span if isinstance(span, dict) else {}


def _expected(resource: dict[str, Any]) -> date | None:
    """The last day on which it was to be done."""
    found = told.first_moment([_period(resource).get("end"), resource.get("occurrenceDateTime")])
    return found.at.date() if found else None
