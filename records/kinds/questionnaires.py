"""What the kinds of questionnaires share; each is a folder of its own, and so can be recorded by itself."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema
from records.rules.questionnaires import INSTRUMENTS, WORRIES, speaks_of_harm

# What a score means, for pages; rows hold the word of the rules.
BANDS = {
    "minimal": _("minimal"),
    "mild": _("mild"),
    "moderate": _("moderate"),
    "moderately severe": _("moderately severe"),
    "severe": _("severe"),
    "screens negative": _("screens negative"),
    "screens positive": _("screens positive"),
}


def urgency(said: Any) -> str:
    """Thoughts of death or of hurting oneself are nobody's to find by chance."""
    return "urgent" if speaks_of_harm(said.data["instrument"], said.data["answers"]) else ""


def summary(entry: Any) -> str:
    band = entry.data["band"]
    return f"{entry.display}: {BANDS.get(band, band)}"


def role(entry: Any) -> str:
    if urgency(entry):
        return "bad"
    return "warn" if entry.data["band"] in WORRIES else "info"


def kind(slug: str) -> Kind:
    """The kind of one questionnaire. What speaks of harm is not released by itself: who acts for a patient, or looks
    over their shoulder, would read it before a clinician has."""
    name = INSTRUMENTS[slug].name
    return Kind(
        slug=slug,
        name=name,  # type: ignore[arg-type]
        plural=name,  # type: ignore[arg-type]
        permission=Permission.RECORD_HISTORY,
        summary=summary,
        schema=Schema(required={"instrument": str, "answers": list, "band": str}, optional={"note": str}),
        role=role,
        withheld=lambda said: bool(urgency(said)),
        urgency=urgency,
    )


def answers_of(entry: Any) -> list[tuple[str, str, int]]:
    """Each question with its answer and its points."""
    questions = INSTRUMENTS[entry.data["instrument"]].questions
    return [
        (one.text, one.answers[points], points) for one, points in zip(questions, entry.data["answers"], strict=True)
    ]
