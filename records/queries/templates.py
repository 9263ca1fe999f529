"""The clinic's texts for a message to one patient."""

from dataclasses import dataclass
from uuid import UUID

from healthcare.accounts.models import Site, User
from healthcare.ui.reading import phone_text
from patients.models import Patient
from records.models import MessageTemplate
from records.rules.templates import filled, language_fits


@dataclass(frozen=True)
class Offered:
    """A text with its places filled; `fits` where it is in the patient's language."""

    key: UUID
    name: str
    language: str
    text: str
    fits: bool


def templates_for(user: User, patient: Patient, site: Site) -> list[Offered]:
    """Those in the patient's language first, then by language and name. One query."""
    values = {
        "patient": patient.preferred_name or patient.given_name,
        "writer": user.full_name,
        "site": site.name,
        "telephone": phone_text(site.phone),
    }
    rows = MessageTemplate.objects.usable().at(site).order_by("language", "name", "pk")
    offered = [
        Offered(row.pk, row.name, row.language, filled(row.body, values), language_fits(row.language, patient.language))
        for row in rows
    ]
    return sorted(offered, key=lambda one: not one.fits)
