"""An emergency that is only claimed opens nothing: by page, by program, by header, and past the verb (HSDD-954)."""

import json
from datetime import timedelta
from itertools import product

import pytest
from django.urls import reverse

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.roles import ROLES
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.actions.emergency import end_emergency
from patients.models import CareRelationship, EmergencyAccess, Patient
from tests.factories import PatientFactory, portal_user, staff
from tests.patients.emergencies import REASON, broken, now
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
WITHOUT_THE_RIGHT = sorted(ROLES.keys() - {"doctor", "nurse"})
#: How other systems mark an emergency: headers, parameters and fields that a program may send along.
FLAGS = {
    "X-Break-Glass": "true",
    "X-Emergency-Access": "1",
    "X-Purpose-Of-Use": "BTG",
    "Purpose": "ETREAT",
}
FIELDS = {"break_glass": True, "emergency": "true", "purpose": "ETREAT", "purpose_of_use": "BTG", "reason": REASON}


def someone(role):
    return portal_user(PatientFactory()) if role == "patient" else staff(role)


def opened() -> int:
    with as_the_system():
        return EmergencyAccess.objects.count() + CareRelationship.objects.filter(kind="break_glass").count()


def denied(user) -> list[str]:
    found = []
    for alias in ("audit", "default"):
        with acting_as(user, using=alias):
            rows = AuditEvent.objects.using(alias).filter(actor_id=user.pk, outcome="denied")
            found += rows.values_list("action", flat=True)
    return found


@pytest.fixture
def patient() -> Patient:
    return PatientFactory(family_name="Canaryson")


@pytest.mark.parametrize("role", WITHOUT_THE_RIGHT)
def test_the_verb_itself_refuses_and_says_so_to_the_audit(patient, role) -> None:
    user = someone(role)
    with pytest.raises(NotAllowed):
        broken(user, patient.pk)
    assert denied(user) == ["patients.break_glass"]
    assert opened() == 0


@pytest.mark.parametrize("role", WITHOUT_THE_RIGHT)
def test_the_page_refuses_what_is_posted_to_it(browser, patient, role) -> None:
    user = someone(role)
    address = reverse("patients:break_glass", args=[patient.pk])
    answer = browser(user).post(address, {"purpose": "ETREAT", "reason": REASON, "minutes": "240"})
    assert answer.status_code == 403
    assert b"Canaryson" not in answer.content
    assert denied(user) == ["accounts.denied"]
    assert opened() == 0


@pytest.mark.parametrize("role", sorted(ROLES))
def test_no_program_breaks_the_glass_whatever_it_sends(api, patient, role) -> None:
    """Nor one of a person with the right: an emergency is a person before a page, who proves who they are."""
    user = someone(role)
    program = api(user)
    answers = [
        program.read(
            f"/patients/{patient.pk}", FIELDS, **{name.replace("-", "_"): said for name, said in FLAGS.items()}
        ),
        program.read("/records", FIELDS | {"patient": str(patient.pk)}),
        *(
            program.write(f"/patients/{patient.pk}/{path}", FIELDS | {"minutes": 60})
            for path in ("emergency", "break-glass", "access")
        ),
    ]
    assert all(b"Canaryson" not in answer.content for answer in answers)
    assert answers[0].status_code in {403, 404}
    assert {answer.status_code for answer in answers[2:]} == {404}
    assert denied(user), "the refusal stands in the audit"
    assert opened() == 0


@pytest.mark.parametrize("flag", [f"{name}: {said}" for name, said in FLAGS.items()])
def test_no_header_and_no_parameter_opens_a_page(browser, patient, flag) -> None:
    name, said = flag.split(": ")
    doctor = staff("doctor")
    answer = browser(doctor).get(
        reverse("patients:chart", args=[patient.pk]), FIELDS, headers={name: said}, HTTP_REFERER="/emergency"
    )
    assert answer.status_code == 403
    assert b"Canaryson" not in answer.content
    assert denied(doctor) == ["patients.open_chart"]


def test_a_token_gets_what_its_person_broke_the_glass_for_and_loses_it_on_the_next_request(api, patient) -> None:
    doctor = staff("doctor")
    program = api(doctor)
    assert program.read(f"/patients/{patient.pk}").status_code == 404
    broken(doctor, patient.pk)
    assert program.read(f"/patients/{patient.pk}").status_code == 200
    with acting_as(doctor):
        end_emergency(by=doctor, patient_id=patient.pk, now=now())
    assert program.read(f"/patients/{patient.pk}").status_code == 404


def test_one_emergency_opens_one_chart_in_one_role(api, browser, patient) -> None:
    doctor, other = staff("doctor"), PatientFactory()
    broken(doctor, patient.pk, lasts=timedelta(hours=4))
    for who, whom in product((doctor, staff("doctor")), (patient, other)):
        expected = 200 if (who, whom) == (doctor, patient) else 404
        assert api(who).read(f"/patients/{whom.pk}").status_code == expected
    pharmacist = doctor.in_role("pharmacist")
    assert json.loads(api(pharmacist).read("/patients").content).get("items", []) == []
