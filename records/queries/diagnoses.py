"""What a visit dealt with: chosen from the list of problems while its note is written, and as it was signed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Value, When

from healthcare.accounts.models import User
from records.models import Draft, Encounter, Entry

CHOSEN = "diagnoses"  # the kind of the draft that holds the choice, and where the signed note holds it
PRINCIPAL = "principal"


@dataclass(frozen=True)
class Diagnosis:
    """`rank` counts from 1, the principal one; 0 for what was recorded in the visit and not ranked in its note."""

    entry_id: UUID
    display: str
    code: str
    rank: int = 0
    mark: str = ""
    entry: Entry | None = None

    @property
    def principal(self) -> bool:
        return self.rank == 1


def drafts_of(user: User, encounter: Encounter) -> tuple[Draft | None, Draft | None]:
    """This person's own draft of the visit's note, and their choice; else those of a colleague who left. One query."""
    drafts = Draft.objects.visible_to(user).filter(patient_id=encounter.patient_id, encounter=encounter)
    own = Case(When(author=user, then=Value(0)), default=Value(1))
    found: dict[str, Draft] = {}
    for draft in drafts.filter(kind__in=["note", CHOSEN]).order_by(own, "-updated_at", "pk"):
        found.setdefault(draft.kind, draft)
    return found.get("note"), found.get(CHOSEN)


def ids_in(draft: Draft | None) -> list[UUID]:
    return [UUID(one) for one in draft.content.get("entries", ())] if draft else []


def versions_of_problems(user: User, encounter: Encounter) -> list[Entry]:
    """Each version of each problem of this patient that this person sees and that is not void."""
    seen = Entry.objects.visible_to(user).filter(patient_id=encounter.patient_id, kind="condition", voided_at=None)
    return list(seen.newest_first())


def before_signing(encounter: Encounter, versions: Iterable[Entry], chosen: Sequence[UUID]) -> list[Diagnosis]:
    """What was chosen, each as it stands now, and behind it what was recorded in the visit."""
    rows = list(versions)
    found = as_it_stands(rows, chosen)
    recorded = [row for row in rows if row.encounter_id == encounter.pk and row.superseded_at is None]
    ranked = dict.fromkeys([*found, *sorted(recorded, key=lambda row: (row.created_at, row.pk))])
    return [_of(row, rank) for rank, row in enumerate(ranked, start=1)]


def as_it_stands(versions: Iterable[Entry], chosen: Sequence[UUID]) -> list[Entry]:
    """The latest version of each that was chosen and is not void, in their order."""
    rows = list(versions)
    known: Mapping[Any, Entry] = {row.pk: row for row in rows}
    later: Mapping[Any, Entry] = {row.supersedes_id: row for row in rows if row.supersedes_id}
    found = []
    for row in (known[one] for one in chosen if one in known):
        while row.pk in later:
            row = later[row.pk]
        found.append(row)
    return found


def _of(row: Entry, rank: int) -> Diagnosis:
    mark = str(row.get_sensitivity_display()) if row.sensitivity else ""
    return Diagnosis(row.pk, row.display, row.code, rank, mark, row)


def to_sign(user: User, encounter: Encounter, chosen: Sequence[UUID], sensitivity: str) -> list[dict[str, Any]]:
    """For the data of the note: each as it is called now, whatever becomes of the list of problems. Of what is marked
    otherwise than the note no word stands there: who may see it reads it where it is.
    """
    found = before_signing(encounter, versions_of_problems(user, encounter), chosen)
    return [_signed(one, sensitivity) for one in found]


def _signed(one: Diagnosis, sensitivity: str) -> dict[str, Any]:
    said: dict[str, Any] = {"entry": str(one.entry_id), "rank": one.rank}
    if one.principal:
        said["use"] = PRINCIPAL
    entry = one.entry
    if entry is None or entry.sensitivity not in ("", sensitivity):
        return said
    return said | {"code": entry.code, "code_system": entry.code_system, "display": entry.display}


def as_signed(user: User, note: Entry) -> list[Diagnosis] | None:
    """As the note was signed; None for one that was signed before notes held them. A query where some are marked."""
    said = note.data.get(CHOSEN)
    if said is None:
        return None
    wordless = [UUID(one["entry"]) for one in said if "display" not in one]
    rows = Entry.objects.visible_to(user).filter(patient_id=note.patient_id, pk__in=wordless) if wordless else ()
    known = {row.pk: row for row in rows}
    found = []
    for one in said:
        key = UUID(one["entry"])
        if "display" in one:
            found.append(Diagnosis(key, one["display"], one["code"], one["rank"]))
        elif key in known:
            found.append(_of(known[key], one["rank"]))
    return found


def recorded_after(rows: Iterable[Entry], signed: Iterable[Diagnosis]) -> list[Diagnosis]:
    """Of the problems recorded in the visit those that came after its note was signed: what stood then is in it."""
    known = {one.entry_id for one in signed}
    return [_of(row, 0) for row in rows if row.pk not in known and row.supersedes_id is None]


def diagnoses_of(
    user: User, encounter: Encounter, note: Entry | None, conditions: Sequence[Entry], chosen: Sequence[UUID]
) -> list[Diagnosis]:
    """As signed with the note, and what came after; before that as chosen, and what was recorded in the visit."""
    if note is None:
        versions = versions_of_problems(user, encounter) if chosen else conditions
        return before_signing(encounter, versions, chosen)
    said = as_signed(user, note)
    if said is None:
        return [_of(row, 0) for row in conditions]
    return [*said, *recorded_after(conditions, said)]
