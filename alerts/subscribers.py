"""What follows facts: alerts for those who must act, letters without content, reminders that keep to their visit."""

from django.utils import timezone

from alerts import actions
from alerts.events import AlertAcknowledged
from alerts.rules import is_bounce
from billing.events import InvoiceIssued
from healthcare.events import after, inside
from healthcare.messaging.events import MessageFailed
from patients.events import PatientDied, PrivacyCaseAnswered
from prescriptions.events import (
    PrescriptionCancelled,
    PrescriptionNotCollected,
    PrescriptionPickedUp,
    PrescriptionReady,
)
from records.events import (
    AbnormalValueRecorded,
    EntryVoided,
    MessageSent,
    OrderFailed,
    ResultAcknowledged,
    ResultCorrected,
    ResultLeftUnread,
    ResultReleased,
    ValueCorrected,
)
from scheduling.events import AppointmentBooked, AppointmentCancelled, AppointmentMoved, TimeBlocked, TimeUnblocked
from scheduling.rules import source_of


# == Reminders keep to their visit: in the transaction that books, moves or cancels it, as who does that ==
@inside(AppointmentBooked)
def plan_reminders(fact: AppointmentBooked) -> None:
    actions.plan_reminders(by=None, appointment_id=fact.appointment_id, sequence=fact.sequence, now=timezone.now())


@inside(AppointmentMoved)
def plan_reminders_again(fact: AppointmentMoved) -> None:
    actions.plan_reminders(by=None, appointment_id=fact.appointment_id, sequence=fact.sequence, now=timezone.now())


@inside(AppointmentCancelled)
def withdraw_reminders(fact: AppointmentCancelled) -> None:
    actions.withdraw_reminders(
        by=None, appointment_id=fact.appointment_id, patient_id=fact.patient_id, now=timezone.now()
    )


# == Letters about visits ==
@after(AppointmentBooked)
def confirm_booking(fact: AppointmentBooked) -> None:
    _tell_of_appointment("appointment_booked", fact)


@after(AppointmentMoved)
def confirm_move(fact: AppointmentMoved) -> None:
    _tell_of_appointment("appointment_moved", fact)


@after(AppointmentCancelled)
def confirm_cancellation(fact: AppointmentCancelled) -> None:
    _tell_of_appointment("appointment_cancelled", fact)


def _tell_of_appointment(letter: str, fact: AppointmentBooked | AppointmentMoved | AppointmentCancelled) -> None:
    actions.tell_of_appointment(
        by=None, letter=letter, appointment_id=fact.appointment_id, sequence=fact.sequence, now=timezone.now()
    )


# == Alerts ==
@after(AbnormalValueRecorded, queue="urgent")
def alert_of_abnormal_value(fact: AbnormalValueRecorded) -> None:
    actions.raise_abnormal_value(
        by=None,
        entry_id=fact.entry_id,
        patient_id=fact.patient_id,
        severity=fact.severity,
        encounter_id=fact.encounter_id,
        now=timezone.now(),
    )


@after(EntryVoided)
def close_alerts_of_entry(fact: EntryVoided) -> None:
    actions.settle_alerts(by=None, entry_id=fact.entry_id, patient_id=fact.patient_id, now=timezone.now())


@after(ValueCorrected, queue="urgent")
def close_alerts_of_corrected(fact: ValueCorrected) -> None:
    actions.settle_alerts(by=None, entry_id=fact.entry_id, patient_id=fact.patient_id, now=timezone.now())


@after(ResultLeftUnread, queue="urgent")
def alert_of_unread_result(fact: ResultLeftUnread) -> None:
    actions.raise_unread_result(by=None, entry_id=fact.entry_id, patient_id=fact.patient_id, now=timezone.now())


@after(ResultCorrected, queue="urgent")
def alert_of_corrected_result(fact: ResultCorrected) -> None:
    actions.raise_corrected_result(
        by=None, entry_id=fact.entry_id, patient_id=fact.patient_id, told_id=fact.told_id, now=timezone.now()
    )


@after(ResultAcknowledged)
def close_alerts_of_read_result(fact: ResultAcknowledged) -> None:
    actions.close_read_result(by=None, entry_id=fact.entry_id, now=timezone.now())


@after(OrderFailed)
def alert_of_failed_order(fact: OrderFailed) -> None:
    actions.raise_failed_order(by=None, request_id=fact.request_id, patient_id=fact.patient_id, now=timezone.now())


@after(TimeBlocked)
def ask_desk_to_move(fact: TimeBlocked) -> None:
    actions.ask_to_move(by=None, claim_id=fact.claim_id, appointment_ids=fact.appointment_ids, now=timezone.now())


@after(TimeUnblocked)
def close_alerts_of_block(fact: TimeUnblocked) -> None:
    actions.close_alerts_of_block(by=None, claim_id=fact.claim_id, now=timezone.now())


@after(AppointmentMoved)
def close_alerts_of_moved(fact: AppointmentMoved) -> None:
    actions.close_alerts(by=None, source=source_of(fact.appointment_id), now=timezone.now())


@after(AppointmentCancelled)
def close_alerts_of_cancelled(fact: AppointmentCancelled) -> None:
    actions.close_alerts(by=None, source=source_of(fact.appointment_id), now=timezone.now())


@after(PrescriptionNotCollected)
def tell_prescriber_not_collected(fact: PrescriptionNotCollected) -> None:
    actions.report_not_collected(by=None, prescription_id=fact.prescription_id, now=timezone.now())


@after(PrescriptionPickedUp)
def tell_prescriber_picked_up(fact: PrescriptionPickedUp) -> None:
    actions.report_picked_up(by=None, prescription_id=fact.prescription_id, now=timezone.now())


@after(PrescriptionCancelled)
def close_alerts_of_prescription(fact: PrescriptionCancelled) -> None:
    source = f"prescriptions.prescription:{fact.prescription_id}"
    actions.close_alerts(by=None, source=source, now=timezone.now())


@after(AlertAcknowledged, queue="urgent")
def withdraw_letters(fact: AlertAcknowledged) -> None:
    actions.withdraw_letters(by=None, alert_id=fact.alert_id, now=timezone.now())


@after(MessageFailed, queue="urgent")
def hasten_alert(fact: MessageFailed) -> None:
    actions.hasten_alert(by=None, message_id=fact.message_id, now=timezone.now())


@after(MessageFailed)
def mark_bounced_address(fact: MessageFailed) -> None:
    if fact.channel == "email" and is_bounce(fact.status, fact.error):
        actions.mark_bounced_address(by=None, message_id=fact.message_id, now=timezone.now())


# == Letters to patients, and to who is to answer them ==
@after(MessageSent)
def tell_of_message(fact: MessageSent) -> None:
    actions.tell_of_message(by=None, message_id=fact.message_id)


@after(ResultReleased)
def tell_of_result(fact: ResultReleased) -> None:
    source = f"records.entry:{fact.entry_id}"
    actions.tell_patient(by=None, letter="result_released", patient_id=fact.patient_id, source=source)


@after(PrescriptionReady)
def tell_of_medicine(fact: PrescriptionReady) -> None:
    actions.tell_of_medicine(by=None, prescription_id=fact.prescription_id)


@after(InvoiceIssued)
def tell_of_invoice(fact: InvoiceIssued) -> None:
    source = f"billing.invoice:{fact.invoice_id}"
    actions.tell_patient(by=None, letter="invoice_issued", patient_id=fact.patient_id, source=source)


@after(PatientDied, queue="urgent")
def withdraw_letters_to_the_dead(fact: PatientDied) -> None:
    actions.withdraw_letters_to_the_dead(by=None, patient_id=fact.patient_id, now=timezone.now())


@after(PrivacyCaseAnswered)
def tell_of_privacy_answer(fact: PrivacyCaseAnswered) -> None:
    source = f"patients.privacycase:{fact.case_id}"
    actions.tell_patient(by=None, letter="privacy_answer", patient_id=fact.patient_id, source=source)
