"""The whole life of a prescription: every order of steps, two at once, the broker dead, the network gone."""

import socket
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from healthcare.db.context import acting_as
from healthcare.events import registry
from healthcare.events.relay import Relay
from prescriptions import actions
from prescriptions.actions import FindingsUnanswered, NotPossible
from prescriptions.actions.steps import signature_of
from prescriptions.events import PrescriptionNotCollected, PrescriptionPickedUp
from prescriptions.models import CollectionDeadline, Dispense, Prescription
from tests.events.test_relay import HereAndNow, Post
from tests.factories import PatientFactory, staff
from tests.prescriptions.conftest import NOW, allergy, drafted, provider, ready, reload, signed
from tests.roles import as_the_system, taking_role
from tests.scheduling.at_once import rounds

LATE = NOW + timedelta(days=100)
SUPPLY, REPEATS, PART = 14, 2, 5
OPEN, WAITS = ("signed", "ready", "not_collected"), ("ready", "not_collected")


@dataclass
class Shelf:
    """One prescription of 14 capsules with two repeats, as it should stand: the verbs once more, in Python."""

    status: str = "signed"
    fill: int = 0
    waiting: int = 0
    handed: int = 0
    given: list[int] = field(default_factory=list)  # the supply that each hand-out belonged to

    @property
    def due(self) -> int:
        return min(SUPPLY, SUPPLY * (self.fill + 1) - self.handed - self.waiting)

    def ready(self, at_most: int = SUPPLY) -> bool:
        return self.moves(self.status == "signed", "ready", waiting=min(at_most, self.due))

    def part(self) -> bool:
        return self.ready(PART)

    def pick_up(self) -> bool:
        goes = self.status in WAITS
        if goes:
            self.handed, self.waiting, self.given = self.handed + self.waiting, 0, [*self.given, self.fill]
        return self.moves(goes, "signed" if self.due else "picked_up")

    def expire(self) -> bool:
        return self.moves(self.status == "ready", "not_collected")

    def keep(self) -> bool:
        return self.moves(self.status == "not_collected", "ready")

    def cancel(self) -> bool:
        return self.moves(self.status in (*OPEN, "not_dispensed"), "cancelled", waiting=0)

    def not_dispense(self) -> bool:
        fill = self.given[-1] if self.given else self.fill
        status = "picked_up" if self.given else "not_dispensed"
        return self.moves(self.status in OPEN, status, waiting=0, fill=fill)

    def take_up(self) -> bool:
        return self.moves(self.status == "not_dispensed", "signed")

    def repeat(self) -> bool:
        return self.moves(self.status == "picked_up" and self.fill < REPEATS, "signed", fill=self.fill + 1)

    def moves(self, goes: bool, status: str, **more: int) -> bool:
        if goes:
            assert status in Prescription.MOVES[self.status]
            self.status = status
            vars(self).update(more)
        return goes


STEPS = ("ready", "part", "pick_up", "expire", "keep", "cancel", "not_dispense", "take_up", "repeat")
HANDED = {"name": "Rosa", "relation": "self", "identity_checked": True}
VERBS: dict[str, Any] = {
    "ready": actions.mark_ready,
    "part": lambda **said: actions.mark_ready(
        quantity=min(Decimal(PART), reload(said["prescription"]).due_quantity), part_reason="out_of_stock", **said
    ),
    "pick_up": lambda **said: actions.pick_up(**HANDED, **said),
    "keep": lambda **said: actions.keep_ready(days=3, **said),
    "cancel": lambda **said: actions.cancel_prescription(reason="changed", **said),
    "not_dispense": lambda **said: actions.not_dispense(reason="out_of_stock", **said),
    "take_up": actions.take_up_again,
    "repeat": actions.repeat_prescription,
}


def attempt(step: str, prescription: Prescription, doctor: Any, pharmacist: Any) -> bool:
    """Whether it was done; refused is an answer too."""
    try:
        if step == "expire":
            with as_the_system():
                return actions.expire_uncollected(by=None, prescription_id=prescription.pk, now=LATE)
        by = doctor if step in {"cancel", "keep"} else pharmacist
        with acting_as(by):
            VERBS[step](by=by, prescription=prescription, now=NOW)
    except NotPossible:
        return False
    return True


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.sampled_from(STEPS), max_size=16))
@example(steps=["ready", "pick_up", "repeat", "part", "pick_up", "not_dispense", "repeat", "ready", "pick_up"])
def test_in_every_order_of_steps_never_more_is_dispensed_than_prescribed(
    doctor, pharmacist, patient, announced, steps
) -> None:
    with transaction.atomic():
        prescription = signed(doctor, patient, repeats=REPEATS)
        shelf = Shelf()
        for step in steps:
            goes = getattr(shelf, step)()
            assert attempt(step, prescription, doctor, pharmacist) is goes, (step, shelf)
            kept = reload(prescription)
            assert (kept.status, kept.fill, kept.dispensed) == (shelf.status, shelf.fill, shelf.handed + shelf.waiting)
            assert kept.dispensed <= SUPPLY * (kept.fill + 1) <= SUPPLY * (REPEATS + 1)
            assert signature_of(kept) == kept.signature, "what was signed is as it was signed"
            with as_the_system():
                waits = CollectionDeadline.objects.filter(prescription=prescription).exclude(next_at=None).exists()
                prepared = Dispense.objects.waiting().filter(prescription=prescription).count()
            assert waits is (shelf.status == "ready")
            assert prepared == (shelf.status in WAITS)
        told = [fact for fact in announced(PrescriptionPickedUp) if fact.prescription_id == prescription.pk]
        assert len({fact.dispense_id for fact in told}) == len(told) == len(shelf.given), "each is told once"
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
