"""DiagnosticReport, and DocumentReference for what was signed."""

import base64
from typing import Any

from records.kinds.note import PARTS
from records.rules.conversations import Turn, unsealed
from records.telling.elements import (
    LOINC,
    Element,
    by,
    code_of,
    concept,
    filled,
    moment_text,
    named,
    when,
)

PLAIN = "text/plain; charset=utf-8"
# LOINC, as US Core 6.1 binds types of clinical notes.
TYPES = {
    "note": ("11506-3", "Progress note"),
    "nursing_note": ("34746-8", "Nurse Note"),
    "addendum": ("55107-7", "Addendum"),
}
CLINICAL_NOTE = code_of("clinical-note", "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category")
DOC_STATUS = {"preliminary": "preliminary", "final": "final", "corrected": "amended", "amended": "amended"}
# In English, as the document's structure; what was written is in whatever language it was.
HEADINGS = {
    "reason": "Reason for the visit",
    "subjective": "What the patient told",
    "objective": "What was found",
    "assessment": "Assessment",
    "plan": "Plan",
    "instructions": "For the patient",
    "text": "",
}


def diagnostic_report(entry: Any) -> Element:
    """Its results are named by whoever writes it beside them."""
    said = entry.data
    return {"resourceType": "DiagnosticReport", "status": entry.record_status, "code": concept(entry)} | filled(
        category=named(said.get("category", "")),
        **when("effectiveDateTime", entry),
        performer=by(entry),
        conclusion="\n\n".join(text for text in (said.get("conclusion"), entry.release_comment) if text),
        presentedForm=[_text(said["text"])] if said.get("text") else [],
    )


def document(entry: Any) -> Element:
    """A note as it was signed: its text whole, part after part."""
    code, title = TYPES[entry.kind]
    parts = [(HEADINGS[name], entry.data[name]) for name in (*PARTS, "text") if entry.data.get(name)]
    text = "\n\n".join(f"{heading}\n{said}" if heading else str(said) for heading, said in parts)
    signer = entry.signed_by.full_name if entry.signed_by else ""
    return _document(entry, code_of(code, LOINC, title), title, text) | filled(
        date=moment_text(entry.signed_at or entry.effective_at),
        author=by(entry),
        authenticator={"display": signer} if signer else {},
        context={"period": {"start": moment_text(entry.effective_at)}},
    )


def conversation(entry: Any) -> Element:
    """A conversation as it was filed: who wrote what and when, as one text."""
    turns = [_turn(turn) for turn in unsealed(entry.sealed)]
    kind = {"text": "Conversation by secure messages"}
    told = _document(entry, kind, entry.display, "\n\n".join(turns))
    return told | filled(date=moment_text(entry.effective_at), author=by(entry))


def _document(entry: Any, kind: Element, title: str, text: str) -> Element:
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": DOC_STATUS[entry.record_status],
        "type": kind,
        "category": [CLINICAL_NOTE],
        "content": [{"attachment": _text(text) | {"title": title}}],
    }


def _turn(turn: Turn) -> str:
    files = f"\nFiles: {', '.join(turn.files)}" if turn.files else ""
    return f"{turn.who}, {moment_text(turn.at)}\n{turn.text}{files}"


def _text(said: str) -> Element:
    return {"contentType": PLAIN, "data": base64.b64encode(said.encode()).decode()}
