"""Coverage of FHIR R4: an insurance card that another system tells of.

The payer and the plan are those of this name here, or new ones, which have no terms until somebody enters them. Its
place is the one it asks for, or the next that is free on its days: a card that was entered here is never pushed aside.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from billing.actions import ToldCard, take_coverages
from billing.models import Relationship
from billing.rules.coverage import last_day_of
from healthcare.fhir.resources import Incoming, Ledger, Outcome
from records.rules import told
from records.rules.told import PARTIAL

ENTRY, COVERAGE = "records.entry", "billing.coverage"
NO_PATIENT = "It speaks of no patient."
#: Of R4's "subscriber-relationship"; what is not here is somebody else.
RELATIONSHIPS = {
    "self": Relationship.SELF,
    "spouse": Relationship.SPOUSE,
    "common": Relationship.SPOUSE,
    "child": Relationship.CHILD,
    "parent": Relationship.PARENT,
}
STANDS, WRONG, OVER = "active", "entered-in-error", "cancelled"


class CoverageResource:
    """What is a draft, or names no payer, is kept whole by whoever keeps what has no home."""

    type = "Coverage"
    order = 60

    def take(self, batch: Sequence[Incoming], ledger: Ledger, by: Any) -> list[Outcome]:
        read = [self._read(one, ledger) for one in batch]
        rows = iter(take_coverages(by=by, told=[one for one in read if isinstance(one, ToldCard)], now=ledger.now))
        return [one if isinstance(one, Outcome) else self._outcome(next(rows)) for one in read]

    def _outcome(self, row: Any) -> Outcome:
        """None where every place is taken on its days."""
        return Outcome.homeless() if row is None else Outcome.imported(row)

    def _read(self, incoming: Incoming, ledger: Ledger) -> ToldCard | Outcome:
        if incoming.patient_id is None:
            return Outcome.rejected(NO_PATIENT)
        resource, before = incoming.resource, incoming.before
        status, payer = told.status_of(resource.get("status")), payer_in(incoming, ledger)
        was_one = before is not None and before.model == COVERAGE
        first, last = period_of(resource.get("period"))
        ended = status == OVER and last is not None
        stands = (status == STANDS or ended) and bool(payer) and not (first and last and last < first)
        if not stands and not was_one:
            return Outcome.homeless()
        relationship = relationship_of(resource)
        return ToldCard(
            patient_id=incoming.patient_id,
            source=f"fhir:{incoming.system}"[:200],
            stands=stands,
            payer=payer,
            plan=class_of(resource, "plan", "name") or told.text_of(resource.get("type"))[:120] or payer,
            priority=priority_of(resource.get("order")),
            member_id=member_in(resource),
            group_number=class_of(resource, "group", "value")[:40],
            relationship=relationship,
            subscriber_name="" if relationship == Relationship.SELF else subscriber_in(incoming, ledger),
            first_day=first,
            last_day=last,
            told=incoming.text,
            before=before.id if before and was_one else None,
            kept=before.id if before and before.model == ENTRY else None,
        )


def payer_in(incoming: Incoming, ledger: Ledger) -> str:
    """The first payer by the reference's own words, or by the organisation it leads to; "" where nobody is named."""
    for reference in told.objects(incoming.resource.get("payor")):
        known = ledger.content(incoming, reference) or {}
        if name := told.words(known.get("name"), 120) or told.words(told.named(reference), 120):
            return name
    return ""


def subscriber_in(incoming: Incoming, ledger: Ledger) -> str:
    reference = incoming.resource.get("subscriber")
    known = ledger.content(incoming, reference) or {}
    return told.words(told.person_name(known.get("name")) or told.named(reference), 200)


def class_of(resource: dict[str, Any], kind: str, said: str) -> str:
    """Of Coverage.class: the `name` or the `value` of this kind, whichever of the two is there."""
    for one in told.objects(resource.get("class")):
        if kind in told.codes_of(one.get("type")):
            other = "value" if said == "name" else "name"
            return told.words(one.get(said), 120) or told.words(one.get(other), 120)
    return ""


def member_in(resource: dict[str, Any]) -> str:
    """The number of the member, else of the subscriber, else the first that it has."""
    identifiers = told.objects(resource.get("identifier"))
    own = next((one for one in identifiers if "MB" in told.codes_of(one.get("type"))), {})
    first = identifiers[0] if identifiers else {}
    numbers = (own.get("value"), resource.get("subscriberId"), first.get("value"))
    return next((text for said in numbers if (text := told.words(said, 60))), "")


def relationship_of(resource: dict[str, Any]) -> str:
    """Said, or the patient's own where nobody is named as subscriber."""
    codes = told.codes_of(resource.get("relationship"))
    if not codes:
        return Relationship.SELF
    return next((RELATIONSHIPS[code].value for code in sorted(codes) if code in RELATIONSHIPS), Relationship.OTHER)


def priority_of(said: Any) -> int | None:
    return said if isinstance(said, int) and not isinstance(said, bool) and 1 <= said <= 3 else None


def period_of(said: Any) -> tuple[date | None, date | None]:
    """First and last day as written, whatever the zone of the hour that may stand behind them.

    Of a month or a year: its first day, or its last.
    """
    said = said if isinstance(said, dict) else {}
    return day_of(said.get("start")), day_of(said.get("end"), last=True)


def day_of(said: Any, *, last: bool = False) -> date | None:
    match = PARTIAL.fullmatch(said.strip()[:10]) if isinstance(said, str) else None
    if match is None:
        return None
    year, month, day = (int(part) if part else 0 for part in match.groups())
    try:
        first = date(year, month or 1, day or 1)
        return first if day or not last else last_day_of(year, month or 12)
    except ValueError:
        return None
