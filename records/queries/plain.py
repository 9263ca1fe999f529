"""A result in plain words, for the person whose it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from healthcare.ui.dates import day_text
from healthcare.ui.ranges import RangePicture
from records.kinds.flags import flag_of, value_text
from records.kinds.laboratory_result import NAMES, name_of
from records.kinds.meanings import meaning_of
from records.models import Entry
from records.rules.units import shown


@dataclass(frozen=True)
class PlainResult:
    """What a patient reads first: the value, how it lies, how it changed, and a picture of that where there is one.

    `meaning` is what the test is; `may_mean` what a value on that side often comes from, after the page `source`.
    """

    name: str
    value: str
    lies: str
    changed: str
    meaning: str
    may_mean: str
    source: str
    urgent: bool
    picture: RangePicture | None


def plain_result(entry: Entry, history: Sequence[Entry]) -> PlainResult:
    """`history` is the same test over time, oldest first, as far as the reader may see it."""
    earlier = (row for row in reversed(history) if row.effective_at < entry.effective_at and row.unit == entry.unit)
    before = next(earlier, None)
    may_mean, source = meaning_of(entry.code, flag_of(entry))
    return PlainResult(
        name=name_of(entry),
        value=value_text(entry),
        lies=_lies(entry),
        changed=_changed(entry, before),
        meaning=str(NAMES[entry.code][1]) if entry.code in NAMES else "",
        may_mean=may_mean,
        source=source,
        urgent=flag_of(entry).startswith("critical"),
        picture=_picture(entry, before),
    )


def _lies(entry: Entry) -> str:
    """By the bounds themselves: a critical value is "above" to the patient, and the doctor's words say what to do."""
    low, high = _bounds(entry)
    if low is None and high is None:
        return _("The laboratory gave no usual range to compare it with.")
    flag = flag_of(entry)
    if flag.endswith("low"):
        return _("That is below the usual range.")
    return _("That is above the usual range.") if flag.endswith("high") else _("That is within the usual range.")


def _changed(entry: Entry, before: Entry | None) -> str:
    if before is None or before.value is None or entry.value is None:
        return ""
    day = day_text(timezone.localdate(before.effective_at))
    told = {"value": value_text(before), "day": day}
    if entry.value == before.value:
        return _("It was the same on %(day)s.") % told
    if entry.value > before.value:
        return _("It has risen since %(day)s, when it was %(value)s.") % told
    return _("It has fallen since %(day)s, when it was %(value)s.") % told


def _bounds(entry: Entry) -> tuple[float | None, float | None]:
    """What is shown as the usual range; a lower bound of 0 bounds nothing."""
    told = entry.data.get("range", {})
    low, high = (float(told[side]) if side in told else None for side in ("low", "high"))
    return (low or None), high


def _picture(entry: Entry, before: Entry | None) -> RangePicture | None:
    low, high = _bounds(entry)
    if entry.value is None or (low is None and high is None):
        return None
    earlier = before.value if before is not None else None
    return RangePicture(
        title=_("%(name)s on a line from low to high") % {"name": name_of(entry)},
        description=" ".join([value_text(entry) + ".", _lies(entry), _changed(entry, before)]).strip(),
        value=float(entry.value),
        marker=_("You: %(value)s") % {"value": shown(entry.value)},
        words=(_("Below"), _("Usual"), _("Above")),
        low=low,
        high=high,
        before=float(earlier) if earlier is not None else None,
    )
