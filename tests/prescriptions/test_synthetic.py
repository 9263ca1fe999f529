"""The invented prescriptions: signed, checked, and as far on their way as time allows."""

from collections.abc import Iterator
from typing import Any

import pytest

from patients.synthetic.plan import Plan
from prescriptions.actions.steps import signature_of
from prescriptions.models import CollectionDeadline, Prescription, SafetyCheck
from prescriptions.rules.sig import mistakes_in
from prescriptions.synthetic import expected
from tests.roles import as_the_system, taking_role
from tests.synthetic import clinic, proofs

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def plan(django_db_setup: None, django_db_blocker: Any) -> Iterator[Plan]:
    with clinic("prescriptions", django_db_blocker) as made:
        yield made


@pytest.fixture
def written(plan: Plan) -> list[Prescription]:
    with as_the_system():
        rows = Prescription.objects.select_related("encounter", "medication", "prescriber", "patient")
        return list(rows.order_by("pk"))


def test_every_proof_holds(plan: Plan, written: list[Prescription]) -> None:
    found = proofs("prescriptions", plan)
    assert len(found) == 2
    assert all(found.values())
    with taking_role("owner"):
        assert len(written) == expected(plan) > 20


def test_what_was_changed_after_the_signature_is_noticed(plan: Plan) -> None:
    with taking_role("owner"):
        found = Prescription.objects.order_by("pk")[0]
        SafetyCheck.objects.filter(prescription=found).delete()
    assert proofs("prescriptions", plan)["prescriptions, with their checks"] is False


def test_each_can_be_followed_and_is_signed_by_its_prescriber(written: list[Prescription]) -> None:
    for row in written:
        assert row.directions is not None
        assert not mistakes_in(row.directions)
        assert row.signed_by_id == row.prescriber.user_id
        assert row.signature == signature_of(row)
        assert row.medication is not None
        assert row.medicine == row.medication.label
        assert row.encounter is not None
        assert row.encounter.patient_id == row.patient_id
        assert row.encounter.provider_id == row.prescriber_id


def test_who_takes_two_takes_the_same(written: list[Prescription]) -> None:
    taken: dict[Any, set[str]] = {}
    for row in written:
        taken.setdefault(row.patient_id, set()).add(row.medicine)
    assert all(len(names) == 1 for names in taken.values())
    assert len(set.union(*taken.values())) > 3


def test_steps_come_in_their_order(plan: Plan, written: list[Prescription]) -> None:
    states = {row.status for row in written}
    assert "picked_up" in states
    assert "draft" not in states
    for row in written:
        steps = [row.signed_at, row.ready_at, row.picked_up_at or row.not_collected_at]
        moments = [step for step in steps if step]
        assert moments == sorted(moments)
        assert moments[-1] <= plan.now
        if row.status == "picked_up":
            assert row.picked_up_by == row.patient.name


def test_what_waits_has_its_deadline(plan: Plan, written: list[Prescription]) -> None:
    with as_the_system():
        waiting = dict(CollectionDeadline.objects.order_by("pk").values_list("prescription", "next_at"))
    assert waiting == {row.pk: row.collect_by for row in written if row.status == "ready"}
