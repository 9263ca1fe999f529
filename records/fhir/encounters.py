"""Encounter: a visit elsewhere, where it is over; anything else that calls itself one is kept whole."""

from collections.abc import Sequence
from typing import Any

from healthcare.fhir.resources import Incoming, Ledger, Outcome
from records.actions.imports import Visit, take_encounters
from records.fhir.reading import (
    ENCOUNTER,
    ENTRY,
    NO_PATIENT,
    Kept,
    filled,
    keep,
    source_of,
    when,
    who,
)
from records.rules import told

REASON = 200
WRONG = "entered-in-error"
# Over by its status, or by a status of being under way and an end: some systems never say "finished".
OVER = {"finished", "unknown", "in-progress", "onleave", "arrived", "triaged"}


class EncounterResource:
    type = "Encounter"
    order = 30

    def take(self, batch: Sequence[Incoming], ledger: Ledger, by: Any) -> list[Outcome]:
        known: list[Visit | str] = [self._read(one, ledger) for one in batch]
        visits = iter(take_encounters(by=by, visits=[one for one in known if isinstance(one, Visit)], now=ledger.now))
        kept = {place: str(reason) for place, reason in enumerate(known) if isinstance(reason, str)}
        return [
            self._keep(batch[place], ledger, by, kept[place]) if place in kept else Outcome.imported(next(visits))
            for place in range(len(batch))
        ]

    def _keep(self, incoming: Incoming, ledger: Ledger, by: Any, reason: str) -> Outcome:
        if incoming.patient_id is None:
            return Outcome.rejected(NO_PATIENT)
        return keep([incoming], ledger, by, because=reason)[0]

    def _read(self, incoming: Incoming, ledger: Ledger) -> Visit | str:
        """The visit, or a word that says why it is none."""
        if incoming.patient_id is None:
            return NO_PATIENT
        try:
            return visit_in(incoming, ledger)
        except Kept as reason:
            return str(reason)


def visit_in(incoming: Incoming, ledger: Ledger) -> Visit:
    """Raises Kept."""
    resource, before = incoming.resource, incoming.before
    status, period = told.status_of(resource.get("status")), resource.get("period")
    period = period if isinstance(period, dict) else {}
    begun, over = when(ledger, period.get("start"), period.get("end")), told.moment(period.get("end"))
    wrong = status == WRONG
    if told.sensitivity_of(told.labels_of(resource)) and (before is None or before.model != ENCOUNTER):
        raise Kept("sensitive")  # a visit carries no mark; an entry does
    if not wrong and (status not in OVER or (status != "finished" and over is None)):
        if before is None or before.model != ENCOUNTER:
            raise Kept("not_over")
        wrong = True  # its source has taken back that it took place
    if begun.precision == told.UNKNOWN and not wrong:
        raise Kept("undated")
    people = sorted(told.objects(resource.get("participant")), key=_rank)
    places = [one.get("location") for one in told.objects(resource.get("location"))]
    said = arrival_source(incoming)
    if incoming.patient_id is None:  # pragma: no cover - asked before
        raise ValueError(NO_PATIENT)
    return Visit(
        patient_id=incoming.patient_id,
        source=source_of(incoming),
        started_at=begun.at,
        finished_at=max(over.at, begun.at) if over else begun.at,
        reason=reason_of(resource),
        wrong=wrong,
        told=said
        | filled(
            provider=who(incoming, ledger, *(one.get("individual") for one in people)),
            site=who(incoming, ledger, resource.get("serviceProvider"), *places),
            type=told.text_of(resource.get("type")),
            precision=begun.precision,
        ),
        before=before.id if before and before.model == ENCOUNTER else None,
        kept=before.id if before and before.model == ENTRY else None,
    )


def arrival_source(incoming: Incoming) -> dict[str, Any]:
    return {"resource": incoming.text}


def reason_of(resource: dict[str, Any]) -> str:
    """Why the patient came; where the source does not say, what sort of visit it was."""
    said = (resource.get("reasonCode"), resource.get("type"), resource.get("class"))
    asked = told.text_of(said[0]) or told.named(resource.get("reasonReference")) or told.text_of(said[1])
    return told.words(asked or _class_words(said[2]), REASON)


def _class_words(said: Any) -> str:
    return told.words(said.get("display") or said.get("code")) if isinstance(said, dict) else ""


def _rank(participant: dict[str, Any]) -> int:
    """Who did it comes before who was there."""
    return 0 if told.codes_of(participant.get("type")) & {"PPRF", "ATND"} else 1
