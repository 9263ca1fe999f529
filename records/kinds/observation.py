"""An observation that is neither a vital sign nor a laboratory result: smoking status, a survey, an examination."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema

# The value set of FHIR R4, observation-category, and what US Core 6.1 adds to it.
CATEGORIES: dict[str, Promise] = {
    "social-history": _("Social history"),
    "vital-signs": _("Vital signs"),
    "imaging": _("Imaging"),
    "laboratory": _("Laboratory"),
    "procedure": _("Procedure"),
    "survey": _("Survey"),
    "exam": _("Examination"),
    "therapy": _("Therapy"),
    "activity": _("Activity"),
    "sdoh": _("Living conditions"),
    "functional-status": _("Functional status"),
    "clinical-test": _("Clinical test"),
}


def summary(entry: Any) -> str:
    """What was observed; its value stands beside."""
    return str(entry.display)


KIND = Kind(
    slug="observation",
    name=_("Observation"),
    plural=_("Observations"),
    permission=Permission.RECORD_VITALS,
    summary=summary,
    schema=Schema(
        optional={
            "category": str,
            "value": str,
            "comparator": str,
            "flag": str,
            "interpretation": str,
            "range": dict,
            "parts": list,
            "note": str,
        }
    ),
    role=lambda _entry: "info",
)
