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
        "records_cosignature": _some("%d co-signature", "%d co-signatures"),
        "records_draft": _some("%d draft that somebody is writing", "%d drafts that somebody is writing"),
        "records_thread": _some("%d conversation", "%d conversations"),
        "records_message": _some("%d message", "%d messages"),
    },
    refusals={
        "draft_one_per_visit": _("A colleague is writing in both records. They have to sign or throw away one first."),
    },
)
