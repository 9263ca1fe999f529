"""Record a vaccine that was given."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from healthcare.accounts.models import User
from patients.models import Patient
from records.actions.entries import record_entry
from records.actions.writing import Content, NotRecorded
from records.kinds.immunization import ROUTES, SITES, VACCINES
from records.models import Encounter, Entry
from records.rules.said import Dose


@transaction.atomic
def record_immunization(
    *,
    by: User,
    patient: Patient,
    dose: Dose,
    effective_at: datetime,
    now: datetime,
    encounter: Encounter | None = None,
) -> Entry:
    """Add a dose given at `effective_at`. Raises NotRecorded for an unknown vaccine, site or route, and for a lot whose
    last day had passed by the clock of the patient's site; NotAllowed and NotInScope."""
    if dose.vaccine not in VACCINES:
        raise NotRecorded(_("This vaccine is not on our list."))
    if dose.site not in ("", *SITES) or dose.route not in ("", *ROUTES):
        raise NotRecorded(_("Choose where, and how, from the list."))
    if dose.expires and dose.expires < effective_at.astimezone(ZoneInfo(patient.site.time_zone)).date():
        raise NotRecorded(_("This lot had expired on that day. Look at the vial, and tell the doctor if it was given."))
    said = {"lot": dose.lot, "note": dose.note, "site": dose.site, "route": dose.route}
    said |= {"expires": dose.expires.isoformat()} if dose.expires else {}
    with override("en"):
        name = str(VACCINES[dose.vaccine])
    content = Content(
        kind="immunization",
        code=dose.vaccine,
        code_system="cvx",
        display=name,
        data={"elsewhere": dose.elsewhere} | {key: text for key, text in said.items() if text},
    )
    return record_entry(
        by=by, patient=patient, content=content, effective_at=effective_at, now=now, encounter=encounter
    )
