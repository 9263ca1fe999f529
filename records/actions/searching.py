"""Find words in charts. It is reading, and whose record was shown is written down before it is."""

from collections.abc import Sequence

from django.db.models import Q

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import PATIENT
from healthcare.audit import record_now
from patients.models import Patient
from records.queries.words import Found, find_words, fitting, fitting_by_row
from records.rules.words import Words


def search_charts(*, by: User, words: Words, patient: Patient | None = None) -> Sequence[Found]:
    """Up to 30 entries of this chart, or of all that the actor may read, the best first.

    The audit says that somebody searched and whose entries were shown, never what was typed. Raises NotAllowed,
    AuditUnavailable and TooManySearches.
    """
    check_can(by, Permission.READ_CLINICAL)
    record_now("records.search", by=by, patient_id=patient.pk if patient else None)
    found = find_words(by, words, patient)
    if patient is None:
        for patient_id in dict.fromkeys(one.patient.pk for one in found):
            record_now("records.find", by=by, patient_id=patient_id)
    return found


def search_one_chart(*, by: User, words: Words, patient: Patient) -> Q:
    """What narrows a list of this patient's entries, which keeps its order, to those in which the words stand.

    It opens nothing: the list is of what the actor may see. Raises AuditUnavailable and TooManySearches.
    """
    record_now("records.search", by=by, patient_id=patient.pk)
    return fitting_by_row(words) if by.acting_role == PATIENT else fitting(words, patient)
