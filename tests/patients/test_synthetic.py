"""The invented patients: whole, nobody's double, and reached by whom the relationships say."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from healthcare.accounts.models import Membership, User
from healthcare.db.context import acting_as
from patients.actions import Demographics, register_patient
from patients.models import CareRelationship, GroupGrant, Patient, UserGrant
from patients.rules import age_in_years, is_medical_record_number
from patients.synthetic import HEAVY, heavy_patient, project_grants
from patients.synthetic.plan import Plan
from tests.roles import as_the_system, taking_role
from tests.synthetic import clinic, proofs

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def plan(django_db_setup: None, django_db_blocker: Any) -> Iterator[Plan]:
    with clinic("patients", django_db_blocker) as made:
        with taking_role("owner"):
            project_grants(made)
        yield made


@pytest.fixture
def desk(plan: Plan) -> User:
    with as_the_system():
        row = Membership.objects.filter(role="front_desk").select_related("user", "site").order_by("user__email")[0]
    row.user.site = row.site  # type: ignore[attr-defined]
    return row.user.in_role("front_desk")


def test_each_is_a_person_of_plausible_age(plan: Plan) -> None:
    with as_the_system():
        people = list(Patient.objects.order_by("mrn"))
    assert len(people) == plan.patients
    assert all(is_medical_record_number(person.mrn) for person in people)
    assert len({person.mrn for person in people}) == plan.patients
    ages = [age_in_years(person.birth_date, plan.now.date()) for person in people]
    assert min(ages) < 18 < 65 < max(ages) < 96
    assert {person.sex for person in people} >= {"female", "male"}
    assert all(person.search_name and person.postal_code and person.phone for person in people)


def test_the_longest_chart_can_be_found_by_its_name(plan: Plan) -> None:
    with as_the_system():
        heavy = heavy_patient()
        assert heavy == Patient.objects.get(family_name=HEAVY)
        assert CareRelationship.objects.filter(patient=heavy, kind="self").exists()


def test_the_grants_are_those_of_a_projection(plan: Plan) -> None:
    assert proofs("patients", plan) == {
        "patients as asked": True,
        "no row without its patient": True,
        "grants as projected (10 patients)": True,
    }


def test_a_grant_too_many_is_noticed(plan: Plan) -> None:
    with taking_role("owner"):
        UserGrant.objects.all().delete()
    found = proofs("patients", plan)
    assert found.pop("grants as projected (10 patients)") is False
    assert all(found.values())


def test_a_row_of_nobody_is_noticed(plan: Plan) -> None:
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE patients_carerelationship DISABLE TRIGGER USER")
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'patients_carerelationship'::regclass"
            " AND confrelid = 'patients_patient'::regclass"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE patients_carerelationship DROP CONSTRAINT {name}")
        cursor.execute(
            "UPDATE patients_carerelationship SET patient_id = gen_random_uuid() WHERE id ="
            " (SELECT id FROM patients_carerelationship LIMIT 1)"
        )
    assert proofs("patients", plan)["no row without its patient"] is False


def test_a_desk_sees_the_patients_of_its_site_alone(plan: Plan, desk: User) -> None:
    with acting_as(desk):
        seen = set(Patient.objects.visible_to(desk).values_list("site", flat=True))
    assert seen == {desk.site.pk}  # type: ignore[attr-defined]


def test_an_account_sees_its_own_record(plan: Plan) -> None:
    with as_the_system():
        link = CareRelationship.objects.filter(kind="self").select_related("user").order_by("pk")[0]
    patient = link.user.in_role("patient")
    with acting_as(patient):
        assert list(Patient.objects.visible_to(patient).values_list("pk", flat=True)) == [link.patient_id]


def test_whoever_is_registered_next_has_a_number_of_their_own(plan: Plan, desk: User) -> None:
    who = Demographics(given_name="Nora", family_name="Next", birth_date=plan.now.date(), sex="female")
    with acting_as(desk):
        site = desk.site  # type: ignore[attr-defined]
        added = register_patient(by=desk, site=site, demographics=who, now=plan.now)
        assert Patient.objects.visible_to(desk).filter(mrn=added.mrn).count() == 1


def test_the_walls_stand_as_before(plan: Plan) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(relrowsecurity AND relforcerowsecurity) FROM pg_class WHERE oid = ANY (%s::regclass[])",
            [["patients_patient", "patients_carerelationship", "patients_usergrant", "patients_groupgrant"]],
        )
        assert cursor.fetchone() == (True,)
    assert not Patient.objects.exists()
    assert not GroupGrant.objects.exists()
