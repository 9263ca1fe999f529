"""An operation the patient has had, wherever it was; or that there was none, which somebody has to have asked."""

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema

NONE_KNOWN = "no-known-operations"  # a code of our own
SAID = ("where", "body_site", "outcome", "note")


def is_none_known(entry: Any) -> bool:
    return bool(entry.code == NONE_KNOWN)


def summary(entry: Any) -> str:
    return _now("Never operated on") if is_none_known(entry) else str(entry.display)


KIND = Kind(
    slug="surgical_history",
    name=_("Operation"),
    plural=_("Operations"),
    permission=Permission.RECORD_HISTORY,
    summary=summary,
    schema=Schema(optional=dict.fromkeys((*SAID, "until", "reason", "though"), str)),
    role=lambda _entry: "ok",
)
