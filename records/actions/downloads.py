"""The verb of taking a record along as data, for another program (45 CFR 164.524, GDPR article 20)."""

from collections.abc import Iterator
from datetime import datetime

from healthcare.accounts.models import User
from healthcare.audit import record_now
from patients.models import Patient
from records.access.downloads import check_can_download
from records.telling.bundle import bundle_of


def download_record(*, by: User, patient: Patient, now: datetime) -> Iterator[str]:
    """The pieces of a Bundle of FHIR R4: all that this person sees of the record. Audited before the first of them.

    Read them in one transaction, as this person. Raises NotAllowed, NotInScope and AuditUnavailable.
    """
    check_can_download(by, patient)
    record_now("records.download_record", by=by, patient_id=patient.pk, target=patient, detail={"format": "fhir"})
    return bundle_of(by, patient, now)
