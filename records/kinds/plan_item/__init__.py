"""Something that is to be done for the patient: what, by whom, until when, and whether it is."""

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema

# Of FHIR R4, request-status: those that say what became of it.
MOVES = {
    "active": frozenset({"completed", "revoked"}),
    "completed": frozenset({"active"}),
    "revoked": frozenset({"active"}),
}
WORDS: dict[str, Promise] = {"active": _("To do"), "completed": _("Done"), "revoked": _("Dropped")}


def is_overdue(entry: Any, today: date | None = None) -> bool:
    """Not done, and its day has passed; `today` is the day on the clock of the site."""
    due = entry.data.get("due", "")
    return bool(entry.clinical_status == "active" and due and due < (today or timezone.localdate()).isoformat())


def summary(entry: Any) -> str:
    status = entry.clinical_status
    return str(entry.display) if status == "active" else f"{entry.display}: {WORDS.get(status, status)}"


def role(entry: Any) -> str:
    if is_overdue(entry):
        return "warn"
    return {"active": "wait", "completed": "ok"}.get(entry.clinical_status, "off")


KIND = Kind(
    slug="plan_item",
    name=_("Plan"),
    plural=_("Plan"),
    permission=Permission.RECORD_HISTORY,
    summary=summary,
    schema=Schema(optional=dict.fromkeys(("owner", "due", "steps", "note", "because"), str)),
    role=role,
    clinical_moves=MOVES,
    clinical_words=WORDS,
)
