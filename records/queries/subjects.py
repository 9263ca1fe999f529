"""What a conversation is about: a reference that the app of the row resolves, for each reader anew."""

from uuid import UUID

from healthcare.accounts.models import User
from healthcare.events.parts import answers_of, parts_of
from patients.models import Patient
from records.parts import SUBJECTS, Subject


def subject_of(user: User, patient: Patient, source: str) -> Subject | None:
    """None for what is not there, not this patient's or not open to this reader, and for what nobody resolves."""
    kind, _colon, key = source.partition(":")
    try:
        found = UUID(key)
    except ValueError:
        return None
    asked = answers_of(SUBJECTS, lambda part: part.find(patient, user, found) if part.kind == kind else None)
    return next((given.value for given in asked if given.value), None)


def category_of(source: str) -> str:
    """What a conversation about this is about; "" where nobody knows such rows."""
    kind = source.partition(":")[0]
    return next((part.category for part in parts_of(SUBJECTS) if part.kind == kind), "")
