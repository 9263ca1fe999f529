"""Many hands at one offer: who accepts at once, in the second in which it runs out, and who books the time first."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.actions import NotOpen, TimeTaken
from scheduling.models import Appointment, TimeClaim, WaitOffer
from scheduling.rules.waitlist import Wish
from tests.factories import PatientFactory, portal_user
from tests.roles import as_the_system, taking_role
from tests.scheduling.at_once import deadlocks, overlaps, rounds
from tests.scheduling.conftest import NOW, Clinic, make_clinic

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 12
FIRST = NOW.replace(hour=14) + timedelta(days=2)
SPAN = Wish(NOW.date(), NOW.date() + timedelta(days=90))


def start_of(number: int) -> Any:
    return FIRST + timedelta(days=number)


def put_on(clinic: Clinic, patient: Any, user: Any) -> None:
    """Once more, for each round: what was booked ended the line."""
    asked = {"patient": patient, "visit_type": clinic.visit_type, "site": clinic.site, "provider": None}
    with acting_as(user):
        actions.join_waitlist(by=user, wish=SPAN, now=NOW, **asked)


def offered(clinic: Clinic, number: int) -> WaitOffer | None:
    start = start_of(number)
    with as_the_system():
        return actions.offer_freed_time(
            resource_id=clinic.resource.pk, freed=(start, start + timedelta(minutes=40)), now=NOW
        )


def sound(clinic: Clinic, seen: int) -> None:
    assert deadlocks() == seen
    with as_the_system():
        assert (overlaps("provider_id"), overlaps("patient_id")) == (0, 0)
        claims = TimeClaim.objects.filter(kind="visit").count()
        assert claims == Appointment.objects.count() == WaitOffer.objects.filter(state="booked").count()


def prepared(clinic: Clinic) -> list[WaitOffer]:
    """An offer for each round, each of a patient of its own."""
    made = []
    for number in range(ROUNDS):
        patient = PatientFactory(site=clinic.site)
        put_on(clinic, patient, portal_user(patient))
        one = offered(clinic, number)
        assert one is not None
        made.append(one)
    return made


def by_page(clinic: Clinic, made: list[WaitOffer]) -> Callable[[int], str]:
    def accept(number: int) -> str:
        with acting_as(clinic.desk):
            try:
                return actions.accept_offer(by=clinic.desk, offer=made[number], now=NOW).state
            except NotOpen:
                return "over"

    return accept


def by_link(made: list[WaitOffer]) -> Callable[[int], str]:
    def accept(number: int) -> str:
        with acting_as(None):
            took = actions.answer_by_link(key=made[number].pk, accepts=True)
        if not took:
            return "over"
        with taking_role("worker"), as_the_system():
            actions.settle_offer(offer_id=made[number].pk, now=NOW)
            return str(WaitOffer.objects.get(pk=made[number].pk).state)

    return accept


def test_of_two_who_accept_at_once_one_visit_comes() -> None:
    clinic = make_clinic()
    made, seen = prepared(clinic), deadlocks()
    outcomes = rounds(ROUNDS, [by_page(clinic, made), by_page(clinic, made), by_link(made)])
    assert outcomes["booked"] + outcomes["over"] == 3 * ROUNDS, outcomes
    sound(clinic, seen)
    with as_the_system():
        assert Appointment.objects.count() == ROUNDS


def test_accepted_in_the_second_in_which_it_runs_out_it_is_booked_or_free_and_never_half() -> None:
    clinic = make_clinic()
    made, seen = prepared(clinic), deadlocks()

    def run_out(number: int) -> str:
        with taking_role("worker"), as_the_system():
            actions.settle_offer(offer_id=made[number].pk, now=made[number].until)
            return str(WaitOffer.objects.get(pk=made[number].pk).state)

    outcomes = rounds(ROUNDS, [by_page(clinic, made), by_link(made), run_out])
    assert set(outcomes) <= {"booked", "over", "expired", "accepted"}, outcomes
    with as_the_system():
        left = set(WaitOffer.objects.values_list("state", flat=True))
        assert left <= {"booked", "expired"}, left
        assert TimeClaim.objects.filter(kind="hold").count() == 0
    sound(clinic, seen)


def test_what_somebody_books_at_that_moment_is_theirs_or_kept_and_never_both() -> None:
    clinic = make_clinic()
    patients = [(PatientFactory(site=clinic.site)) for _each in range(ROUNDS)]
    for patient in patients:
        put_on(clinic, patient, portal_user(patient))
    buyer = PatientFactory(site=clinic.site)
    user, seen = portal_user(buyer), deadlocks()

    def book(number: int) -> str:
        try:
            clinic.book(by=user, patient=buyer, start=start_of(number) + timedelta(minutes=20))
        except TimeTaken:
            return "taken"
        return "bought"

    def keep(number: int) -> str:
        with taking_role("worker"):
            made = offered(clinic, number)
        return "kept" if made else "not kept"

    outcomes = rounds(ROUNDS, [book, keep])
    assert outcomes["bought"] + outcomes["taken"] == ROUNDS, outcomes
    assert outcomes["kept"] >= outcomes["taken"], outcomes
    assert deadlocks() == seen
    with as_the_system():
        spans = list(TimeClaim.objects.filter(lane=0).order_by("blocked").values_list("blocked", flat=True))
        assert all(one.upper <= two.lower for one, two in pairwise(spans))
