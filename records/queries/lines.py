"""An entry as pages show it: its name, its value, its status in words, and where its own page is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from records.kinds import kinds
from records.kinds.flags import FLAG_ROLES, FLAG_WORDS, flag_of, flag_role, value_text, with_unit
from records.kinds.laboratory_result import name_of
from records.kinds.vital_signs import NAMES
from records.models import Entry

STATUS_ROLES: dict[str, str] = {
    "draft": "off",
    "preliminary": "wait",
    "final": "ok",
    "corrected": "info",
    "amended": "info",
    "entered_in_error": "bad",
}
NOT_COMPARED: Promise = _("No range known")
UNKNOWN: dict[str, Promise] = {
    "age": _("age not known, the widest of all"),
    "sex": _("sex not known, the widest of both"),
    "age sex": _("age and sex not known, the widest of all"),
}


@dataclass(frozen=True)
class EntryLine:
    """`flag` is empty for what is not measured; `range_text` is the interval that was copied with the value. `value` is
    empty where the title says it.

    `elsewhere`: another system told of it; `whence` is its name, where it has one. `mark`: as what it is sensitive.
    """

    entry: Entry
    kind_name: str
    title: str
    value: str
    flag: str
    flag_role: str
    range_text: str
    status: str
    status_role: str
    role: str
    url: str
    elsewhere: bool = False
    whence: str = ""
    mark: str = ""
    parts: Sequence["EntryLine"] = ()


def lines_of(entries: Iterable[Entry]) -> list[EntryLine]:
    return [line_of(entry) for entry in entries]


def line_of(entry: Entry) -> EntryLine:
    """No query: the entry, and the parts of a panel where `with_parts` gave it some."""
    kind = kinds().get(entry.kind)
    void = entry.record_status == Entry.RecordStatus.ENTERED_IN_ERROR
    title, value = title_of(entry), value_text(entry)
    return EntryLine(
        entry=entry,
        kind_name=str(kind.name) if kind else entry.kind,
        title=title,
        value=value if entry.value is not None or value not in title else "",
        flag=_flag_words(entry),
        flag_role=_flag_role(entry),
        range_text=_range_of(entry),
        status=str(entry.get_record_status_display()),
        status_role=STATUS_ROLES[entry.record_status],
        role="off" if void else (kind.role(entry) if kind else "off"),
        elsewhere=bool(entry.source),
        whence=entry.source.partition(":")[2],
        mark=mark_words(entry.get_sensitivity_display()) if entry.sensitivity else "",
        parts=lines_of(getattr(entry, "parts", ())),
        url=reverse("records:entry", args=[entry.patient_id, entry.pk]),
    )


def mark_words(label: str) -> str:
    return str(_("Sensitive: %(label)s") % {"label": label})


def title_of(entry: Entry) -> str:
    """What it is about, in the reader's language where the code is known."""
    if entry.kind == "laboratory_result":
        return name_of(entry)
    if entry.kind == "vital_signs":
        return str(NAMES.get(entry.code, entry.display))
    kind = kinds().get(entry.kind)
    return kind.summary(entry) if kind else entry.display


def _range_of(entry: Entry) -> str:
    """The interval as text; of a blood pressure both, 100/60 to 139/89 mmHg."""
    components = entry.data.get("components")
    if not components:
        return range_text(entry.data.get("range", {}), entry.unit)
    told = [one.get("range", {}) for one in components]
    bounds = {side: "/".join(one[side] for one in told) for side in ("low", "high") if all(side in one for one in told)}
    return range_text(bounds | {"unknown": told[0].get("unknown", "")}, components[0]["unit"])


def range_text(told: Mapping[str, Any], unit: str) -> str:
    """ "3.5 to 5.1", "below 5", "above 95"; nothing without an interval. Of whom too little is known, it says so."""
    text = _bounds_text(told, unit)
    return f"{text} ({UNKNOWN[told['unknown']]})" if text and told.get("unknown") in UNKNOWN else text


def _bounds_text(told: Mapping[str, Any], unit: str) -> str:
    low, high = told.get("low"), told.get("high")
    if low is not None and high is not None:
        return str(_("%(low)s to %(high)s") % {"low": low, "high": with_unit(high, unit)})
    if high is not None:
        return str(_("up to %(high)s") % {"high": with_unit(high, unit)})
    return str(_("from %(low)s") % {"low": with_unit(low, unit)}) if low is not None else ""


def _flag_words(entry: Entry) -> str:
    """Weight, height, body mass and pain have no flag; a result without a range says that it has none."""
    if "range" in _told(entry) or flag_of(entry):
        return str(FLAG_WORDS[flag_of(entry)])
    if entry.kind != "laboratory_result":
        return ""
    return str(entry.data.get("interpretation", "") or (NOT_COMPARED if entry.value is not None else ""))


def _told(entry: Entry) -> Mapping[str, Any]:
    components = entry.data.get("components")
    return components[0] if components else entry.data


def _flag_role(entry: Entry) -> str:
    return FLAG_ROLES[flag_of(entry)] if "components" in entry.data else flag_role(entry)
