"""From what has happened to the alert about it: who should know first, at which site, and what keeps it from being
raised twice."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from alerts.actions.alerts import close_alerts, raise_alert
from alerts.queries.takings import severity_now
from alerts.rules import HIGH, INFO, SEVERITIES, URGENT, is_history
from healthcare.accounts.models import Provider, User
from prescriptions.models import Prescription
from records.models import Encounter, Entry
from scheduling.models import Appointment, AppointmentQuerySet, SiteClosure, TimeClaim
from scheduling.queries import visit_under_way
from scheduling.queries.closures import without_extra
from scheduling.rules import source_of


@transaction.atomic
def raise_abnormal_value(
    *, by: User | None, entry_id: UUID, patient_id: UUID, severity: str, encounter_id: UUID | None, now: datetime
) -> None:
    """A value that a doctor must know: the provider of the visit, else the doctors at the site.

    What was measured before the visit began is not tied to one: then it is the visit the patient is here for today.
    A severity that is not known here counts as urgent. A value voided meanwhile alarms nobody, nor a taking whose wrong
    value was corrected meanwhile, nor one that was out of range days ago and was entered late.
    """
    severity = severity if severity in SEVERITIES else URGENT
    entries = Entry.objects.current().filter(pk=entry_id, patient_id=patient_id).select_related("patient")
    entry = entries.first()
    severity = severity if entry is None else severity_now(entry, severity)
    if entry is None or not severity or is_history(severity, entry.effective_at, now):
        return
    encounters = Encounter.objects.select_related("provider__user", "site")
    visit = encounters.filter(pk=encounter_id).first() if encounter_id else visit_under_way(patient_id, now)
    raise_alert(
        by=by,
        patient=entry.patient,
        kind="abnormal_value",
        severity=severity,
        source=f"records.entry:{entry_id}",
        owners=_account(visit.provider) if visit else (),
        site=visit.site if visit else None,
        now=now,
    )


@transaction.atomic
def report_not_collected(*, by: User | None, prescription_id: UUID, now: datetime) -> None:
    """Nobody came for the medicine in its days: the prescriber must know. Collected meanwhile, or died: nothing."""
    prescription = _prescription(prescription_id)
    if prescription is None or prescription.patient.deceased:
        return
    if prescription.status == Prescription.Status.NOT_COLLECTED:
        since = int(prescription.collect_by.timestamp()) if prescription.collect_by else 0
        _report(by, prescription, "not_collected", HIGH, now, occasion=str(since))


@transaction.atomic
def report_not_dispensed(*, by: User | None, prescription_id: UUID, now: datetime) -> None:
    """The dispensary gives nothing, or no more of it: the prescriber must know. Taken up again, or died: nothing."""
    prescription = _prescription(prescription_id)
    if prescription is None or prescription.not_dispensed_at is None or prescription.patient.deceased:
        return
    close_alerts(by=by, source=f"prescriptions.prescription:{prescription.pk}", now=now, kinds=["not_collected"])
    _report(by, prescription, "not_dispensed", HIGH, now, occasion=str(int(prescription.not_dispensed_at.timestamp())))


@transaction.atomic
def report_picked_up(*, by: User | None, prescription_id: UUID, dispense_id: UUID | None = None, now: datetime) -> None:
    """The medicine was collected: the prescriber learns it, and what waited because nobody came is closed.

    Once for each time that it is handed out.
    """
    prescription = _prescription(prescription_id)
    if prescription is not None:
        close_alerts(by=by, source=f"prescriptions.prescription:{prescription.pk}", now=now, kinds=["not_collected"])
        _report(by, prescription, "picked_up", INFO, now, occasion=str(dispense_id or ""))


@transaction.atomic
def report_later_conflict(*, by: User | None, prescription_id: UUID, check_id: UUID, now: datetime) -> None:
    """What was learned since does not go with what is signed: the prescriber must know. Cancelled since: nothing."""
    prescription = _prescription(prescription_id)
    if prescription is None or prescription.patient.deceased:
        return
    if prescription.status in Prescription.GOING:
        _report(by, prescription, "later_conflict", HIGH, now, occasion=str(check_id))


@transaction.atomic
def ask_to_move(*, by: User | None, claim_id: UUID, appointment_ids: Iterable[UUID], now: datetime) -> None:
    """Visits that stand in time which was blocked since: the front desk at their site has to move each of them.

    Facts may overtake each other: a visit that was moved away meanwhile, or a block that was lifted, asks nobody.
    """
    block = TimeClaim.objects.select_related("resource").filter(pk=claim_id, kind=TimeClaim.Kind.BLOCK).first()
    if block is None:
        return
    named = Appointment.objects.filter(pk__in=list(appointment_ids), provider=block.resource.provider)
    _ask_for_each(by, named.filter(during__overlap=block.blocked), claim_id, now)


@transaction.atomic
def ask_to_move_out(*, by: User | None, closure_id: UUID, appointment_ids: Iterable[UUID], now: datetime) -> None:
    """Visits at a site that was closed for their time since, as `ask_to_move`; but for those in extra hours there."""
    closure = SiteClosure.objects.filter(pk=closure_id).first()
    if closure is None:
        return
    named = Appointment.objects.filter(pk__in=list(appointment_ids), site=closure.site_id)
    inside = [visit.pk for visit in without_extra(named.filter(during__overlap=closure.during).order_by("pk"))]
    _ask_for_each(by, named.filter(pk__in=inside), closure_id, now)


def _ask_for_each(by: User | None, visits: AppointmentQuerySet, occasion: UUID, now: datetime) -> None:
    for visit in visits.select_related("patient", "site").order_by("pk"):
        if visit.is_open:
            raise_alert(
                by=by,
                patient=visit.patient,
                kind="blocked_time",
                severity=HIGH,
                source=source_of(visit.pk),
                occasion=f"blocked_time:{occasion}:{visit.pk}",
                site=visit.site,
                now=now,
            )


def _report(
    by: User | None, prescription: Prescription, kind: str, severity: str, now: datetime, occasion: str = ""
) -> None:
    source = f"prescriptions.prescription:{prescription.pk}"
    raise_alert(
        by=by,
        patient=prescription.patient,
        kind=kind,
        severity=severity,
        source=source,
        occasion=f"{kind}:{source}:{occasion}",
        owners=_account(prescription.prescriber),
        site=prescription.site,
        now=now,
    )


def _prescription(prescription_id: UUID) -> Prescription | None:
    rows = Prescription.objects.select_related("patient", "prescriber__user", "site")
    return rows.filter(pk=prescription_id).first()


def _account(provider: Provider | None) -> list[User]:
    """The account of a provider who signs in; not every one does, and a visit elsewhere has none of ours."""
    return [provider.user] if provider is not None and provider.user is not None else []
