"""What an import has to know of the people it speaks of. For the system."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q

from healthcare.db.context import acting_as_system
from patients.models import ImportedSource, Patient
from records.kinds.social_history import QUESTIONS
from records.models import Entry

IMPORT = "fhir_import"  # the purpose
SURGICAL = "387713003"  # the category "surgical procedure", as FHIR R4 has it in Procedure.category


@dataclass(frozen=True)
class Person:
    """What usual values depend on."""

    birth_date: date | None
    sex: str


def people_of(patient_ids: Collection[UUID]) -> dict[UUID, Person]:
    rows = Patient.objects.filter(pk__in=patient_ids).values_list("pk", "birth_date", "sex")
    return {pk: Person(birth_date, sex) for pk, birth_date, sex in rows.order_by("pk")}


def reports_of(patient_ids: Collection[UUID]) -> dict[str, UUID]:
    """By the source of a result: the report that holds it, in its first version, under which its parts hang."""
    rows = Entry.objects.current().of_kind("diagnostic_report").filter(patient_id__in=patient_ids)
    said = rows.exclude(source="").order_by("id").values_list("pk", "data__first", "data__members")
    return {member: UUID(first) if first else pk for pk, first, members in said for member in members or ()}


def first_versions(patient_ids: Collection[UUID], entry_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Of these reports, those that are no first versions: which one is."""
    if not entry_ids:
        return {}
    rows = Entry.objects.filter(patient_id__in=patient_ids, pk__in=entry_ids, data__has_key="first").order_by("id")
    return {pk: UUID(first) for pk, first in rows.values_list("pk", "data__first")}


def allergic_people(patient_ids: Collection[UUID]) -> set[UUID]:
    """Those with an allergy on their list now."""
    rows = Entry.objects.current().of_kind("allergy").filter(patient_id__in=patient_ids, clinical_status="active")
    return set(rows.exclude(code="no-known-allergies").order_by("id").values_list("patient_id", flat=True))


def with_a_home_now(after: UUID | None, at_most: int) -> list[Entry]:
    """Entries that other systems told of, which stand as something else than they would be taken for now; by id.

    A family history, answers to a questionnaire or an order kept whole; an answer to one of our questions as any
    observation; an operation as any procedure.
    """
    kept = Q(kind="imported", code__in=["FamilyMemberHistory", "QuestionnaireResponse", "ServiceRequest"])
    answered = Q(kind="observation", code__in=QUESTIONS, value=None)
    operated = Q(kind="procedure", clinical_status="completed", data__resource__icontains=SURGICAL)
    rows = Entry.objects.current().exclude(source="").filter(kept | answered | operated)
    return list((rows.filter(pk__gt=after) if after else rows).order_by("id")[:at_most])


@dataclass(frozen=True)
class KeptWhole:
    """Where a resource came from, and its JSON; "" where the entry that held it no longer stands."""

    source: ImportedSource
    text: str


def kept_whole(kind: str, after: UUID | None, at_most: int = 500) -> list[KeptWhole]:
    """What is kept whole of this type, by its sources from `after` on. As the import, outside of its batches."""
    with acting_as_system(IMPORT):
        rows = ImportedSource.objects.filter(resource_type=kind, model=Entry._meta.label_lower, kept=True)
        sources = list((rows.filter(pk__gt=after) if after else rows).order_by("pk")[:at_most])
        about, keys = {row.patient_id for row in sources}, [row.row_id for row in sources]
        held = Entry.objects.current().of_kind("imported").filter(patient_id__in=about, pk__in=keys).order_by("pk")
        texts = {row.pk: row.data["resource"] for row in held}
    return [KeptWhole(source, texts.get(source.row_id, "")) for source in sources]
