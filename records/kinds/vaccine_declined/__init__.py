"""A vaccine that was offered and not given, and why. It is no immunisation: it is never billed nor counted as one."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema
from records.kinds.immunization import VACCINES

# Of HL7 v3 ActReason, as FHIR R4 has it in Immunization.statusReason, those that a clinic says.
REASONS: dict[str, Promise] = {
    "PATOBJ": _("The patient, or who decides for them, does not want it"),
    "MEDPREC": _("A medical reason speaks against it"),
    "IMMUNE": _("They are immune"),
    "OSTOCK": _("There was none in stock"),
}


def summary(entry: Any) -> str:
    return _now("Not given: %(vaccine)s") % {"vaccine": VACCINES.get(entry.code, entry.display)}


KIND = Kind(
    slug="vaccine_declined",
    name=_("Vaccine not given"),
    plural=_("Vaccines not given"),
    permission=Permission.RECORD_VITALS,
    summary=summary,
    schema=Schema(required={"why": str}, optional={"note": str}),
    role=lambda _entry: "warn",
)
