"""The safety check asks the database as often for forty medicines as for one, and reads nothing twice."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from healthcare.db.context import acting_as
from prescriptions import queries
from prescriptions.models import Medication
from prescriptions.queries.checking import recognised
from tests.factories import IngredientFactory, MedicationFactory, MedicationStatementFactory
from tests.prescriptions.conftest import NOW, allergy, drafted, signed

pytestmark = pytest.mark.django_db
STATEMENTS = 8  # of them two of the savepoint


def asked(doctor, draft) -> int:
    with acting_as(doctor):
        queries.check_prescription(doctor, draft, NOW)
        with CaptureQueriesContext(connection) as statements:
            assert queries.check_prescription(doctor, draft, NOW).result.problem == ""
    return len(statements)


def test_as_many_statements_for_one_medicine_as_for_many(doctor, patient) -> None:
    draft = drafted(doctor, patient, "warfarin 5 mg, tablet")
    assert asked(doctor, draft) == STATEMENTS
    for line in Medication.objects.order_by("key")[:20]:
        MedicationStatementFactory(patient=patient, medicine=line.label)
    for label in ("aspirin 81 mg, tablet", "amiodarone 200 mg, tablet", "lisinopril 10 mg, tablet"):
        signed(doctor, patient, label)
    for name in ("penicillin", "latex", "ibuprofen"):
        allergy(patient, name)
    assert asked(doctor, draft) == STATEMENTS


def test_words_are_read_once_by_each_state_of_the_knowledge(doctor, patient) -> None:
    MedicationStatementFactory(patient=patient, medicine="Amiodarone 200 MG Oral Tablet")
    draft = drafted(doctor, patient, "warfarin 5 mg, tablet")
    recognised.cache_clear()
    asked(doctor, draft)
    assert recognised.cache_info().misses == 1
    queries.checking._known.cache_clear()
    asked(doctor, draft)
    assert recognised.cache_info().misses == 2


def test_a_medicine_that_came_since_the_knowledge_was_read_is_checked_by_what_is_in_it(doctor, patient) -> None:
    known = queries.get_known()
    new = MedicationFactory(of=[IngredientFactory(name="novelone", classes=["nsaid"])])
    assert [one.name for one in queries.substances_of(new, known)] == ["novelone"]
    assert queries.substances_of(None, known) == ()


def test_what_is_in_a_medicine_of_the_formulary_comes_with_the_knowledge() -> None:
    known = queries.get_known()
    both = Medication.objects.filter(name="sulfamethoxazole + trimethoprim").order_by("key")[0]
    with CaptureQueriesContext(connection) as statements:
        found = queries.substances_of(both, known)
    assert [one.name for one in found] == ["sulfamethoxazole", "trimethoprim"]
    assert not statements
