"""What a doctor prescribes often, kept under a short name: chosen, renamed, removed; nobody else reads it."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from prescriptions import actions, queries
from prescriptions.models import FavouritePrescription, Medication, Prescription
from prescriptions.rules.sig import Sig
from tests.factories import FavouritePrescriptionFactory, MedicationFactory, staff
from tests.prescriptions.conftest import NOW, allergy, drafted, provider, signed
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
METFORMIN = "metformin 850 mg, tablet"


def kept(doctor, prescription, name: str = "Diabetes start") -> FavouritePrescription:
    with acting_as(doctor):
        return actions.keep_favourite(by=doctor, prescription=prescription, name=name)


def prescribed(doctor, patient, favourite) -> Prescription:
    with acting_as(doctor):
        return actions.prescribe_favourite(by=doctor, patient=patient, favourite=favourite, encounter=None, now=NOW)


def audited(target) -> list[tuple[str, object]]:
    with taking_role("owner"):
        rows = AuditEvent.objects.filter(target_id=target.pk).order_by("id")
        return list(rows.values_list("action", "patient_id"))


def names(doctor, text: str = "") -> list[str]:
    with acting_as(doctor):
        return [one.name for one in queries.favourites_for(doctor, text)]


# == The verbs ==
def test_medicine_and_directions_are_kept_and_nothing_of_the_patient(doctor, patient) -> None:
    before = signed(doctor, patient, METFORMIN, reason="Diabetes of Rosa", repeats=3, may_substitute=False)
    row = kept(doctor, before, "  Diabetes   start ")
    assert (row.name, row.medication_id, row.sig) == ("Diabetes start", before.medication_id, before.sig)
    assert (row.repeats, row.may_substitute, row.words) == (3, False, before.sig_text)
    assert row.quantity_words == before.quantity_words
    fields = {field.name for field in FavouritePrescription._meta.get_fields()}
    assert fields.isdisjoint({"patient", "reason", "sensitivity", "encounter"})
    assert audited(row) == [("prescriptions.keep_favourite", None)]


def test_a_draft_of_a_favourite_is_like_what_was_kept_and_is_checked_and_signed_as_any(doctor, patient) -> None:
    sig = Sig(Decimal(1), "tablet", "oral", "twice_daily", 7, note="With food")
    row = kept(doctor, drafted(doctor, patient, METFORMIN, sig=sig, repeats=2))
    with acting_as(doctor):
        actions.cancel_prescription(by=doctor, prescription=Prescription.objects.get(), reason="wrong", now=NOW)
    draft = prescribed(doctor, patient, row)
    assert (draft.status, draft.signed_at, draft.reason) == ("draft", None, "")
    assert (draft.medicine, draft.directions, draft.repeats) == (METFORMIN, sig, 2)
    with as_the_system():
        before = Prescription.objects.get(status="cancelled")
    assert (draft.sig_text, draft.quantity) == (before.sig_text, before.quantity)


def test_what_a_favourite_conflicts_with_holds_its_signature(doctor, patient) -> None:
    row = kept(doctor, drafted(doctor, patient))
    allergy(patient, "penicillin")
    draft = prescribed(doctor, patient, row)
    with acting_as(doctor), pytest.raises(actions.FindingsUnanswered):
        actions.sign_prescription(by=doctor, prescription=draft, now=NOW)


def test_what_is_in_words_or_has_no_directions_is_not_kept(doctor, patient) -> None:
    with pytest.raises(actions.NotKept, match="written in words"):
        kept(doctor, drafted(doctor, patient, "zinc paste"))
    with pytest.raises(actions.NotKept, match="how it is taken"):
        kept(doctor, drafted(doctor, patient, METFORMIN, sig=None))


@pytest.mark.parametrize("name", ["", "  "])
def test_it_has_a_name(doctor, patient, name) -> None:
    draft = drafted(doctor, patient, METFORMIN)
    with pytest.raises(actions.NotKept, match="short name"):
        kept(doctor, draft, name)
    with acting_as(doctor), pytest.raises(actions.NotKept, match="short name"):
        actions.rename_favourite(by=doctor, favourite=FavouritePrescriptionFactory(user=doctor), name=name)


def test_a_name_stands_for_one_of_each_doctors_own(doctor, patient) -> None:
    draft = drafted(doctor, patient, METFORMIN)
    row, other = kept(doctor, draft), FavouritePrescriptionFactory(user=doctor)
    FavouritePrescriptionFactory(name="Throat")
    with pytest.raises(actions.NotKept, match="has this name"):
        kept(doctor, draft, "DIABETES START")
    with acting_as(doctor):
        with pytest.raises(actions.NotKept, match="has this name"):
            actions.rename_favourite(by=doctor, favourite=other, name="diabetes start")
        actions.rename_favourite(by=doctor, favourite=row, name="Throat")
        assert FavouritePrescription.objects.get(pk=row.pk).name == "Throat"
    assert audited(row)[-1] == ("prescriptions.rename_favourite", None)


def test_removed_it_is_gone_and_what_was_prescribed_stays(doctor, patient) -> None:
    row = kept(doctor, drafted(doctor, patient, METFORMIN))
    key = row.pk
    draft = prescribed(doctor, patient, row)
    with acting_as(doctor):
        actions.remove_favourite(by=doctor, favourite=row)
        assert not FavouritePrescription.objects.exists()
        assert Prescription.objects.filter(pk=draft.pk).exists()
    with taking_role("owner"):
        assert AuditEvent.objects.filter(action="prescriptions.remove_favourite", target_id=key).count() == 1


def test_a_colleague_reads_uses_and_changes_none_of_it(doctor, patient) -> None:
    row = kept(doctor, drafted(doctor, patient, METFORMIN))
    colleague = provider(patient)
    assert names(colleague) == []
    with acting_as(colleague):
        assert not FavouritePrescription.objects.filter(pk=row.pk).exists()
        with pytest.raises(NotAllowed, match="somebody else"):
            actions.rename_favourite(by=colleague, favourite=row, name="Mine")
        with pytest.raises(NotAllowed):
            actions.remove_favourite(by=colleague, favourite=row)
    with pytest.raises(NotAllowed):
        prescribed(colleague, patient, row)


def test_who_prescribes_nothing_keeps_nothing(doctor, patient) -> None:
    draft = drafted(doctor, patient, METFORMIN)
    with pytest.raises(NotAllowed):
        kept(staff("nurse", patient.site), draft)


def test_what_is_no_longer_offered_stands_on_the_page_and_is_not_prescribed(doctor, patient) -> None:
    row = kept(doctor, drafted(doctor, patient, METFORMIN))
    with taking_role("owner"):
        Medication.objects.filter(label=METFORMIN).update(active=False)
    row.medication.active = False
    assert names(doctor) == []
    with acting_as(doctor):
        assert [one.name for one in queries.favourites_of(doctor)] == ["Diabetes start"]
    with pytest.raises(actions.NotPrescribable, match="no longer offered"):
        prescribed(doctor, patient, row)


def test_at_most_a_hundred(doctor, patient) -> None:
    draft, medicine = drafted(doctor, patient, METFORMIN), MedicationFactory()
    for _each in range(100):
        FavouritePrescriptionFactory(user=doctor, medication=medicine)
    with pytest.raises(actions.NotKept, match="100"):
        kept(doctor, draft)


def test_found_by_every_word_of_name_and_medicine(doctor) -> None:
    ear = MedicationFactory(search_text="amoxicillin 40 mg/ml, oral suspension amoxil")
    FavouritePrescriptionFactory(user=doctor, name="Ear, child", medication=ear)
    FavouritePrescriptionFactory(user=doctor, name="angina")
    assert names(doctor) == ["angina", "Ear, child"]
    assert names(doctor, "AMOX child") == ["Ear, child"]
    assert names(doctor, "amox adult") == []


def test_the_database_keeps_none_without_directions() -> None:
    with pytest.raises(IntegrityError, match="favourite_prescription_is_whole"), transaction.atomic():
        FavouritePrescriptionFactory(sig={})
    with pytest.raises(ValueError, match="without directions"):
        _ = FavouritePrescription(sig={}).directions


# == The pages ==
def test_it_is_kept_from_the_prescription_and_chosen_when_the_next_one_is_written(browser, doctor, patient) -> None:
    before = signed(doctor, patient, METFORMIN)
    client = browser(doctor)
    page = reverse("prescriptions:keep_favourite", args=[patient.pk, before.pk])
    assert page in client.get(reverse("prescriptions:prescription", args=[patient.pk, before.pk])).content.decode()
    assert before.sig_text in client.get(page).content.decode()
    assert client.post(page, {"name": "Sugar"}, follow=True).status_code == 200
    choose = reverse("prescriptions:choose", args=[patient.pk])
    said = client.get(choose).content.decode()
    assert "Your favourites" in said
    assert "Sugar" in said
    with acting_as(doctor):
        row = FavouritePrescription.objects.get()
    answer = client.post(choose, {"favourite": row.pk})
    with as_the_system():
        draft = Prescription.objects.get(status="draft")
    assert answer.url == reverse("prescriptions:prescription", args=[patient.pk, draft.pk])
    assert draft.sig == before.sig


def test_the_search_narrows_the_favourites(browser, doctor, patient) -> None:
    FavouritePrescriptionFactory(user=doctor, name="Zebra plan")
    FavouritePrescriptionFactory(user=doctor, name="Other")
    said = browser(doctor).get(reverse("prescriptions:choose", args=[patient.pk]), {"q": "zebra"}).content.decode()
    assert "Zebra plan" in said
    assert "Other</bdi>" not in said
    assert "No medicine of the list fits" not in said


@pytest.mark.parametrize(
    ("name", "says"), [("", "Give it a short name"), ("x" * 61, "too long"), ("Sugar", "has this name")]
)
def test_a_name_that_does_not_do_is_said_and_stays_typed(browser, doctor, patient, name, says) -> None:
    FavouritePrescriptionFactory(user=doctor, name="Sugar")
    other = FavouritePrescriptionFactory(user=doctor, name="Other")
    before = signed(doctor, patient, METFORMIN)
    client = browser(doctor)
    keep = client.post(reverse("prescriptions:keep_favourite", args=[patient.pk, before.pk]), {"name": name})
    field = f"{other.pk}-name"
    rename = client.post(reverse("prescriptions:rename_favourite", args=[other.pk]), {field: name})
    for answer in (keep, rename):
        assert answer.status_code == 422
        assert says in answer.content.decode()
        assert f'value="{name}"' in answer.content.decode() or not name


def test_renamed_and_removed_on_their_page(browser, doctor) -> None:
    row = FavouritePrescriptionFactory(user=doctor, name="Old")
    client = browser(doctor)
    page = reverse("prescriptions:favourites")
    assert "Old" in client.get(page).content.decode()
    renamed = client.post(
        reverse("prescriptions:rename_favourite", args=[row.pk]), {f"{row.pk}-name": "New"}, follow=True
    )
    assert "It is called New now" in renamed.content.decode()
    removed = client.post(reverse("prescriptions:remove_favourite", args=[row.pk]), follow=True).content.decode()
    assert "Removed: New" in removed
    assert "No favourites yet" in removed


def test_anothers_is_not_there(browser, doctor, patient) -> None:
    row = FavouritePrescriptionFactory()
    client = browser(doctor)
    assert client.post(reverse("prescriptions:remove_favourite", args=[row.pk])).status_code == 404
    assert client.post(reverse("prescriptions:rename_favourite", args=[row.pk]), {"name": "Mine"}).status_code == 404
    assert client.post(reverse("prescriptions:choose", args=[patient.pk]), {"favourite": row.pk}).status_code == 404


def test_what_is_no_longer_offered_is_said_and_not_prescribed(browser, doctor, patient) -> None:
    gone = MedicationFactory(active=False, label="gone 5 mg, tablet")
    row = FavouritePrescriptionFactory(user=doctor, medication=gone)
    client = browser(doctor)
    assert "No longer offered" in client.get(reverse("prescriptions:favourites")).content.decode()
    answer = client.post(reverse("prescriptions:choose", args=[patient.pk]), {"favourite": row.pk})
    assert answer.status_code == 422
    assert "gone 5 mg, tablet is no longer offered" in answer.content.decode()


def test_what_is_in_words_offers_no_keeping(browser, doctor, patient) -> None:
    draft = drafted(doctor, patient, "zinc paste")
    said = browser(doctor).get(reverse("prescriptions:prescription", args=[patient.pk, draft.pk])).content.decode()
    assert "Keep as a favourite" not in said
