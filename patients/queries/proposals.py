"""What patients propose, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from healthcare.accounts.models import User
from healthcare.ui.reading import phone_text
from patients.models import Patient, ProposedChange
from patients.queries.quality import MOST
from patients.rules.profile import LANGUAGES

SHOWN = 50  # answered ones on a page


@dataclass(frozen=True)
class ProposalLine:
    """`now` is what the record says; as it is kept in `seen`, and in words in `now_words`."""

    proposal: ProposedChange
    label: str
    seen: str
    now_words: str
    words: str


def waiting_of(user: User, patient: Patient) -> list[ProposedChange]:
    rows = ProposedChange.objects.visible_to(user).waiting().filter(patient=patient)
    return list(rows.select_related("proposed_by").order_by("pk"))


def lines_of(patient: Patient, rows: Sequence[ProposedChange]) -> list[ProposalLine]:
    return [
        ProposalLine(
            proposal=row,
            label=str(Patient._meta.get_field(row.field).verbose_name),  # type: ignore[union-attr]
            seen=getattr(patient, row.field),
            now_words=in_words(row.field, getattr(patient, row.field)),
            words=in_words(row.field, row.value),
        )
        for row in rows
    ]


def answered_of(user: User, patient: Patient) -> list[ProposedChange]:
    """The last ones that were answered, newest first."""
    rows = ProposedChange.objects.visible_to(user).filter(patient=patient, state__in=["accepted", "refused"])
    return list(rows.select_related("proposed_by", "answered_by").order_by("-answered_at")[:SHOWN])


def patients_with_proposals(user: User) -> list[Patient]:
    """Whose proposals wait, who has waited longest first; one more than a page lists."""
    rows = ProposedChange.objects.visible_to(user).waiting().order_by("created_at", "pk")
    ids = list(dict.fromkeys(rows.values_list("patient_id", flat=True)[: 4 * MOST]))[: MOST + 1]
    people: Any = Patient.objects.visible_to(user).in_bulk(ids)
    return [people[pk] for pk in ids if pk in people]


def in_words(field: str, value: str) -> str:
    """A kept value as people read it; "" for nothing."""
    if field == "phone":
        return phone_text(value)
    if field == "language":
        return LANGUAGES.get(value, value)
    choices = dict(Patient._meta.get_field(field).flatchoices)  # type: ignore[union-attr]
    return str(choices.get(value, value))
