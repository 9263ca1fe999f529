"""What follows facts: alerts for those who must act, letters without content, reminders that keep to their visit."""

from uuid import UUID

from django.utils import timezone

from alerts import actions
from alerts.events import AlertAcknowledged
from alerts.rules import is_bounce
from alerts.subscribers import handing, refills, threads
from billing.events import InvoiceIssued
from healthcare.events import after, inside
from healthcare.messaging.events import MessageFailed, ReplyAnswers
from patients.events import PatientDied, PrivacyCaseAnswered
from prescriptions.events import (
    ConflictFoundLater,
    PrescriptionCancelled,
    PrescriptionNotCollected,
    PrescriptionNotDispensed,
    PrescriptionPickedUp,
    PrescriptionReady,
    PrescriptionStopped,
    PrescriptionToPrepare,
)
from records.events import (
    AbnormalValueRecorded,
    AmendmentAnswered,
    AmendmentDisputed,
    AmendmentDueSoon,
    AmendmentExtended,
    AmendmentRebutted,
    AmendmentRequested,
    AmendmentWithdrawn,
    EntryVoided,
    MessageSent,
    OrderFailed,
    RecallDue,
    RecallEnded,
    ResultAcknowledged,
    ResultCorrected,
    ResultLeftUnread,
    ResultReleased,
    ValueCorrected,
)
from scheduling.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    AppointmentRequested,
    OfferLost,
    RequestDeclined,
    RequestExpired,
    SeriesBooked,
    SeriesCancelled,
    SeriesMoved,
    SiteClosed,
    SiteReopened,
    TimeBlocked,
    TimeUnblocked,
    WaitOffered,
)
from scheduling.rules import source_of

__all__ = ["handing", "refills", "threads"]
RequestFact = AppointmentRequested | RequestDeclined | RequestExpired
VisitFact = AppointmentBooked | AppointmentMoved | AppointmentCancelled | RequestFact


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
    if not fact.in_series:
        _tell_of_appointment("appointment_booked", fact)


@after(AppointmentMoved)
def confirm_move(fact: AppointmentMoved) -> None:
    if not fact.in_series:
        _tell_of_appointment("appointment_moved", fact)


@after(AppointmentCancelled)
def confirm_cancellation(fact: AppointmentCancelled) -> None:
    if not fact.in_series:
        _tell_of_appointment("appointment_cancelled", fact)


@after(AppointmentMoved)
def withdraw_outdated(fact: AppointmentMoved) -> None:
    actions.withdraw_outdated(by=None, appointment_id=fact.appointment_id, now=timezone.now())


@after(AppointmentCancelled)
def withdraw_outdated_of_cancelled(fact: AppointmentCancelled) -> None:
    actions.withdraw_outdated(by=None, appointment_id=fact.appointment_id, now=timezone.now())


@after(SeriesBooked)
def confirm_series(fact: SeriesBooked) -> None:
    _tell_of_series("series_booked", fact.series_id, fact)


@after(SeriesMoved)
def confirm_series_move(fact: SeriesMoved) -> None:
    _tell_of_series("series_moved", fact.change_id, fact)


@after(SeriesCancelled)
def confirm_series_cancellation(fact: SeriesCancelled) -> None:
    _tell_of_series("series_cancelled", fact.change_id, fact)


def _tell_of_series(letter: str, occasion: UUID, fact: SeriesBooked | SeriesMoved | SeriesCancelled) -> None:
    actions.tell_of_series(
        by=None, letter=letter, occasion=occasion, appointment_ids=fact.appointment_ids, now=timezone.now()
    )


@after(AppointmentRequested)
def confirm_request(fact: AppointmentRequested) -> None:
    _tell_of_appointment("appointment_requested", fact)


@after(RequestDeclined)
def tell_of_declined(fact: RequestDeclined) -> None:
    _tell_of_appointment("request_declined", fact)


@after(RequestExpired)
def tell_of_expired(fact: RequestExpired) -> None:
    _tell_of_appointment("request_expired", fact)


@after(WaitOffered)
def tell_of_offer(fact: WaitOffered) -> None:
    actions.tell_of_offer(by=None, offer_id=fact.offer_id, now=timezone.now())


@after(OfferLost)
def tell_of_lost_offer(fact: OfferLost) -> None:
    actions.tell_of_lost_offer(by=None, offer_id=fact.offer_id)


def _tell_of_appointment(letter: str, fact: VisitFact) -> None:
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


@after(AmendmentRequested)
def alert_of_amendment(fact: AmendmentRequested) -> None:
    actions.raise_amendment(by=None, request_id=fact.request_id, patient_id=fact.patient_id, now=timezone.now())


@after(AmendmentDueSoon)
def alert_of_amendment_due(fact: AmendmentDueSoon) -> None:
    actions.raise_amendment_due(
        by=None, request_id=fact.request_id, patient_id=fact.patient_id, overdue=fact.overdue, now=timezone.now()
    )


@after(AmendmentDisputed)
def alert_of_dispute(fact: AmendmentDisputed) -> None:
    actions.raise_dispute(by=None, request_id=fact.request_id, patient_id=fact.patient_id, now=timezone.now())


@after(AmendmentAnswered)
def close_alerts_of_answered(fact: AmendmentAnswered) -> None:
    actions.close_amendment(by=None, request_id=fact.request_id, now=timezone.now())


@after(AmendmentWithdrawn)
def close_alerts_of_withdrawn(fact: AmendmentWithdrawn) -> None:
    actions.close_amendment(by=None, request_id=fact.request_id, now=timezone.now())


@after(AmendmentRebutted)
def close_alerts_of_rebutted(fact: AmendmentRebutted) -> None:
    actions.close_amendment(by=None, request_id=fact.request_id, now=timezone.now())


@after(RecallDue)
def ask_desk_to_call_in(fact: RecallDue) -> None:
    actions.raise_recall(by=None, recall_id=fact.recall_id, patient_id=fact.patient_id, now=timezone.now())


@after(RecallEnded)
def close_alerts_of_recall(fact: RecallEnded) -> None:
    actions.close_recall(by=None, recall_id=fact.recall_id, now=timezone.now())


@after(TimeBlocked)
def ask_desk_to_move(fact: TimeBlocked) -> None:
    actions.ask_to_move(by=None, claim_id=fact.claim_id, appointment_ids=fact.appointment_ids, now=timezone.now())


@after(TimeUnblocked)
def close_alerts_of_block(fact: TimeUnblocked) -> None:
    actions.close_alerts_of_block(by=None, claim_id=fact.claim_id, now=timezone.now())


@after(SiteClosed)
def ask_desk_of_closed_site(fact: SiteClosed) -> None:
    actions.ask_to_move_out(
        by=None, closure_id=fact.closure_id, appointment_ids=fact.appointment_ids, now=timezone.now()
    )


@after(SiteReopened)
def close_alerts_of_reopened_site(fact: SiteReopened) -> None:
    actions.close_alerts_of_block(by=None, claim_id=fact.closure_id, now=timezone.now())


@after(AppointmentMoved)
def close_alerts_of_moved(fact: AppointmentMoved) -> None:
    actions.close_alerts(by=None, source=source_of(fact.appointment_id), now=timezone.now())


@after(AppointmentCancelled)
def close_alerts_of_cancelled(fact: AppointmentCancelled) -> None:
    actions.close_alerts(by=None, source=source_of(fact.appointment_id), now=timezone.now())


@after(PrescriptionNotCollected)
def tell_prescriber_not_collected(fact: PrescriptionNotCollected) -> None:
    actions.report_not_collected(by=None, prescription_id=fact.prescription_id, now=timezone.now())


@after(PrescriptionNotDispensed)
def tell_prescriber_not_dispensed(fact: PrescriptionNotDispensed) -> None:
    actions.report_not_dispensed(by=None, prescription_id=fact.prescription_id, now=timezone.now())


@after(PrescriptionToPrepare)
def close_alerts_of_taken_up(fact: PrescriptionToPrepare) -> None:
    source = f"prescriptions.prescription:{fact.prescription_id}"
    actions.close_alerts(by=None, source=source, now=timezone.now(), kinds=["not_dispensed"])


@after(PrescriptionPickedUp)
def tell_prescriber_picked_up(fact: PrescriptionPickedUp) -> None:
    actions.report_picked_up(
        by=None, prescription_id=fact.prescription_id, dispense_id=fact.dispense_id, now=timezone.now()
    )


@after(ConflictFoundLater, queue="urgent")
def tell_prescriber_of_conflict(fact: ConflictFoundLater) -> None:
    actions.report_later_conflict(
        by=None, prescription_id=fact.prescription_id, check_id=fact.check_id, now=timezone.now()
    )


@after(PrescriptionCancelled)
@after(PrescriptionStopped)
def close_alerts_of_prescription(fact: PrescriptionCancelled | PrescriptionStopped) -> None:
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
    if is_bounce(fact.status, fact.error):
        actions.mark_bounced_address(by=None, message_id=fact.message_id, now=timezone.now())


@after(MessageFailed)
def try_another_way(fact: MessageFailed) -> None:
    """What may have arrived is not told twice."""
    if fact.status != "unknown":
        actions.try_another_way(by=None, message_id=fact.message_id, now=timezone.now())


@after(ReplyAnswers)
def answer_by_text(fact: ReplyAnswers) -> None:
    actions.answer_by_text(by=None, reply_id=fact.reply_id, yes=fact.yes, now=timezone.now())


# == Letters to patients, and to who is to answer them; more in `threads` ==
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


@after(AmendmentAnswered)
def tell_of_amendment(fact: AmendmentAnswered) -> None:
    actions.tell_of_amendment(by=None, request_id=fact.request_id, patient_id=fact.patient_id, stage="answered")


@after(AmendmentExtended)
def tell_of_longer_wait(fact: AmendmentExtended) -> None:
    actions.tell_of_amendment(by=None, request_id=fact.request_id, patient_id=fact.patient_id, stage="extended")


@after(AmendmentRebutted)
def tell_of_rebuttal(fact: AmendmentRebutted) -> None:
    actions.tell_of_amendment(by=None, request_id=fact.request_id, patient_id=fact.patient_id, stage="rebutted")
