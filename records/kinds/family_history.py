"""What runs in the family: a relative and what they have or had; or that nothing is known to, which somebody asked."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema

NONE_KNOWN = "no-known-family-history"  # a code of our own
SYSTEM = "v3-role"
# HL7 v3 RoleCode, as FHIR R4 has it in FamilyMemberHistory.relationship.
RELATIVES: dict[str, Promise] = {
    "MTH": _("Mother"),
    "FTH": _("Father"),
    "SIS": _("Sister"),
    "BRO": _("Brother"),
    "DAU": _("Daughter"),
    "SON": _("Son"),
    "MGRMTH": _("Mother’s mother"),
    "MGRFTH": _("Mother’s father"),
    "PGRMTH": _("Father’s mother"),
    "PGRFTH": _("Father’s father"),
    "AUNT": _("Aunt"),
    "UNCLE": _("Uncle"),
    "COUSN": _("Cousin"),
    "FAMMEMB": _("Another relative"),
}
CLOSE = ("MTH", "FTH", "SIS", "BRO", "DAU", "SON")  # of the first degree, where it weighs most


def is_none_known(entry: Any) -> bool:
    return bool(entry.code == NONE_KNOWN)


def relative_of(entry: Any) -> str:
    """In the reader's language where the code is known."""
    return str(RELATIVES.get(entry.code, entry.display) if entry.code_system == SYSTEM else entry.display)


def conditions_of(entry: Any) -> str:
    """Each with the age then, and whether they died of it: "breast cancer (at 52, died of it), stroke"."""
    return ", ".join(_condition(one) for one in entry.data.get("conditions", ()))


def _condition(said: dict[str, Any]) -> str:
    at = _now("at %(age)s") % {"age": said["onset"]} if said.get("onset") else ""
    beside = ", ".join(text for text in (at, _now("died of it") if said.get("died") else "") if text)
    return f"{said['text']} ({beside})" if beside else str(said["text"])


def summary(entry: Any) -> str:
    if is_none_known(entry):
        return _now("Nothing known to run in the family")
    return f"{relative_of(entry)}: {conditions_of(entry) or entry.data.get('deceased', '')}".removesuffix(": ")


KIND = Kind(
    slug="family_history",
    name=_("Family history"),
    plural=_("Family history"),
    permission=Permission.RECORD_HISTORY,
    summary=summary,
    schema=Schema(optional={"conditions": list, "deceased": str, "note": str, "though": str}),
    role=lambda entry: "ok" if is_none_known(entry) else "info",
)
