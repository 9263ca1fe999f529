"""An allergy or intolerance, or that none is known, which somebody has to have asked."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema

NONE_KNOWN = "no-known-allergies"  # a code of our own: SNOMED's is not ours to ship
# The value set of FHIR R4, allergyintolerance-clinical; its moves are `actions.change_allergy`.
MOVES = {
    "active": frozenset({"inactive", "resolved"}),
    "inactive": frozenset({"active", "resolved"}),
    "resolved": frozenset({"active"}),
}
WORDS = {"active": _("Active"), "inactive": _("Not active now"), "resolved": _("Over")}
# How sure somebody is (allergyintolerance-verification). What was refuted stays to be seen, and never counts.
REFUTED = "refuted"
VERIFICATIONS = {
    "unconfirmed": _("Not confirmed"),
    "presumed": _("Presumed"),
    "confirmed": _("Confirmed"),
    REFUTED: _("Shown to be none"),
}
DOUBTFUL = ("unconfirmed", "presumed")
# What the next reaction may do (allergy-intolerance-criticality); how bad the last one was is its severity.
CRITICALITIES = {
    "high": _("May be life-threatening"),
    "low": _("Not life-threatening"),
    "unable-to-assess": _("Cannot be told"),
}
NATURES = {"allergy": _("Allergy"), "intolerance": _("Intolerance")}
SEVERITIES = {"mild": _("Mild"), "moderate": _("Moderate"), "severe": _("Severe")}
SEVERITY_ROLES = {"mild": "warn", "moderate": "warn", "severe": "bad"}
CATEGORIES = {
    "medication": _("Medicine"),
    "food": _("Food"),
    "environment": _("Environment"),
    "other": _("Something else"),
}
CHOICES: Mapping[str, Mapping[str, Promise]] = {
    "severity": SEVERITIES,
    "criticality": CRITICALITIES,
    "verification": VERIFICATIONS,
    "category": CATEGORIES,
    "nature": NATURES,
}
#: What may be said of one on the list: a clinical status, or that it was shown to be none.
STANDINGS: dict[str, Promise] = {**WORDS, REFUTED: VERIFICATIONS[REFUTED]}


def is_none_known(entry: Any) -> bool:
    return bool(entry.code == NONE_KNOWN)


def is_refuted(entry: Any) -> bool:
    return bool(entry.data.get("verification") == REFUTED)


def standing_of(entry: Any) -> str:
    """A key of STANDINGS."""
    return REFUTED if is_refuted(entry) else str(entry.clinical_status)


def worst_first(entries: Iterable[Any]) -> list[Any]:
    """Severe, and what may kill, before moderate before mild before not known."""
    order = ["severe", "moderate", "mild", ""]
    return sorted(entries, key=lambda entry: 0 if may_kill(entry) else order.index(entry.data.get("severity", "")))


def may_kill(entry: Any) -> bool:
    """Whether somebody said that the next reaction may be life-threatening (FHIR R4, criticality)."""
    return bool(entry.data.get("criticality") == "high")


def summary(entry: Any) -> str:
    if is_none_known(entry):
        return str(_("No known allergies"))
    reaction = entry.data.get("reaction", "")
    return f"{entry.display} ({reaction})" if reaction else str(entry.display)


def role(entry: Any) -> str:
    if entry.clinical_status != "active":
        return "off"
    if may_kill(entry):
        return "bad"
    return "ok" if is_none_known(entry) else SEVERITY_ROLES.get(entry.data.get("severity", ""), "warn")


KIND = Kind(
    slug="allergy",
    name=_("Allergy"),
    plural=_("Allergies"),
    permission=Permission.RECORD_ALLERGY,
    summary=summary,
    schema=Schema(optional=dict.fromkeys(("reaction", "since", "because", "though", "note", *CHOICES), str)),
    role=role,
    clinical_moves=MOVES,
    clinical_words=WORDS,
    own_moves=True,
)
