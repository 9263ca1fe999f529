"""A conversation with the patient as it stood when somebody filed it: who wrote what, and when.

The words stand in `sealed`, as they do in the messages; `data` says which conversation, up to which message. The
patient has the conversation itself, so nothing of it is released here.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema

SLUG = "conversation"


def summary(entry: Any) -> str:
    count = entry.data["messages"]
    told = {"about": entry.display, "count": count}
    return ngettext("%(about)s: %(count)d message", "%(about)s: %(count)d messages", count) % told


KIND = Kind(
    slug=SLUG,
    name=_("Conversation"),
    plural=_("Conversations"),
    permission=Permission.MESSAGE_PATIENTS,
    summary=summary,
    schema=Schema(required={"thread": str, "last": str, "messages": int}),
    role=lambda _entry: "ok",
    released=False,
)
