"""For `patients.Deeds`: what the verbs of records are called where a patient reads who used their record."""

from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from patients.parts import Deeds, Shown
from records.models import Entry, ServiceRequest

deeds: Deeds = {
    # Visits and notes
    "records.start_encounter": _("Began a visit"),
    "records.finish_encounter": _("Ended a visit"),
    "records.close_encounter": _("Closed the record of a visit"),
    "records.reopen_encounter": _("Opened the record of a visit again"),
    "records.void_encounter": _("Marked a visit as entered in error"),
    "records.begin_draft": _("Began to write a note"),
    "records.take_over_draft": _("Went on with a note that a colleague left"),
    "records.throw_draft_away": _("Threw an unsigned note away"),
    "records.choose_diagnosis": _("Chose what a visit dealt with"),
    "records.sign_note": _("Signed a note"),
    "records.sign_nursing_note": _("Signed the nurse's part of a note"),
    "records.amend_note": _("Signed a new version of a note"),
    "records.cosign": _("Signed a note together with who wrote it"),
    "records.add_addendum": _("Added to a signed note"),
    "records.reopen_note": _("Opened a note again, to be written anew"),
    # Entries
    "records.record_vitals": _("Recorded vital signs"),
    "records.record_entry": _("Wrote in the record"),
    "records.mark_entry": _("Changed who may see something in the record"),
    "records.void_entry": _("Marked something in the record as entered in error"),
    "records.search": _("Searched the record for words"),
    "records.find": _("Found something in the record by its words"),
    "records.receive_unmatched": _("Kept a result until somebody says whose it is"),
    "records.retire_unmatched": _("Took a result off the list of those that are nobody's yet"),
    "records.acknowledge_result": _("Read a result"),
    "records.release_result": _("Released a result to the patient"),
    "records.release_when_due": _("Released a result to the patient, as it was set"),
    "records.hold_result": _("Held a result back, to prevent harm"),
    "records.review_hold": _("Looked at why a result is held back"),
    "records.wish_for_results": _("Said how results are to come"),
    "records.heed_wish": _("Asked again when results are to come"),
    "records.match_result": _("Said that a result which had come without a sure name is this patient’s"),
    "records.take_entries": _("Brought parts of the record along from another system"),
    "records.take_orders": _("Brought orders along from another system"),
    "records.take_encounters": _("Brought visits along from another system"),
    "records.retire_kept": _("Moved what another system told to where it belongs"),
    # Orders
    "records.order_services": _("Ordered a test or an image"),
    "records.prepare_order": _("Prepared an order for a doctor to place"),
    "records.place_order": _("Ordered what a colleague had prepared"),
    "records.collect_specimen": _("Took a sample"),
    "records.revoke_order": _("Took an order back"),
    "records.fail_order": _("Wrote down that nothing more comes of an order"),
    "records.await_answer": _("Noted that an order waits for its answer again"),
    "records.extend_order": _("Gave an order more time"),
    "records.chase_result": _("Told colleagues that a result waits to be read"),
    # Requests for an amendment
    "records.ask_amendment": _("Asked that something in the record be amended"),
    "records.withdraw_amendment": _("Took back that something in the record be amended"),
    "records.take_amendment": _("Took on a request for an amendment"),
    "records.extend_amendment": _("Took longer to answer a request for an amendment"),
    "records.accept_amendment": _("Accepted a request for an amendment"),
    "records.deny_amendment": _("Denied a request for an amendment"),
    "records.make_amendment": _("Amended what was asked"),
    "records.disagree_with_denial": _("Disagreed with the answer to a request for an amendment"),
    "records.rebut_disagreement": _("Answered a disagreement about a request for an amendment"),
    "records.remind_of_amendment": _("Told colleagues that a request for an amendment waits"),
    # Recalls
    "records.plan_recall": _("Planned when to come again"),
    "records.note_recall_call": _("Called about coming again"),
    "records.end_recall": _("Wrote down that nobody has to call about coming again"),
    "records.call_in": _("Told the front desk that it is time to come again"),
    "records.fulfil_recall": _("Noted a visit that was planned"),
    "records.reopen_recall": _("Planned again when to come again, for a visit was entered in error"),
    "records.settle_recall": _("Ended a plan to come again"),
    "records.cancel_recall": _("Cancelled a plan to come again"),
    # Papers
    "records.ask_paper": _("Asked for a paper made of the record"),
    "records.sign_sick_note": _("Signed a sick note"),
    "records.make_paper": _("Made a paper that was asked for"),
    "records.open_paper": _("Opened a paper made of the record, to print or to keep"),
    "records.refuse_paper": _("Was refused a paper made of the record"),
    "records.void_paper": _("Declared a sick note void"),
    "records.download_record": _("Downloaded the record as a file for another program"),
    # Messages
    "records.start_thread": _("Began a conversation"),
    "records.open_thread": _("Opened a conversation"),
    "records.read_thread": _("Read a conversation"),
    "records.send_message": _("Sent a message"),
    "records.attach_file": _("Sent a file with a message"),
    "records.open_attachment": _("Opened a file of a message"),
    "records.scan_attachment": _("Had a file of a message checked for viruses"),
    "records.take_thread": _("Took over a conversation"),
    "records.hand_on_thread": _("Gave a conversation to somebody else to answer"),
    "records.set_thread_aside": _("Said whether a conversation waits for the patient"),
    "records.close_thread": _("Closed a conversation"),
    "records.reopen_thread": _("Opened a conversation again by writing into it"),
    "records.file_thread": _("Filed a conversation to the record"),
    "records.announce_overdue": _("Told colleagues that a message waits longer than was promised"),
}


def seen_among(user: User, patient_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """For `patients.Shown`."""
    rows = Entry.objects.visible_to(user).filter(patient_id=patient_id, pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def orders_seen_among(user: User, patient_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """The same of orders."""
    rows = ServiceRequest.objects.visible_to(user).filter(patient_id=patient_id, pk__in=ids)
    return set(rows.values_list("pk", flat=True))


shown: Shown = {"records.entry": seen_among, "records.servicerequest": orders_seen_among}
