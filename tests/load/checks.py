"""The safety check of one prescription, for a patient with 40 medicines and 10 allergies: rows read, rules asked."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.audit.changes import bulk_verb
from healthcare.db.context import acting_as, acting_as_system
from patients.models import Patient
from prescriptions import actions, queries
from prescriptions.models import Medication, MedicationStatement, Prescription
from records.models import Entry
from tests.load import CannotMeasure
from tests.load.bench import Bench, timed
from tests.load.figures import percentile
from tests.load.people import PURPOSE, staff

MEDICINES, ALLERGIES = 40, 10
CHECKS, WARM_UP = 200, 20
SUBJECT = "warfarin"  # what most rules speak of


def run(bench: Bench) -> None:
    """What is written for it is taken back. The first checks read the rules into the process, as a worker's do."""
    doctor = next((person for person in staff("doctor", patients=1) if person.provider_id), None)
    if doctor is None:
        raise CannotMeasure("No doctor of this instance prescribes.")
    user = User.objects.get(pk=doctor.user_id)
    user.acting_role = doctor.role
    with transaction.atomic():
        with acting_as_system(PURPOSE), bulk_verb():
            patient = Patient.objects.get(pk=doctor.patients[0])
            chosen = _one_of_each_ingredient(MEDICINES)
            _tell(patient, chosen[1:], [name for medicine in chosen[:ALLERGIES] for name in _names(medicine)[:1]])
        with acting_as(user):
            draft = actions.draft_prescription(by=user, patient=patient, medication=chosen[0], now=timezone.now())
            _measure(bench, user, draft)
        transaction.set_rollback(True)


def _measure(bench: Bench, user: User, draft: Prescription) -> None:
    def check(_number: int) -> Any:
        return queries.check_prescription(user, draft, timezone.now())

    timed(WARM_UP, check)
    taken = timed(CHECKS, check)
    checked = check(0)
    bench.fact("medicines checked together", len(checked.rows) + len(checked.told))
    bench.fact("findings", len(checked.result.findings))
    bench.fact("what stopped the check", checked.result.problem or "nothing")
    bench.fact("median", f"{percentile(taken, 0.5):.1f} ms")
    bench.budget("a check of 40 medicines and 10 allergies, p95", percentile(taken, 0.95), 30, " ms")


def _one_of_each_ingredient(how_many: int) -> list[Medication]:
    """The subject of the check first."""
    found: dict[tuple[str, ...], Medication] = {}
    for medicine in Medication.objects.prefetch_related("ingredients").order_by("label"):
        found.setdefault(tuple(_names(medicine)), medicine)
    subject = found.pop((SUBJECT,))
    return [subject, *found.values()][:how_many]


def _names(medicine: Medication) -> list[str]:
    return sorted(ingredient.name for ingredient in medicine.ingredients.all())


def _tell(patient: Patient, medicines: list[Medication], allergens: list[str]) -> None:
    now = timezone.now()
    MedicationStatement.objects.bulk_create(
        MedicationStatement(patient=patient, source=PURPOSE, medicine=one.label, status="active", said_at=now)
        for one in medicines
    )
    Entry.objects.bulk_create(
        Entry(patient=patient, kind="allergy", display=name, clinical_status="active", effective_at=now, data={})
        for name in allergens
    )
