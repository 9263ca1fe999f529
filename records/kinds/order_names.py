"""What people call what can be ordered, beside LOINC's own name. Ours: its short names are not in this repository."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from records.kinds.laboratory_result import NAMES

ORDER_NAMES: dict[str, Promise] = {
    "58410-2": _("Blood count (CBC)"),
    "24321-2": _("Basic metabolic panel"),
    "24323-8": _("Comprehensive metabolic panel"),
    "24325-3": _("Liver panel"),
    "24362-6": _("Kidney panel"),
    "57698-3": _("Cholesterol and blood fats"),
    "24356-8": _("Urine test, complete"),
    "630-4": _("Urine culture"),
    "2106-3": _("Pregnancy test, urine"),
    "36643-5": _("Chest X-ray, 2 views"),
    "24627-2": _("CT of the chest"),
    "24725-4": _("CT of the head"),
    "24590-2": _("MRI of the brain"),
    "24558-9": _("Ultrasound of the abdomen"),
    "24606-6": _("Mammography, screening"),
}


def order_name(one: Any) -> str:
    """The short name of an order, of a report that answers one, or of what can be ordered; else as it is called."""
    if getattr(one, "code_system", "loinc") != "loinc":
        return str(one.display)
    if one.code in NAMES:
        return str(NAMES[one.code][0])
    return str(ORDER_NAMES.get(one.code, one.display))
