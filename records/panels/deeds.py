"""For `patients.Deeds`: what the verbs of records are called where a patient reads who used their record."""

from django.utils.translation import gettext_lazy as _

from patients.parts import Deeds

deeds: Deeds = {
    # Visits and notes
    "records.start_encounter": _("Began a visit"),
    "records.finish_encounter": _("Ended a visit"),
    "records.begin_draft": _("Began to write a note"),
    "records.throw_draft_away": _("Threw an unsigned note away"),
    "records.sign_note": _("Signed a note"),
    "records.add_addendum": _("Added to a signed note"),
    "records.reopen_note": _("Opened a note again, to be written anew"),
    # Entries
    "records.record_vitals": _("Recorded vital signs"),
    "records.record_entry": _("Wrote in the record"),
    "records.void_entry": _("Marked something in the record as entered in error"),
    "records.acknowledge_result": _("Read a result"),
    "records.release_result": _("Released a result to the patient"),
    # Messages
    "records.start_thread": _("Began a conversation"),
    "records.open_thread": _("Opened a conversation"),
    "records.read_thread": _("Read a conversation"),
    "records.send_message": _("Sent a message"),
    "records.take_thread": _("Took over a conversation"),
    "records.close_thread": _("Closed a conversation"),
}
