"""Vital signs: one panel a taking, and under it an entry for each measure; a blood pressure has two components."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema
from records.kinds.flags import FLAG_ROLES, flag_of, value_text
from records.rules import vitals

# By LOINC code, as on a page.
NAMES: dict[str, Promise] = {
    vitals.PANEL: _("Vital signs"),
    vitals.PRESSURE: _("Blood pressure"),
    "8867-4": _("Heart rate"),
    "9279-1": _("Breathing rate"),
    "8310-5": _("Temperature"),
    "59408-5": _("Oxygen saturation"),
    "29463-7": _("Weight"),
    "8302-2": _("Height"),
    "9843-4": _("Head circumference"),
    vitals.BMI: _("Body mass index"),
    "72514-3": _("Pain"),
}
# As kept beside the code; what pages show comes from NAMES, in the reader's language.
DISPLAYS: dict[str, str] = {
    vitals.PANEL: "Vital signs",
    vitals.PRESSURE: "Blood pressure",
    "8480-6": "Systolic blood pressure",
    "8462-4": "Diastolic blood pressure",
    "8867-4": "Heart rate",
    "9279-1": "Respiratory rate",
    "8310-5": "Body temperature",
    "59408-5": "Oxygen saturation by pulse oximetry",
    "29463-7": "Body weight",
    "8302-2": "Body height",
    "9843-4": "Head occipital-frontal circumference",
    vitals.BMI: "Body mass index",
    "72514-3": "Pain severity, 0 to 10",
}
ORDER = list(NAMES)


KIND = Kind(
    slug="vital_signs",
    name=_("Vital signs"),
    plural=_("Vital signs"),
    permission=Permission.RECORD_VITALS,
    summary=value_text,
    schema=Schema(optional={"flag": str, "range": dict, "components": list, "typed": str, "note": str}),
    role=lambda entry: FLAG_ROLES[flag_of(entry)],
)
