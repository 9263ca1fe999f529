"""For `patients.Deeds`: what the verbs of records are called where a patient reads who used their record."""

from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from patients.parts import Deeds, Shown
from records.models import Entry

deeds: Deeds = {
    # Visits and notes
    "records.start_encounter": _("Began a visit"),
    "records.finish_encounter": _("Ended a visit"),
    "records.close_encounter": _("Closed the record of a visit"),
    "records.reopen_encounter": _("Opened the record of a visit again"),
    "records.begin_draft": _("Began to write a note"),
    "records.take_over_draft": _("Went on with a note that a colleague left"),
    "records.throw_draft_away": _("Threw an unsigned note away"),
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
    "records.acknowledge_result": _("Read a result"),
    "records.release_result": _("Released a result to the patient"),
    "records.take_entries": _("Brought parts of the record along from another system"),
    "records.take_encounters": _("Brought visits along from another system"),
    "records.retire_kept": _("Moved what another system told to where it belongs"),
    # Orders
    "records.order_services": _("Ordered a test or an image"),
    "records.prepare_order": _("Prepared an order for a doctor to place"),
    "records.place_order": _("Ordered what a colleague had prepared"),
    "records.collect_specimen": _("Took a sample"),
    "records.revoke_order": _("Took an order back"),
    "records.fail_order": _("Wrote down that nothing more comes of an order"),
    "records.extend_order": _("Gave an order more time"),
    "records.chase_result": _("Told colleagues that a result waits to be read"),
    # Messages
    "records.start_thread": _("Began a conversation"),
    "records.open_thread": _("Opened a conversation"),
    "records.read_thread": _("Read a conversation"),
    "records.send_message": _("Sent a message"),
    "records.take_thread": _("Took over a conversation"),
    "records.close_thread": _("Closed a conversation"),
}


def seen_among(user: User, patient_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """For `patients.Shown`."""
    rows = Entry.objects.visible_to(user).filter(patient_id=patient_id, pk__in=ids)
    return set(rows.values_list("pk", flat=True))


shown: Shown = {"records.entry": seen_among}
