"""A laboratory result: a number with the interval it was meant to be compared with, read by somebody, then released."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema
from records.kinds.flags import flag_role, value_text

# By LOINC code: what staff and patients call it, and what it is, in plain words.
NAMES: dict[str, tuple[Promise, Promise]] = {
    "718-7": (_("Hemoglobin"), _("It carries the oxygen in your blood.")),
    "4544-3": (_("Hematocrit"), _("It is the share of your blood that is red blood cells.")),
    "789-8": (_("Red blood cells"), _("They carry oxygen through your body.")),
    "787-2": (_("Red cell size (MCV)"), _("It is the usual size of your red blood cells.")),
    "785-6": (_("Hemoglobin per cell (MCH)"), _("It is how much hemoglobin is in one red blood cell.")),
    "786-4": (_("Hemoglobin density (MCHC)"), _("It is how densely red blood cells are filled with hemoglobin.")),
    "788-0": (_("Red cell spread (RDW)"), _("It shows how much your red blood cells differ in size.")),
    "6690-2": (_("White blood cells"), _("They fight infections.")),
    "777-3": (_("Platelets"), _("They help your blood to clot.")),
    "32623-1": (_("Platelet size (MPV)"), _("It is the usual size of your platelets.")),
    "770-8": (_("Neutrophils"), _("They are white blood cells that fight bacteria.")),
    "736-9": (_("Lymphocytes"), _("They are white blood cells that remember infections.")),
    "5905-5": (_("Monocytes"), _("They are white blood cells that clear away what is left of an infection.")),
    "713-8": (_("Eosinophils"), _("They are white blood cells that take part in allergies.")),
    "706-2": (_("Basophils"), _("They are rare white blood cells that take part in allergies.")),
    "2345-7": (_("Blood sugar"), _("It shows how much sugar was in your blood when it was taken.")),
    "4548-4": (
        _("Blood sugar over 3 months (A1c)"),
        _("It shows how much sugar was in your blood over the last 2 to 3 months. One meal does not change it."),
    ),
    "2160-0": (_("Creatinine"), _("Your kidneys clear it from the blood; more of it can mean that they work less.")),
    "33914-3": (_("Kidney function (eGFR)"), _("It estimates how well your kidneys filter your blood.")),
    "3094-0": (_("Urea nitrogen (BUN)"), _("It is a waste that your kidneys clear from the blood.")),
    "2951-2": (_("Sodium"), _("It is a salt that keeps the water of your body in balance.")),
    "2823-3": (_("Potassium"), _("It is a salt that heart and muscles need.")),
    "2075-0": (_("Chloride"), _("It is a salt that keeps the water of your body in balance.")),
    "1963-8": (_("Bicarbonate"), _("It keeps your blood from becoming too acid.")),
    "17861-6": (_("Calcium"), _("Bones, muscles and nerves need it.")),
    "19123-9": (_("Magnesium"), _("Muscles and nerves need it.")),
    "2777-1": (_("Phosphate"), _("Bones need it.")),
    "2885-2": (_("Total protein"), _("It is all the protein in your blood together.")),
    "1751-7": (_("Albumin"), _("It is a protein that your liver makes.")),
    "10834-0": (_("Globulin"), _("They are proteins, many of which fight infections.")),
    "1759-0": (_("Albumin to globulin"), _("It compares two kinds of protein in your blood.")),
    "1975-2": (_("Bilirubin"), _("It is what is left of old red blood cells; your liver clears it.")),
    "6768-6": (_("Alkaline phosphatase"), _("It comes from liver and bones.")),
    "1742-6": (_("Liver enzyme ALT"), _("It rises when liver cells are hurt.")),
    "1920-8": (_("Liver enzyme AST"), _("It rises when cells of liver or muscle are hurt.")),
    "2093-3": (_("Cholesterol"), _("It is a fat in your blood.")),
    "2571-8": (_("Triglycerides"), _("They are fats in your blood; a meal raises them.")),
    "18262-6": (_("LDL cholesterol"), _("It is the cholesterol that can narrow your arteries.")),
    "2085-9": (_("HDL cholesterol"), _("It is the cholesterol that protects your arteries: more is better.")),
    "3016-3": (_("Thyroid control (TSH)"), _("It shows whether your thyroid makes too much or too little.")),
    "6301-6": (
        _("Clotting time (INR)"),
        _("It shows how slowly your blood clots. With a blood thinner it is meant to be higher."),
    ),
}


def name_of(entry: Any) -> str:
    """In the reader's language where the test is known, else as it was entered."""
    return str(NAMES[entry.code][0]) if entry.code in NAMES else str(entry.display)


KIND = Kind(
    slug="laboratory_result",
    name=_("Laboratory result"),
    plural=_("Results"),
    permission=Permission.ENTER_RESULT,
    summary=lambda entry: f"{name_of(entry)} {value_text(entry)}",
    schema=Schema(
        required={"flag": str},
        optional={
            "range": dict,
            "comparator": str,
            "laboratory": str,
            "typed": str,
            "value": str,
            "interpretation": str,
            "note": str,
            "parts": list,
        },
    ),
    role=flag_role,
    released=False,
)
