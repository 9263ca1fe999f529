"""A vaccine given, here or elsewhere."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema

# CVX codes of the US Centers for Disease Control and Prevention, for what an outpatient clinic gives most.
VACCINES: dict[str, Promise] = {
    "08": _("Hepatitis B, child"),
    "10": _("Polio, inactivated (IPV)"),
    "20": _("Diphtheria, tetanus, pertussis, child (DTaP)"),
    "21": _("Chickenpox"),
    "03": _("Measles, mumps, rubella (MMR)"),
    "43": _("Hepatitis B, adult"),
    "49": _("Haemophilus influenzae b (Hib)"),
    "52": _("Hepatitis A, adult"),
    "83": _("Hepatitis A, child"),
    "113": _("Tetanus and diphtheria (Td)"),
    "114": _("Meningococcal (MenACWY)"),
    "115": _("Tetanus, diphtheria, pertussis (Tdap)"),
    "116": _("Rotavirus"),
    "121": _("Shingles, live"),
    "133": _("Pneumococcal (PCV13)"),
    "140": _("Influenza, seasonal"),
    "165": _("Human papillomavirus (HPV)"),
    "187": _("Shingles, recombinant"),
    "216": _("Pneumococcal (PCV20)"),
    "300": _("COVID-19"),
}

# HL7 v3 ActSite and RouteOfAdministration, as FHIR R4 has them in Immunization.site and .route.
SITES: dict[str, Promise] = {
    "LA": _("Left arm"),
    "RA": _("Right arm"),
    "LT": _("Left thigh"),
    "RT": _("Right thigh"),
}
ROUTES: dict[str, Promise] = {
    "IM": _("Into the muscle"),
    "SQ": _("Under the skin"),
    "IDINJ": _("Into the skin"),
    "PO": _("By mouth"),
    "NASINHLC": _("Into the nose"),
}

SAID = ("lot", "note", "dose", "status", "site", "route", "expires")


def summary(entry: Any) -> str:
    """In the reader's language where the code is one of ours: another system's may be of another list."""
    ours = not entry.source or entry.code_system == "cvx"
    return str(VACCINES.get(entry.code, entry.display) if ours else entry.display)


KIND = Kind(
    slug="immunization",
    name=_("Immunization"),
    plural=_("Immunizations"),
    permission=Permission.RECORD_VITALS,
    summary=summary,
    schema=Schema(
        required={"elsewhere": bool},
        optional=dict.fromkeys(SAID, str),
    ),
    role=lambda _entry: "ok",
)
