"""What is asked before a visit, and what was answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.events.parts import answers_of
from patients.models import Patient
from patients.queries.consents import NEVER, OVER, consents_of
from scheduling.models import AheadAnswer, Appointment
from scheduling.parts import CHECK_IN, CheckInItem


@dataclass(frozen=True)
class Asked:
    """`items` in the order of the journey; `to_sign` are names of papers; `failed` where a part could not say."""

    items: list[CheckInItem]
    to_sign: list[str]
    failed: bool


def asked_ahead(visit: Appointment, patient: Patient, user: User, now: datetime) -> Asked:
    """As far as whoever answers may see it: who acts for the patient in part is asked that part."""
    given = list(answers_of(CHECK_IN, lambda part: part(visit, user, now)))
    items = [details_of(patient), *(each.value for each in given if each.value is not None)]
    return Asked(items, _to_sign(user, patient, now), any(each.failed for each in given))


def details_of(patient: Patient) -> CheckInItem:
    """Address and ways to be reached; scheduling asks the app to its left itself."""
    town = " ".join(part for part in (patient.city, patient.state, patient.postal_code) if part)
    lines = [part for part in (patient.name, patient.line, town, patient.phone, patient.email) if part]
    return CheckInItem("details", _("Your details"), lines, "", reverse("portal:propose"), _("Change them"))


def _to_sign(user: User, patient: Patient, now: datetime) -> list[str]:
    asked = consents_of(user, patient, now)
    return [line.label for line in asked if line.state in (NEVER, OVER) or line.has_new_words]


def answers_ahead(user: User, visit: Appointment) -> list[AheadAnswer]:
    """What was answered, as far as this person sees the visit; in the order of the first answers."""
    rows: Any = AheadAnswer.objects.visible_to(user).filter(appointment=visit)
    return list(rows.order_by("id"))
