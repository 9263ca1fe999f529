"""Which problems a visit dealt with, chosen while its note is written; the signature binds them with the note."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record
from records.access.encounters import check_can_write
from records.actions.writing import NotWritable, writable
from records.models import Draft, Encounter, Entry
from records.queries.diagnoses import CHOSEN, as_it_stands, drafts_of, ids_in, versions_of_problems
from records.rules.diagnoses import MOST, Place, placed


@transaction.atomic
def choose_diagnosis(*, by: User, encounter: Encounter, problem: Entry, place: Place) -> list[UUID]:
    """Put a problem of the patient among what this visit deals with, make it the principal one, or take it off.

    Kept as a draft, so seen by its author alone, until the note is signed. Raises NotWritable for what is no problem of
    this patient, for more than twenty, and once the note is signed; NotAllowed, NotInScope.
    """
    check_can_write(by, encounter)
    encounter = writable(encounter)
    stands = problem.voided_at is None and problem.superseded_at is None
    if problem.kind != "condition" or problem.patient_id != encounter.patient_id or not stands:
        raise NotWritable(_("This is not on the list of problems any more. Look at it again."))
    _note, draft = drafts_of(by, encounter)
    before = as_it_stands(versions_of_problems(by, encounter), ids_in(draft))
    chosen = placed([row.pk for row in before], problem.pk, place)
    if len(chosen) > MOST:
        raise NotWritable(_("More than twenty diagnoses are not of one visit. Take one off first."))
    if draft is None:
        draft = Draft(patient_id=encounter.patient_id, encounter=encounter, author=by, kind=CHOSEN)
    draft.content, draft.author = {"entries": [str(one) for one in chosen]}, by
    draft.save()
    record("records.choose_diagnosis", by=by, patient_id=encounter.patient_id, target=encounter)
    return chosen
