"""AllergyIntolerance: one line of the list that every prescription is checked against."""

import re
from collections.abc import Sequence
from typing import Any

from healthcare.fhir.resources import Incoming
from records.actions.writing import Content
from records.fhir.reading import Batch, EntryResource, Kept, Reading, filled, notes_of, people_in, when, who
from records.kinds.allergy import CATEGORIES, CRITICALITIES, MOVES, NATURES, NONE_KNOWN, SEVERITIES
from records.queries.imports import allergic_people
from records.rules import told
from records.rules.told import Concept

CODES = ("rxnorm", "snomed")
# "No known allergy", by SNOMED CT and in words; and of one sort of allergy alone, which says nothing of the others.
NONE_CODES = frozenset({"716186003", "160244002"})
NONE_WORDS = re.compile(r"no known allerg(y|ies)|nka|nil known|none known", re.IGNORECASE)
SOME_CODES = frozenset({"409137002", "429625007", "428607008", "428197003"})
SOME_WORDS = re.compile(r"no known .*(allerg|intoleranc)|nkda", re.IGNORECASE)
UNNAMED = "Substance not named by its source"


class AllergyIntoleranceResource(EntryResource):
    type = "AllergyIntolerance"

    def look_up(self, batch: Sequence[Incoming], about: Batch) -> None:
        about.allergic = allergic_people(people_in(batch))

    def read(self, incoming: Incoming, batch: Batch) -> Reading:
        resource = incoming.resource
        sure = told.status_of(resource.get("verificationStatus"))
        wrong = sure == "entered-in-error"
        named = _substance(resource)
        recorded, onset = resource.get("recordedDate"), resource.get("onsetDateTime")
        moment = when(batch.ledger, recorded, onset, resource.get("lastOccurrence"))
        status = _clinical(resource, sure)
        said = told.codes_of(resource.get("code"))
        if said & NONE_CODES or NONE_WORDS.fullmatch(named.text.strip(" .")):
            if not wrong and incoming.patient_id in batch.allergic:
                raise Kept("other_view")
            if status != "active" and not wrong:
                raise Kept("none_no_more")
            named = Concept(NONE_KNOWN, "local", "No known allergies")
        elif said & SOME_CODES or SOME_WORDS.match(named.text):
            raise Kept("only_some")
        elif status == "active" and not wrong and incoming.patient_id:
            batch.allergic.add(incoming.patient_id)
        content = Content(
            kind="allergy",
            code=named.code,
            code_system=named.system,
            display=named.text,
            clinical_status=status,
            data=_data(incoming, batch, sure),
        )
        return Reading(content, moment, "entered_in_error" if wrong else "final")


def _substance(resource: dict[str, Any]) -> Concept:
    """What it is about; an allergy that names nothing is still one, and is never taken for none."""
    named = told.concept(resource.get("code"), CODES)
    if named.text:
        return named
    reactions = (told.concept(one.get("substance"), CODES) for one in told.objects(resource.get("reaction")))
    return next((one for one in reactions if one.text), Concept(text=UNNAMED))


def _clinical(resource: dict[str, Any], sure: str) -> str:
    """What was refuted is over, and says why. Where nothing is said it counts as active, which is the safe side."""
    said = told.status_of(resource.get("clinicalStatus"))
    return "resolved" if sure == "refuted" else said if said in MOVES else "active"


def _one_of(choices: dict[str, Any], said: Any) -> str:
    text = told.words(said, 20)
    return text if text in choices else ""


def _data(incoming: Incoming, batch: Batch, sure: str) -> dict[str, Any]:
    resource = incoming.resource
    reactions = told.objects(resource.get("reaction"))
    manifested = [told.text_of(one.get("manifestation")) or told.words(one.get("description")) for one in reactions]
    severities = {told.words(one.get("severity")) for one in reactions}
    kinds = resource.get("category")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return filled(
        reaction=told.words(", ".join(text for text in manifested if text), 300),
        severity=next((one for one in reversed(SEVERITIES) if one in severities), ""),
        category=next((one if one in CATEGORIES else "other" for one in kinds if isinstance(one, str)), ""),
        criticality=_one_of(CRITICALITIES, resource.get("criticality")),
        nature=_one_of(NATURES, resource.get("type")),
        since=told.moment_words(told.moment(resource.get("onsetDateTime"))) or told.words(resource.get("onsetString")),
        verification=sure if sure != "entered-in-error" else "",
        note=notes_of(resource),
        by=who(incoming, batch.ledger, resource.get("asserter"), resource.get("recorder")),
    )
