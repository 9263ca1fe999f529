"""What was added to a signed note, signed in its turn; it hangs on the note as its parent."""

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema

KIND = Kind(
    slug="addendum",
    name=_("Addendum"),
    plural=_("Addenda"),
    permission=Permission.WRITE_NOTE,
    summary=lambda entry: str(entry.data.get("text", "")).split("\n", 1)[0],
    schema=Schema(required={"text": str}),
    role=lambda _entry: "ok",
    signed=True,
)
