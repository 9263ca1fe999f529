"""A problem or diagnosis: coded in ICD-10-CM here, and elsewhere as its source codes it."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema

# The value set of FHIR R4, condition-clinical, and what may follow what.
MOVES = {
    "active": frozenset({"inactive", "remission", "resolved"}),
    "recurrence": frozenset({"inactive", "remission", "resolved"}),
    "relapse": frozenset({"inactive", "remission", "resolved"}),
    "inactive": frozenset({"active", "recurrence", "resolved"}),
    "remission": frozenset({"relapse", "resolved"}),
    "resolved": frozenset({"recurrence"}),
}
# How sure its source was (FHIR R4, condition-ver-status); "confirmed" goes without saying.
VERIFICATION = {
    "unconfirmed": _("not confirmed"),
    "provisional": _("provisional"),
    "differential": _("one of several that it may be"),
}
WORDS = {
    "active": _("Active"),
    "recurrence": _("Has come back"),
    "relapse": _("Has flared up again"),
    "inactive": _("Not active now"),
    "remission": _("In remission"),
    "resolved": _("Over"),
}
PRESENT = ("active", "recurrence", "relapse")
ROLES = {"resolved": "ok", "inactive": "off", "remission": "off"}


def summary(entry: Any) -> str:
    words = WORDS.get(entry.clinical_status, "")
    named = f"{entry.display} ({entry.code})" if entry.code else entry.display
    return f"{named}{'' if entry.clinical_status == 'active' else f': {words}'}"


KIND = Kind(
    slug="condition",
    name=_("Problem"),
    plural=_("Problems"),
    permission=Permission.RECORD_CONDITION,
    summary=summary,
    schema=Schema(
        optional=dict.fromkeys(
            ("onset", "note", "because", "though", "abatement", "severity", "body_site", "category"), str
        )
    ),
    role=lambda entry: ROLES.get(entry.clinical_status, "info"),
    clinical_moves=MOVES,
    clinical_words=WORDS,
)
