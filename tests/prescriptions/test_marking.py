"""A prescription that is marked as sensitive: who sees it, who has to, and what its safety check leaves behind."""

import pytest
from django.db import DatabaseError, connection
from django.urls import reverse

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from prescriptions import actions, queries
from prescriptions.access import can_mark
from prescriptions.models import CollectionDeadline, MedicationStatement, Prescription, SafetyCheck
from tests.factories import (
    CareRelationshipFactory,
    CollectionDeadlineFactory,
    MedicationStatementFactory,
    PrescriptionFactory,
    SafetyCheckFactory,
    portal_user,
    staff,
)
from tests.prescriptions.conftest import NOW, drafted, provider, reload, signed
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
WARFARIN, ASPIRIN = "warfarin 5 mg, tablet", "aspirin 81 mg, tablet"


def mark(by, prescription, label="mental_health") -> Prescription:
    with acting_as(by):
        return actions.mark_prescription(by=by, prescription=prescription, label=label, now=NOW)


def holder(patient, *labels: str, role: str = "doctor"):
    return CareRelationshipFactory(patient=patient, role=role, labels=list(labels)).user.in_role(role)


def both(user, model=Prescription) -> set:
    """By both walls, which agree."""
    with acting_as(user):
        first = set(model.objects.visible_to(user).values_list("pk", flat=True))
        second = set(model.objects.values_list("pk", flat=True))
    assert first == second, f"The walls differ for a {user.acting_role}."
    return first


# == Who sees it ==
@pytest.mark.parametrize("status", Prescription.Status.values)
def test_who_sees_a_marked_prescription(status) -> None:
    row = PrescriptionFactory(status=status, sensitivity="mental_health")
    patient = row.patient
    prescriber = CareRelationshipFactory(patient=patient, user=row.prescriber.user).user.in_role("doctor")
    is_draft, waits = status == "draft", status in Prescription.OPEN
    assert both(prescriber) == {row.pk}
    assert both(holder(patient, "mental_health")) == {row.pk}
    assert both(holder(patient, "reproductive", "adolescent")) == set()
    assert both(staff("doctor", patient.site)) == both(staff("nurse", patient.site)) == set()
    assert both(staff("pharmacist", patient.site)) == ({row.pk} if waits else set())
    assert both(portal_user(patient)) == (set() if is_draft else {row.pk})
    proxy = CareRelationshipFactory(patient=patient, kind="proxy", role="patient").user.in_role("patient")
    assert both(proxy) == set()


def test_what_hangs_on_it_is_seen_where_it_is() -> None:
    row = PrescriptionFactory(status="ready", sensitivity="adolescent")
    deadline, check = CollectionDeadlineFactory(prescription=row), SafetyCheckFactory(prescription=row)
    doctor, holds = staff("doctor", row.patient.site), holder(row.patient, "adolescent")
    for model, kept in ((CollectionDeadline, deadline), (SafetyCheck, check)):
        assert both(doctor, model) == set()
        assert both(holds, model) == {kept.pk}


def test_a_check_that_names_others_takes_all_their_labels() -> None:
    check = SafetyCheckFactory(labels=["adolescent", "mental_health"])
    patient = check.patient
    assert both(holder(patient, "adolescent"), SafetyCheck) == both(staff("doctor", patient.site), SafetyCheck) == set()
    assert both(holder(patient, "adolescent", "mental_health"), SafetyCheck) == {check.pk}


def test_what_another_system_marked_is_seen_by_who_holds_the_label() -> None:
    told = MedicationStatementFactory(sensitivity="reproductive")
    assert both(staff("doctor", told.patient.site), MedicationStatement) == set()
    assert both(holder(told.patient, "reproductive"), MedicationStatement) == {told.pk}
    assert both(portal_user(told.patient), MedicationStatement) == {told.pk}


# == The verb ==
def test_its_prescriber_marks_it_and_takes_the_mark_off(patient, doctor) -> None:
    made = signed(doctor, patient)
    nurse = staff("nurse", patient.site)
    before = reload(made).signature
    mark(doctor, made)
    assert reload(made).sensitivity == "mental_health"
    assert reload(made).signature == before
    assert both(nurse) == set()
    mark(doctor, made, "")
    assert both(nurse) == {made.pk}


def test_what_is_refused(patient, doctor) -> None:
    made, draft = signed(doctor, patient), drafted(doctor, patient)
    colleague, nurse = provider(patient), staff("nurse", patient.site)
    with pytest.raises(actions.NotPossible, match="marked so already"):
        mark(doctor, made, "")
    with pytest.raises(actions.NotPossible, match="where it is written"):
        mark(doctor, draft)
    with pytest.raises(ValueError, match="is not a valid"):
        mark(doctor, made, "boring")
    with pytest.raises(NotAllowed, match="no longer see it yourself"):
        mark(colleague, made)
    with pytest.raises(NotAllowed):
        mark(nurse, made)
    mark(holder(patient, "reproductive"), made, "reproductive")
    with acting_as(doctor):
        assert can_mark(doctor, made)
    with acting_as(nurse):
        assert not can_mark(nurse, made)


@pytest.mark.parametrize("status", ["signed", "picked_up", "cancelled"])
def test_a_mark_may_change_whatever_became_of_it_and_nothing_else(status) -> None:
    row = PrescriptionFactory(status=status)
    holds = holder(row.patient, "adolescent")
    with acting_as(holds), connection.cursor() as cursor:
        cursor.execute("UPDATE prescriptions_prescription SET sensitivity = 'adolescent' WHERE id = %s", [row.pk])
        assert cursor.rowcount == 1
    with pytest.raises(DatabaseError), acting_as(holds), connection.cursor() as cursor:
        cursor.execute("UPDATE prescriptions_prescription SET sensitivity = '', reason = 'x' WHERE id = %s", [row.pk])


# == What a check says of others ==
def checks(user, prescription) -> list[SafetyCheck]:
    with acting_as(user):
        return list(SafetyCheck.objects.visible_to(user).filter(prescription=prescription).order_by("id"))


def read(user, prescription) -> SafetyCheck:
    with acting_as(user):
        found = queries.last_check_of(user, prescription)
    assert found is not None
    return found


def text_of(check: SafetyCheck) -> str:
    return str([check.findings, check.unchecked, check.overrides, check.checked])


def test_a_kept_check_names_a_marked_medicine_to_those_who_may_see_it(patient, doctor) -> None:
    signed(doctor, patient, WARFARIN, sensitivity="mental_health")
    aspirin = signed(doctor, patient, ASPIRIN)
    holds, other = holder(patient, "mental_health"), staff("doctor", patient.site)
    full, masked = read(holds, aspirin), read(other, aspirin)
    assert "warfarin" in text_of(full)
    assert full.labels == ["mental_health"]
    assert "warfarin" not in text_of(masked)
    assert "A test" not in text_of(masked)
    assert [finding["rule"] for finding in masked.findings] == ["HIDDEN"]
    assert {answer["key"] for answer in masked.overrides} == {masked.findings[0]["key"]}
    assert masked.findings[0]["severity"] == full.findings[0]["severity"]
    assert len(checks(holds, aspirin)) == 2
    assert len(checks(other, aspirin)) == 1


def test_without_marked_medicines_one_check_is_kept(patient, doctor) -> None:
    signed(doctor, patient, WARFARIN)
    aspirin = signed(doctor, patient, ASPIRIN)
    assert len(checks(doctor, aspirin)) == 1


def test_marking_it_later_hides_it_in_the_checks_that_name_it(patient, doctor) -> None:
    warfarin = signed(doctor, patient, WARFARIN)
    aspirin, cream = signed(doctor, patient, ASPIRIN), signed(doctor, patient, "zinc paste")
    other = staff("doctor", patient.site)
    assert "warfarin" in text_of(read(other, aspirin))
    mark(doctor, warfarin)
    for prescription in (aspirin, cream):
        assert "warfarin" not in text_of(read(other, prescription))
        assert len(checks(other, prescription)) == 1
    assert "warfarin" in text_of(read(holder(patient, "mental_health"), aspirin))
    with as_the_system():
        before = SafetyCheck.objects.count()
    mark(doctor, warfarin, "")
    mark(doctor, warfarin)
    with as_the_system():
        assert SafetyCheck.objects.count() == before


# == Pages and programs ==
def test_it_is_written_marked_and_the_page_says_so(patient, doctor, browser) -> None:
    draft = drafted(doctor, patient)
    client = browser(doctor)
    where = [patient.pk, draft.pk]
    page = client.get(reverse("prescriptions:prescription", args=where)).content.decode()
    assert "Sensitive" in page
    typed = {"dose": "1", "frequency": "once_daily", "duration_days": "7", "repeats": "0"}
    client.post(reverse("prescriptions:change", args=where), typed | {"sensitivity": "adolescent"})
    assert reload(draft).sensitivity == "adolescent"
    with acting_as(doctor):
        actions.sign_prescription(by=doctor, prescription=draft, now=NOW)
    assert b"Adolescent" in client.get(reverse("prescriptions:medicines", args=[patient.pk])).content
    colleague = browser(staff("doctor", patient.site))
    assert draft.medicine.encode() not in colleague.get(reverse("prescriptions:medicines", args=[patient.pk])).content
    assert colleague.get(reverse("prescriptions:prescription", args=where)).status_code == 404


def test_the_page_marks_and_says_what_is_wrong(patient, doctor, browser) -> None:
    made = signed(doctor, patient)
    client, where = browser(doctor), [patient.pk, made.pk]
    page = reverse("prescriptions:mark", args=where)
    assert page.encode() in client.get(reverse("prescriptions:prescription", args=where)).content
    assert client.get(page).status_code == 200
    client.post(page, {"sensitivity": "reproductive"})
    shown = client.get(reverse("prescriptions:prescription", args=where)).content
    assert b"Reproductive health" in shown
    assert b"Change the mark" in shown
    again = client.post(page, {"sensitivity": "reproductive"})
    assert again.status_code == 422
    assert b"marked so already" in again.content


def test_a_program_writes_marked_and_marks(api, patient, doctor) -> None:
    program = api(doctor)
    sig = {"dose": "1", "dose_unit": "tablet", "route": "oral", "frequency": "once_daily", "duration_days": 7}
    body = {"patient": str(patient.pk), "medicine": "zinc tablets", "sig": sig, "sensitivity": "adolescent"}
    made = program.write("/prescriptions", body)
    assert made.status_code == 201, made.content
    assert made.json()["sensitivity"] == "adolescent"
    other = api(staff("doctor", patient.site))
    assert other.read(f"/prescriptions/{made.json()['id']}").status_code == 404
    assert other.read("/prescriptions", {"patient": str(patient.pk)}).json()["items"] == []
    opened = signed(doctor, patient)
    assert program.write(f"/prescriptions/{opened.pk}/mark", {"sensitivity": "adolescent"}).json()["sensitivity"]
    assert other.read(f"/prescriptions/{opened.pk}").status_code == 404


def test_the_dispensary_prepares_and_hands_out_what_is_marked(patient, doctor, pharmacist) -> None:
    made = signed(doctor, patient, sensitivity="mental_health")
    with acting_as(pharmacist):
        actions.mark_ready(by=pharmacist, prescription=made, now=NOW)
        actions.pick_up(by=pharmacist, prescription=made, name="Rosa", relation="self", identity_checked=True, now=NOW)
    assert reload(made).status == "picked_up"
    assert both(pharmacist) == {made.pk}, "Who handed it out knows it anyway."
    assert both(staff("pharmacist", patient.site)) == set()
