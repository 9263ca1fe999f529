"""What was prescribed before, prescribed again: one, or all that is taken; each is signed like any other."""

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from prescriptions import actions
from prescriptions.models import Medication, Prescription
from tests.factories import PatientFactory
from tests.prescriptions.conftest import NOW, drafted, provider, signed
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
AMOXICILLIN, METFORMIN = "amoxicillin 500 mg, capsule", "metformin 850 mg, tablet"


def again(doctor, patient, *prescriptions) -> list[Prescription]:
    with acting_as(doctor):
        return actions.prescribe_again(
            by=doctor,
            patient=patient,
            prescriptions=[one.pk for one in prescriptions] or None,
            encounter=None,
            now=NOW,
        )


def test_a_draft_has_the_same_medicine_and_directions_and_is_not_signed(doctor, patient) -> None:
    before = signed(doctor, patient, METFORMIN, reason="Diabetes", repeats=3, may_substitute=False)
    (draft,) = again(doctor, patient, before)
    for name in ("medication_id", "medicine", "sig", "sig_text", "quantity", "reason", "repeats", "may_substitute"):
        assert getattr(draft, name) == getattr(before, name), name
    assert (draft.status, draft.signed_at) == ("draft", None)


def test_all_that_is_taken_once_and_without_what_is_over(doctor, patient) -> None:
    colleague = provider(patient)
    for label in (METFORMIN, AMOXICILLIN, "zinc paste"):
        signed(colleague, patient, label)
    signed(doctor, patient, METFORMIN)
    gone = signed(doctor, patient, "loratadine 10 mg, tablet")
    with acting_as(doctor):
        actions.cancel_prescription(by=doctor, prescription=gone, reason="wrong", now=NOW)
    made = again(doctor, patient)
    assert sorted(draft.medicine for draft in made) == [AMOXICILLIN, METFORMIN, "zinc paste"]
    with pytest.raises(actions.NotPrescribable, match="nothing to prescribe again"):
        again(doctor, patient)


def test_what_is_no_longer_offered_or_anothers_is_left_out(doctor, patient) -> None:
    before = signed(doctor, patient, METFORMIN)
    other = PatientFactory(site=patient.site)
    theirs = signed(doctor, other, AMOXICILLIN)
    draft = drafted(doctor, patient, AMOXICILLIN)
    with taking_role("owner"):
        Medication.objects.filter(label=METFORMIN).update(active=False)
    with pytest.raises(actions.NotPrescribable):
        again(doctor, patient, before, theirs, draft)


def test_who_may_not_prescribe_may_not_do_it_again(doctor, patient, pharmacist) -> None:
    before = signed(doctor, patient, METFORMIN)
    with pytest.raises(NotAllowed):
        again(pharmacist, patient, before)


def test_the_buttons_lead_to_the_draft_or_to_all_of_them_together(browser, doctor, patient) -> None:
    first = signed(doctor, patient, METFORMIN)
    client, here = browser(doctor), f"/prescriptions/patients/{patient.pk}/"
    assert "Prescribe again" in client.get(f"{here}{first.pk}").content.decode()
    assert "Prescribe all of them again" in client.get(here).content.decode()
    answer = client.post(f"{here}again", {"prescription": str(first.pk)})
    with as_the_system():
        draft = Prescription.objects.get(patient=patient, status="draft")
    assert answer["Location"] == f"{here}{draft.pk}"
    signed(doctor, patient, AMOXICILLIN)
    signed(doctor, patient, "loratadine 10 mg, tablet")
    answer = client.post(f"{here}again", follow=True)
    assert "2 prescriptions to sign" in answer.content.decode()
    answer = client.post(f"{here}again", follow=True)
    assert "There is nothing to prescribe again" in answer.content.decode()
    assert client.post(f"{here}again", {"prescription": "nonsense"}).status_code == 404
