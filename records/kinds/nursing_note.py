"""The nurse's part of a visit's note, signed by the nurse; the doctor's part is the note."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema
from records.rules.notes import NURSING_PARTS


def summary(entry: Any) -> str:
    """What the nurse found, else what the patient told."""
    return str(entry.data.get("objective") or entry.data.get("subjective") or "").split("\n", 1)[0][:120]


KIND = Kind(
    slug="nursing_note",
    name=_("Nursing note"),
    plural=_("Nursing notes"),
    permission=Permission.WRITE_NURSING_NOTE,
    summary=summary,
    schema=Schema(required=dict.fromkeys(NURSING_PARTS, str)),
    role=lambda _entry: "ok",
    signed=True,
)
