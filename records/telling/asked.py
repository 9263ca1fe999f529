"""Communication: what a patient asked to have amended, with the answer, the disagreement and the rebuttal.

They go wherever what they are about goes (45 CFR 164.526(d)(4) and (5)).
"""

from collections.abc import Sequence
from typing import Any

from records.telling.elements import Element, filled, labels, moment_text, named, notes, reference

WHAT = "Request for an amendment of the record (45 CFR 164.526)"
STATUS = {"waiting": "in-progress", "accepted": "completed", "denied": "completed"}


def amendment(row: Any, about: Sequence[Element]) -> Element:
    """Who said what, in its order; `about` leads to what was asked about, and to where it was made."""
    answered = f"{row.get_state_display()}: {row.get_ground_display()}." if row.ground else row.get_state_display()
    said = [f"It should say: {row.wanted}", f"Because: {row.reason}"]
    answers = notes(f"{answered} {row.answer}" if row.answer else "", row.rebuttal)
    said += [f"Statement of disagreement: {row.disagreement}"] if row.disagreement else []
    return {
        "resourceType": "Communication",
        "id": str(row.pk),
        "meta": {"versionId": str(row.pk)} | filled(security=list(labels(row.sensitivity))),
        "status": STATUS[row.state],
        "category": named(WHAT),
        "subject": reference("Patient", row.patient_id),
        "sent": moment_text(row.asked_at),
        "sender": {"display": row.asked_by.full_name},
        "payload": [{"contentString": text} for text in said],
    } | filled(about=list(about), note=answers)
