"""For `patients.Merge`: what records has of a patient."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy as _some

from patients.parts import Merge

merge = Merge(
    goes={
        "records_encounter": _some("%d visit with its record", "%d visits with their records"),
        "records_entry": _some("%d entry of the record", "%d entries of the record"),
        "records_servicerequest": _some("%d order", "%d orders"),
        "records_resultdue": _some("%d result that somebody has to read", "%d results that somebody has to read"),
        "records_resultrelease": _some("%d result on its way to the patient", "%d results on their way to the patient"),
        "records_releasewish": _some("%d wish about results", "%d wishes about results"),
        "records_amendmentrequest": _some("%d request for an amendment", "%d requests for an amendment"),
        "records_recall": _some("%d recall", "%d recalls"),
        "records_recallcall": None,
        "records_cosignature": _some("%d co-signature", "%d co-signatures"),
        "records_draft": _some("%d draft that somebody is writing", "%d drafts that somebody is writing"),
        "records_paper": _some("%d paper that was made of the record", "%d papers that were made of the record"),
        "records_thread": _some("%d conversation", "%d conversations"),
        "records_message": _some("%d message", "%d messages"),
        "records_attachment": _some("%d file of a message", "%d files of messages"),
    },
    refusals={
        "draft_one_per_visit": _("A colleague is writing in both records. They have to sign or throw away one first."),
    },
)
