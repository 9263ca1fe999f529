"""How a flag reads, and which status role draws it."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from records.rules.ranges import Flag, worst_of
from records.rules.units import shown, sign_of

ABNORMAL = "abnormal"  # as another laboratory says it, without which way
FLAG_WORDS: dict[str, Promise] = {
    Flag.NONE: _("In range"),
    Flag.LOW: _("Low"),
    Flag.HIGH: _("High"),
    Flag.CRITICAL_LOW: _("Critically low"),
    Flag.CRITICAL_HIGH: _("Critically high"),
    ABNORMAL: _("Abnormal"),
}
FLAG_ROLES: dict[str, str] = {
    Flag.NONE: "ok",
    Flag.LOW: "warn",
    Flag.HIGH: "warn",
    Flag.CRITICAL_LOW: "bad",
    Flag.CRITICAL_HIGH: "bad",
    ABNORMAL: "warn",
}


def flag_of(entry: Any) -> str:
    """Of a panel that has its parts the worst of what stands in it now: one of them may be corrected or void."""
    parts = getattr(entry, "parts", ())
    if entry.kind == "vital_signs" and parts:
        return worst_of(Flag(part.data.get("flag", "")) for part in parts).value
    return str(entry.data.get("flag", ""))


def flag_role(entry: Any) -> str:
    """Unknown where there was nothing to compare with: not flagged is not the same as in range."""
    if "range" not in entry.data and not flag_of(entry):
        return "info" if entry.data.get("interpretation") else "unknown"
    return FLAG_ROLES[flag_of(entry)]


def with_unit(number: str, unit: str) -> str:
    sign = sign_of(unit)
    return f"{number} {sign}" if sign else number


def value_text(entry: Any) -> str:
    """The value with its unit as read, a blood pressure as 134/82 mmHg; where there is no number what was said."""
    parts = entry.data.get("components")
    if parts:
        return with_unit("/".join(part["value"] for part in parts), parts[0]["unit"])
    if entry.value is None:
        return str(entry.data.get("value", ""))
    return with_unit(f"{entry.data.get('comparator', '')}{shown(entry.value)}", entry.unit)
