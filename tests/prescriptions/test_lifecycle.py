"""The whole life of a prescription: every order of steps, two at once, the broker dead, the network gone."""

import socket
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthcare.db.context import acting_as
from healthcare.events import registry
from healthcare.events.relay import Relay
from prescriptions import actions
from prescriptions.actions import FindingsUnanswered, NotPossible
from prescriptions.actions.steps import signature_of
from prescriptions.events import PrescriptionNotCollected, PrescriptionPickedUp
from prescriptions.models import CollectionDeadline, Prescription
from tests.events.test_relay import HereAndNow, Post
from tests.factories import PatientFactory, staff
from tests.prescriptions.conftest import NOW, allergy, drafted, provider, ready, reload, signed
from tests.roles import as_the_system, taking_role
from tests.scheduling.at_once import rounds

LATE = NOW + timedelta(days=100)
# Each step: who does it, and where it leads.
STEPS = {"ready": "ready", "pick_up": "picked_up", "expire": "not_collected", "keep": "ready", "cancel": "cancelled"}
# Where a step may start from, beside the table of moves: getting ready and being kept ready lead to the same state.
FROM = {"ready": {"signed"}, "keep": {"not_collected"}}


def attempt(step: str, prescription: Prescription, doctor: Any, pharmacist: Any) -> bool:
    """Whether it was done; refused is an answer too."""
    try:
        if step == "expire":
            with as_the_system():
                return actions.expire_uncollected(by=None, prescription_id=prescription.pk, now=LATE)
        by = doctor if step in {"cancel", "keep"} else pharmacist
        with acting_as(by):
            if step == "ready":
                actions.mark_ready(by=by, prescription=prescription, now=NOW)
            elif step == "keep":
                actions.keep_ready(by=by, prescription=prescription, days=3, now=NOW)
            elif step == "cancel":
                actions.cancel_prescription(by=by, prescription=prescription, reason="changed", now=NOW)
            else:
                actions.pick_up(
                    by=by, prescription=prescription, name="Rosa", relation="self", identity_checked=True, now=NOW
                )
    except NotPossible:
        return False
    return True


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=12))
def test_in_every_order_of_steps_the_table_of_moves_holds(doctor, pharmacist, patient, announced, steps) -> None:
    with transaction.atomic():
        prescription = signed(doctor, patient)
        status = "signed"
        for step in steps:
            goes = STEPS[step] in Prescription.MOVES[status] and status in FROM.get(step, {status})
            assert attempt(step, prescription, doctor, pharmacist) is goes, (step, status)
            status = STEPS[step] if goes else status
            kept = reload(prescription)
            assert kept.status == status
            assert signature_of(kept) == kept.signature, "what was signed is as it was signed"
            with as_the_system():
                waits = CollectionDeadline.objects.filter(prescription=prescription).exclude(next_at=None).exists()
            assert waits is (status == "ready")
        told = [fact for fact in announced(PrescriptionPickedUp) if fact.prescription_id == prescription.pk]
        assert len(told) == (status == "picked_up"), "what is handed out is handed out once, and told once"
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_of_two_pharmacists_at_once_one_hands_it_out() -> None:
    patient = PatientFactory()
    allergy(patient, "none")
    doctor = provider(patient)
    people = [staff("pharmacist", patient.site), staff("pharmacist", patient.site)]
    prescriptions = [ready(doctor, patient, label=f"medicine {number}") for number in range(8)]

    def client(user: Any) -> Any:
        def hand_out(number: int) -> str:
            return "done" if attempt("pick_up", prescriptions[number], doctor, user) else "too late"

        return hand_out

    assert rounds(8, [client(user) for user in people]) == Counter({"done": 8, "too late": 8})
    with as_the_system():
        assert Prescription.objects.filter(status="picked_up").count() == 8


@pytest.mark.django_db(transaction=True)
def test_the_last_moment_belongs_to_one_the_clock_or_the_patient() -> None:
    patient = PatientFactory()
    allergy(patient, "none")
    doctor, pharmacist = provider(patient), staff("pharmacist", patient.site)
    prescriptions = [ready(doctor, patient, label=f"medicine {number}") for number in range(8)]

    def clock(number: int) -> str:
        return f"clock {attempt('expire', prescriptions[number], doctor, pharmacist)}"

    def person(number: int) -> str:
        return f"person {attempt('pick_up', prescriptions[number], doctor, pharmacist)}"

    outcomes = rounds(8, [clock, person])
    assert outcomes["person True"] == 8, "who comes late still gets it"
    with as_the_system():
        assert set(Prescription.objects.values_list("status", flat=True)) == {"picked_up"}


@pytest.mark.django_db
def test_with_the_broker_dead_it_still_comes_back(doctor, patient, announced, monkeypatch) -> None:
    monkeypatch.setattr(registry, "_after", {})
    prescription = ready(doctor, patient)
    relay = Relay(broker=Post(is_up=False))  # type: ignore[arg-type]
    relay._lanes = {name: HereAndNow() for name in relay._lanes}  # type: ignore[misc]
    with taking_role("worker"):
        for days in (2, 3, 4):
            with time_machine.travel(NOW + timedelta(days=days, minutes=5), tick=False):
                relay.run_once()
            assert reload(prescription).status == ("ready" if days < 3 else "not_collected")
    assert len(announced(PrescriptionNotCollected)) == 1


@pytest.mark.django_db
def test_with_the_network_gone_warfarin_with_aspirin_still_warns(doctor, patient, monkeypatch) -> None:
    def nowhere(*_given: Any, **_more: Any) -> None:
        raise AssertionError("The safety check asked somebody outside.")

    signed(doctor, patient, "warfarin 5 mg, tablet")
    draft = drafted(doctor, patient, "aspirin 81 mg, tablet")
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, nowhere)
    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with acting_as(doctor), pytest.raises(FindingsUnanswered) as held:
        actions.sign_prescription(by=doctor, prescription=draft, now=NOW)
    assert held.value.result.findings[0].rule == "INR-01"
