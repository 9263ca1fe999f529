"""An allergy or intolerance, or that none is known, which somebody has to have asked."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema

NONE_KNOWN = "no-known-allergies"  # a code of our own: SNOMED's is not ours to ship
# The value set of FHIR R4, allergyintolerance-clinical.
MOVES = {
    "active": frozenset({"inactive", "resolved"}),
    "inactive": frozenset({"active"}),
    "resolved": frozenset({"active"}),
}
WORDS = {"active": _("Active"), "inactive": _("Not active now"), "resolved": _("Shown to be none")}
SEVERITIES = {"mild": _("Mild"), "moderate": _("Moderate"), "severe": _("Severe")}
SEVERITY_ROLES = {"mild": "warn", "moderate": "warn", "severe": "bad"}
CATEGORIES = {
    "medication": _("Medicine"),
    "food": _("Food"),
    "environment": _("Environment"),
    "other": _("Something else"),
}


def is_none_known(entry: Any) -> bool:
    return bool(entry.code == NONE_KNOWN)


def worst_first(entries: Iterable[Any]) -> list[Any]:
    """Severe before moderate before mild before not known."""
    order = ["severe", "moderate", "mild", ""]
    return sorted(entries, key=lambda entry: order.index(entry.data.get("severity", "")))


def summary(entry: Any) -> str:
    if is_none_known(entry):
        return str(_("No known allergies"))
    reaction = entry.data.get("reaction", "")
    return f"{entry.display} ({reaction})" if reaction else str(entry.display)


def role(entry: Any) -> str:
    if entry.clinical_status != "active":
        return "off"
    return "ok" if is_none_known(entry) else SEVERITY_ROLES.get(entry.data.get("severity", ""), "warn")


KIND = Kind(
    slug="allergy",
    name=_("Allergy"),
    plural=_("Allergies"),
    permission=Permission.RECORD_ALLERGY,
    summary=summary,
    schema=Schema(optional={"reaction": str, "severity": str, "category": str, "since": str, "because": str}),
    role=role,
    clinical_moves=MOVES,
    clinical_words=WORDS,
)
