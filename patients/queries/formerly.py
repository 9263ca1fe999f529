"""Why somebody was found whose name is another than what was typed: a name that they bore before."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from healthcare.accounts.models import User
from patients.models import PatientName
from patients.queries.finding import FoundPatient
from patients.rules.matching import folded


def with_former_names(user: User, found: Sequence[FoundPatient], name: str) -> list[FoundPatient]:
    """The lines, each that does not bear what was typed as `name` with the other names that do. A query at most."""
    words = folded(name).split()
    others = [line.id for line in found if line.visible and not _bears(words, _of(line))]
    names: dict[UUID, list[str]] = {}
    if others and words:
        rows = PatientName.objects.visible_to(user).current().filter(patient__in=others).order_by("pk")
        for row in rows:
            if any(word in folded(row.text).split() for word in words):
                names.setdefault(row.patient_id, []).append(row.text)
    return [replace(line, formerly=", ".join(names[line.id])) if line.id in names else line for line in found]


def _of(line: FoundPatient) -> str:
    return f"{line.given_name} {line.family_name} {line.preferred_name}"


def _bears(words: Sequence[str], name: str) -> bool:
    return all(word in folded(name) for word in words)
