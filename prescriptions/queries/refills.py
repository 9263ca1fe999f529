"""Requests for a refill, as the queue and the patient's page show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.db.prepared import AnyOf
from healthcare.ui.dates import day_text
from patients.models import Patient, reach_of
from prescriptions.models import Prescription, RefillRequest
from prescriptions.rules.refills import TOO_EARLY, asks_from, why_not_ask

SHOWN = 10
MOST = 100  # of one list
PEOPLE = ("patient", "prescription__prescriber", "prescription__medication", "asked_by", "answered_by", "made_in")


def why_no_refill(prescription: Prescription, now: datetime) -> str:
    """A sentence for the patient, or nothing where they can ask for more."""
    if prescription.is_stopped or prescription.is_on_hold(now):
        return _("It is on hold or was stopped: ask the clinic before you take more of it.")
    sig, at = prescription.directions, prescription.picked_up_at
    if sig is None or at is None:
        return _("There is nothing to ask for now: nothing of it was handed out, or the next supply is coming.")
    why = why_not_ask(at, sig.days, now)
    if why == TOO_EARLY:
        return _("You can ask for more from %(day)s.") % {"day": day_text(asks_from(at, sig.days))}
    return _("The last supply was long ago. Please book a visit.") if why else ""


def refills_to_answer(user: User, *, everybody: bool = False, at_most: int = MOST) -> list[RefillRequest]:
    """Of the prescriptions of this person and of those they stand in for, or of everybody in reach."""
    rows = RefillRequest.objects.visible_to(user).waiting()
    if not everybody:
        rows = rows.filter(prescription__prescriber__user=AnyOf(reach_of(user).people))
    return list(rows.select_related(*PEOPLE).order_by("asked_at", "id")[:at_most])


@dataclass(frozen=True)
class OwnRefills:
    """`asked`: the last requests, the newest first; `may_ask` and `waits`: prescriptions, by id."""

    asked: Sequence[RefillRequest]
    may_ask: frozenset[UUID]
    waits: frozenset[UUID]


def own_refills(user: User, patient: Patient, medicines: Sequence[Prescription], now: datetime) -> OwnRefills:
    """One query."""
    rows = RefillRequest.objects.visible_to(user).filter(patient=patient)
    asked = list(rows.select_related("prescription", "answered_by").order_by("-asked_at", "-id")[:SHOWN])
    waits = frozenset(row.prescription_id for row in asked if row.state == RefillRequest.State.WAITING)
    may_ask = frozenset(row.pk for row in medicines if row.pk not in waits and not why_no_refill(row, now))
    return OwnRefills(asked, may_ask, waits)


def refills_of(user: User, prescription: Prescription) -> list[RefillRequest]:
    """What was asked for of this one, the newest first."""
    rows = RefillRequest.objects.visible_to(user).filter(prescription=prescription, patient=prescription.patient_id)
    return list(rows.select_related("asked_by", "answered_by").order_by("-asked_at", "-id")[:SHOWN])
