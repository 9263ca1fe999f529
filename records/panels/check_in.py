"""For `scheduling.CheckIn`: the allergies that the clinic knows, for the patient to look at."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from patients.access import find_visible
from records.kinds.allergy import is_none_known
from records.queries.entries import active_entries
from records.queries.lines import title_of
from scheduling.models import Appointment
from scheduling.parts import CheckInItem


def allergies(visit: Appointment, user: User, now: datetime) -> CheckInItem | None:
    """That nobody asked is told, and that there are none; not to who acts for the patient without this part."""
    if find_visible(user, visit.patient_id, Scope.CLINICAL) is None:
        return None
    known = [row for row in active_entries(user, visit.patient, "allergy") if row.clinical_status == "active"]
    lines = [title_of(row) for row in known if not is_none_known(row)]
    empty = _("You told us that you have none.") if known else _("We have not asked you yet.")
    return CheckInItem("allergies", _("Allergies"), lines, empty, reverse("records_portal:start_thread"), _("Tell us"))
