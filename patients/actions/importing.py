"""People who come with records from elsewhere, many at once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction

from healthcare.accounts.models import Site, User
from healthcare.audit import About, record_many
from healthcare.audit.changes import bulk_verb
from healthcare.events import publish
from patients.actions.numbers import next_numbers
from patients.events import PatientDied
from patients.models import (
    ContactPoint,
    Detail,
    DuplicatePair,
    Patient,
    PatientName,
    PatientOrigin,
    RelatedPerson,
)
from patients.queries.matching import pairs_among
from patients.rules import Demographics
from patients.rules.profile import Profile, Said

NOTHING = Profile()
TOLD = ("sex_at_birth", "gender_identity", "pronouns", "language", "interpreter")
DETAILS: dict[str, type[Detail]] = {kind.__name__: kind for kind in (PatientName, ContactPoint, RelatedPerson)}


@dataclass(frozen=True)
class Newcomer:
    """A person as another system tells of them; `content` is all that it says, as JSON."""

    demographics: Demographics
    deceased: bool | None
    deceased_date: date | None
    system: str
    source_id: str
    number: str
    content: str
    profile: Profile = NOTHING
    details: tuple[Said, ...] = ()

    def fields(self) -> dict[str, object]:
        said = {**vars(self.demographics), "deceased": self.deceased, "deceased_date": self.deceased_date}
        return said | {name: getattr(self.profile, name) for name in TOLD}


@transaction.atomic
def import_patients(*, by: User | None, site: Site, people: Sequence[Newcomer]) -> list[UUID]:
    """Add these people to the patients of the site, whose teams have access from this moment; their ids, in order.

    Who seems to be registered already waits as a possible duplicate. Nothing is announced: who registers at a desk is
    greeted, and a history brought over is no visit. Raises DatabaseError for a person whom a constraint refuses, and
    adds nobody then.
    """
    numbers = next_numbers(len(people))
    patients = [Patient(mrn=mrn, site=site, **new.fields()) for mrn, new in zip(numbers, people, strict=True)]
    origins = [
        PatientOrigin(
            patient=patient, system=new.system, source_id=new.source_id, number=new.number, content=new.content
        )
        for patient, new in zip(patients, people, strict=True)
    ]
    with bulk_verb():
        Patient.objects.bulk_create(patients)
        PatientOrigin.objects.bulk_create(origins)
        _keep_details((patient.pk, new.details) for patient, new in zip(patients, people, strict=True))
        DuplicatePair.objects.bulk_create(
            DuplicatePair(patient_id=one, other_id=other, weight=weight)
            for one, other, weight in pairs_among([patient.pk for patient in patients])
        )
    record_many("patients.import", by=by, about=[About(patient.pk, patient) for patient in patients])
    return [patient.pk for patient in patients]


@transaction.atomic
def import_corrections(
    *, by: User | None, changed: Mapping[UUID, Newcomer], read: Callable[[PatientOrigin], Newcomer]
) -> None:
    """Bring over what the other system has changed since, field by field; what was changed here alone stays.

    `changed` is by patient; `read` says what was told before. A name, number or person that is told no more stays:
    whether it is over, somebody here has to say.
    """
    people = {p.pk: p for p in Patient.objects.select_for_update(of=("self",)).filter(pk__in=changed).order_by("pk")}
    rows = PatientOrigin.objects.filter(patient_id__in=changed).order_by("pk")
    origins = {(row.patient_id, row.system, row.source_id): row for row in rows}
    about = []
    for patient_id, new in changed.items():
        patient, origin = people[patient_id], origins[patient_id, new.system, new.source_id]
        told, now = read(origin).fields(), new.fields()
        fields = [name for name in now if now[name] != told[name]]
        for name in fields:
            setattr(patient, name, now[name])
        patient.save(update_fields=[*fields, "updated_at"])
        if "deceased" in fields and patient.deceased:
            publish(PatientDied(patient_id=patient_id))
        before = set(read(origin).details)
        with bulk_verb():
            _keep_details([(patient_id, [said for said in new.details if said not in before])])
        origin.number, origin.content = new.number, new.content
        origin.save(update_fields=["number", "content", "updated_at"])
        about.append(About(patient_id, patient, {"fields": fields}))
    record_many("patients.import_correction", by=by, about=about)


def _keep_details(told: Iterable[tuple[UUID, Iterable[Said]]]) -> None:
    """A number that is kept already stays as it is."""
    rows: dict[type[Detail], list[Detail]] = defaultdict(list)
    for patient_id, details in told:
        for said in details:
            kind = DETAILS[said.kind]
            rows[kind].append(kind(patient_id=patient_id, **dict(said.values)))
    for kind, made in rows.items():
        kind._default_manager.bulk_create(made, ignore_conflicts=kind is ContactPoint)
