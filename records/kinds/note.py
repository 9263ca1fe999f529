"""The note of a visit, signed. Unsigned, it is a draft and no entry."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema
from records.rules.notes import PARTS

LINE = 120  # characters of the first line that a timeline shows


def summary(entry: Any) -> str:
    """What the doctor made of it, else why the patient came."""
    text = str(entry.data.get("assessment") or entry.data.get("reason") or "")
    first = text.split("\n", 1)[0]
    return first if len(first) <= LINE else f"{first[: LINE - 1]}…"


KIND = Kind(
    slug="note",
    name=_("Note"),
    plural=_("Notes"),
    permission=Permission.WRITE_NOTE,
    summary=summary,
    schema=Schema(required=dict.fromkeys(PARTS, str), optional={"because": str, "copied": dict, "diagnoses": list}),
    role=lambda _entry: "ok",
    signed=True,
)
