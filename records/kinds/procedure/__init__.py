"""Something that was done to or for the patient: an operation, an examination, advice given."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema

# The value set of FHIR R4, event-status, without what never happened.
STATES: dict[str, Promise] = {
    "in-progress": _("Under way"),
    "on-hold": _("Paused"),
    "stopped": _("Stopped before its end"),
    "completed": _("Done"),
}
ROLES = {"in-progress": "wait", "on-hold": "wait", "stopped": "warn"}


def summary(entry: Any) -> str:
    state = entry.clinical_status
    return str(entry.display) if state in ("", "completed") else f"{entry.display} ({STATES.get(state, state)})"


KIND = Kind(
    slug="procedure",
    name=_("Procedure"),
    plural=_("Procedures"),
    permission=Permission.RECORD_CONDITION,
    summary=summary,
    schema=Schema(optional={"until": str, "reason": str, "body_site": str, "outcome": str, "note": str}),
    role=lambda entry: ROLES.get(entry.clinical_status, "ok"),
)
