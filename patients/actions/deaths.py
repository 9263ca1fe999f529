"""Saying that a patient has died, and taking it back. What follows from it, each app does for itself."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from healthcare.events import publish
from patients.events import DeathTakenBack, PatientDied
from patients.models import DeathReport, Patient


class DeathRefused(Exception):
    """The message is a sentence for whoever reports it."""


@transaction.atomic
def report_death(
    *, by: User, patient: Patient, died_on: date | None, source: DeathReport.Source, now: datetime
) -> DeathReport:
    """Note that the patient has died, on that day at the patient's site; None where nobody knows the day.

    From the commit on nothing is written to them and nobody writes into their portal; visits to come are cancelled by
    who hears of it. The record stays. Raises NotAllowed, and DeathRefused for a day that cannot be, and where it is
    known already.
    """
    check_can(by, Permission.CHANGE_PATIENT)
    patient = _held(by, patient)
    if patient.deceased:
        raise DeathRefused(_("It is known already that this patient has died."))
    if died_on and died_on > now.astimezone(ZoneInfo(patient.site.time_zone)).date():
        raise DeathRefused(_("This day is still to come."))
    if died_on and patient.birth_date and died_on < patient.birth_date:
        raise DeathRefused(_("This day lies before the birth."))
    report = DeathReport(patient=patient, died_on=died_on, source=source.value, reported_by=by)
    report.save(force_insert=True)
    _set(patient, True, died_on)
    record("patients.report_death", by=by, patient_id=patient.pk, target=report, detail={"source": source.value})
    publish(PatientDied(patient_id=patient.pk))
    return report


@transaction.atomic
def take_back_death(*, by: User, patient: Patient, reason: str, now: datetime) -> None:
    """The patient lives: letters and bookings are possible again; visits that were cancelled have to be booked anew.

    Also for a death that another system told of. Raises NotAllowed, and DeathRefused without a reason, and where
    nobody says that the patient has died.
    """
    check_can(by, Permission.TAKE_BACK_DEATH)
    reason = " ".join(reason.split())
    if not reason:
        raise DeathRefused(_("Say how it is known that the patient lives."))
    patient = _held(by, patient)
    if not patient.deceased:
        raise DeathRefused(_("Nobody says that this patient has died."))
    report = DeathReport.objects.visible_to(by).standing().filter(patient=patient).first()
    if report is not None:
        report.taken_back_at, report.taken_back_by, report.taken_back_reason = now, by, reason
        report.save(update_fields=["taken_back_at", "taken_back_by", "taken_back_reason", "updated_at"])
    _set(patient, False, None)
    record("patients.take_back_death", by=by, patient_id=patient.pk, target=report or patient)
    publish(DeathTakenBack(patient_id=patient.pk))


def _held(by: User, patient: Patient) -> Patient:
    """Of two who say it at once, the second finds that it is known."""
    rows = Patient.objects.visible_to(by).select_related("site").select_for_update(of=("self",))
    return rows.get(pk=patient.pk)


def _set(patient: Patient, deceased: bool, on: date | None) -> None:
    patient.deceased, patient.deceased_date = deceased, on
    patient.save(update_fields=["deceased", "deceased_date", "updated_at"])
