"""At dispensing the check runs once more, and says only what nobody has answered yet."""

import pytest

from healthcare.db.context import acting_as
from prescriptions.models import SafetyRule
from prescriptions.queries.dispensing import new_since_signing
from prescriptions.rules.safety import PROBLEM
from tests.prescriptions.conftest import NOW, allergy, provider, signed
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
AMOXICILLIN, WARFARIN, ASPIRIN = "amoxicillin 500 mg, capsule", "warfarin 5 mg, tablet", "aspirin 81 mg, tablet"


def asked(pharmacist, prescription):
    with acting_as(pharmacist):
        return new_since_signing(pharmacist, prescription, NOW)


def test_what_was_answered_at_the_signature_is_not_asked_again(doctor, patient, pharmacist) -> None:
    allergy(patient, "penicillin")
    allergy(patient, "the pink pill")
    signed(doctor, patient, WARFARIN)
    prescription = signed(doctor, patient, AMOXICILLIN)
    result = asked(pharmacist, prescription)
    assert (result.findings, result.unchecked, result.to_answer) == ((), (), ())


def test_an_allergy_and_a_medicine_that_came_later_are_said(doctor, patient, pharmacist) -> None:
    amoxicillin, warfarin = signed(doctor, patient, AMOXICILLIN), signed(doctor, patient, WARFARIN)
    allergy(patient, "penicillin")
    allergy(patient, "the pink pill")
    signed(provider(patient), patient, ASPIRIN)
    first = asked(pharmacist, amoxicillin)
    assert [one.rule for one in first.findings if one.must_be_answered] == ["ALG-01"]
    assert [one.why for one in first.unchecked] == ["unknown_allergen"]
    assert [one.rule for one in asked(pharmacist, warfarin).findings if one.severity == "severe"] == ["INR-01"]


def test_a_check_that_cannot_run_says_so(doctor, patient, pharmacist) -> None:
    prescription = signed(doctor, patient, AMOXICILLIN)
    with taking_role("owner"):
        SafetyRule.objects.all().delete()
    assert asked(pharmacist, prescription).to_answer == (PROBLEM,)
