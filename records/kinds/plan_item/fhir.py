"""CarePlan and Goal of FHIR R4: each is something to be done. A plan says its steps, a goal its day."""

from collections.abc import Mapping
from typing import Any

from records.kinds import Said, Told
from records.rules import told
from records.telling.elements import filled, moment_text, notes

TYPES = ("CarePlan", "Goal")
# The value sets request-status and goal-status. A draft binds nobody, and is kept whole.
STANDS = {
    "CarePlan": {"active": "active", "on-hold": "active", "completed": "completed", "revoked": "revoked"},
    "Goal": {
        **dict.fromkeys(("planned", "accepted", "active", "on-hold"), "active"),
        "completed": "completed",
        **dict.fromkeys(("cancelled", "rejected"), "revoked"),
    },
}
WRONG = "entered-in-error"


def read(resource: Mapping[str, Any]) -> Told | None:
    kind = resource["resourceType"]
    status = told.status_of(resource.get("status" if kind == "CarePlan" else "lifecycleStatus"))
    named = _named(resource)
    if not named or status not in (*STANDS[kind], WRONG):
        return None
    target = next(iter(told.objects(resource.get("target"))), {})
    period = resource.get("period")
    period = period if isinstance(period, dict) else {}
    until = target.get("dueDate") or (period.get("end") if status == "active" else None)
    data = {
        "steps": _steps(resource),
        "due": told.moment_words(told.moment(until)),
        "owner": told.named(resource.get("author") if kind == "CarePlan" else resource.get("expressedBy")),
        "note": told.words("\n".join(told.words(one.get("text")) for one in told.objects(resource.get("note")))),
    }
    said = Said(
        display=named,
        clinical_status=STANDS[kind].get(status, "active"),
        data={name: text for name, text in data.items() if text and (name != "due" or len(text) == len("2026-01-01"))},
    )
    when = [period.get("start"), *(resource.get(name) for name in ("created", "startDate", "statusDate"))]
    return Told(said, when, "entered_in_error" if status == WRONG else "final")


def write(entry: Any) -> dict[str, Any]:
    """A CarePlan, whose steps are its activities; the day it is due is the end of its period."""
    said = entry.data
    start = moment_text(entry.effective_at, said.get("precision", ""))
    return {
        "resourceType": "CarePlan",
        "status": entry.clinical_status,
        "intent": "plan",
        "title": entry.display,
    } | filled(
        period=filled(start=start, end=said.get("due")),
        author=filled(display=said.get("owner")),
        activity=[
            {"detail": {"status": "unknown", "description": step}} for step in said.get("steps", "").splitlines()
        ],
        note=notes(said.get("note", "")),
    )


def _named(resource: Mapping[str, Any]) -> str:
    described, sort = resource.get("description"), told.text_of(resource.get("category"))
    texts = (told.words(resource.get("title"), 300), told.text_of(described), sort, told.words(described, 300))
    return next((text[:300] for text in texts if text), "")


def _steps(resource: Mapping[str, Any]) -> str:
    """Each once, in their order."""
    details = (one.get("detail") for one in told.objects(resource.get("activity")))
    names = [
        told.text_of(one.get("code")) or told.words(one.get("description"), 300) for one in told.objects(list(details))
    ]
    return told.words("\n".join(dict.fromkeys(name for name in names if name)))
