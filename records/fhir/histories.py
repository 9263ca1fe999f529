"""FamilyMemberHistory, and of Observation and Procedure what belongs to the history of a person."""

from typing import Any

from healthcare.fhir.resources import Incoming
from records.actions.writing import Content
from records.fhir.reading import Batch, EntryResource, Kept, Reading, filled, notes_of, when, who
from records.kinds.social_history import QUESTIONS
from records.queries.imports import SURGICAL
from records.rules import told

STATES = {"partial": "final", "completed": "final", "entered-in-error": "entered_in_error"}
MOST = 50  # conditions of one relative


class FamilyMemberHistoryResource(EntryResource):
    type = "FamilyMemberHistory"

    def read(self, incoming: Incoming, batch: Batch) -> Reading:
        """Raises Kept where it names nothing: that nothing is known of a relative is not that there is nothing."""
        resource = incoming.resource
        status = told.status_of(resource.get("status"))
        if status not in STATES:
            raise Kept("status")
        relative = told.concept(resource.get("relationship"), ("v3-role",))
        conditions = [found for one in told.objects(resource.get("condition"))[:MOST] if (found := _condition(one))]
        deceased = _deceased(resource)
        if not relative.text or not (conditions or deceased):
            raise Kept("nothing_named")
        data = filled(
            conditions=conditions,
            deceased=deceased,
            note=notes_of(resource),
            by=who(incoming, batch.ledger, resource.get("recorder"), resource.get("informant")),
        )
        content = Content(
            kind="family_history",
            code=relative.code,
            code_system=relative.system,
            display=relative.text,
            data=data,
        )
        return Reading(content, when(batch.ledger, resource.get("date")), STATES[status])


def _condition(said: dict[str, Any]) -> dict[str, Any] | None:
    text = told.concept(said.get("code")).text
    if not text:
        return None
    onset = told.amount_words(said.get("onsetAge")) or told.words(said.get("onsetString"), 60)
    return filled(text=text, onset=onset, died=said.get("contributedToDeath") is True or None)


def _deceased(resource: dict[str, Any]) -> str:
    """That they died, and how old they were where somebody knows."""
    age = told.amount_words(resource.get("deceasedAge")) or told.words(resource.get("deceasedString"), 60)
    day = told.moment_words(told.moment(resource.get("deceasedDate")))
    if age or day:
        return f"died: {age or day}"
    return "died" if resource.get("deceasedBoolean") is True else ""


def living_in(resource: dict[str, Any], value: str) -> Content | None:
    """An answer to one of our questions, by its code of LOINC or our own; None for any other observation. `value` is it
    in words.
    """
    code = next(iter(sorted(told.codes_of(resource.get("code")) & QUESTIONS.keys())), "")
    question = QUESTIONS.get(code)
    if question is None or not value:
        return None
    if question.system == told.OURS and told.concept(resource.get("code"), (told.OURS,)).system != told.OURS:
        return None
    said = sorted(told.codes_of(resource.get("valueCodeableConcept")))
    known = [question.answers_elsewhere.get(one, one) for one in said]
    answer = next((one for one in known if one in question.answers), "")
    data = filled(answer=answer, value=value)
    return Content(kind="social_history", code=code, code_system=question.system, display=question.display, data=data)


def is_operation(resource: dict[str, Any]) -> bool:
    return SURGICAL in told.codes_of(resource.get("category"))
