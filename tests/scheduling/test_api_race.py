"""Programs that book at once, on real connections: one gets each time, nothing is booked twice, nobody gets a fault."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from scheduling.models import Appointment
from tests.bearer import Program, token_for
from tests.factories import PatientFactory, portal_user
from tests.roles import as_the_system
from tests.scheduling.at_once import deadlocks, overlaps, rounds
from tests.scheduling.conftest import make_clinic
from tests.scheduling.test_api_book import asked, soon

pytestmark = pytest.mark.django_db(transaction=True)
WINDOWS = 12


def start(number: int, minutes: int = 0) -> str:
    return (soon() + timedelta(minutes=90 * number + minutes)).isoformat()


def booked() -> int:
    with as_the_system():
        assert (overlaps("provider_id"), overlaps("patient_id")) == (0, 0)
        return Appointment.objects.filter(status__in=("booked", "confirmed")).count()


def test_six_programs_want_overlapping_times() -> None:
    clinic = make_clinic()

    def client(place: int) -> Callable[[int], str]:
        program = Program(token_for(portal_user(PatientFactory(site=clinic.site))))

        def ask(number: int) -> str:
            answer = program.write("/appointments", asked(clinic, start=start(number, 5 * place)))
            offered = len(answer.json().get("alternatives", ()))
            return f"{answer.status_code} {offered}"

        return ask

    seen = deadlocks()
    outcomes = rounds(WINDOWS, [client(place) for place in range(6)])
    assert outcomes == {"201 0": WINDOWS, "409 3": 5 * WINDOWS}
    assert deadlocks() == seen
    assert booked() == WINDOWS


def test_one_request_sent_by_three_wires_at_once_books_once() -> None:
    clinic = make_clinic()
    token = token_for(clinic.rosa)

    def send(number: int) -> str:
        answer = Program(token).write("/appointments", asked(clinic, start=start(number)), Idempotency_Key=f"k{number}")
        again = answer.json()["type"].rpartition("/")[2] if answer.status_code == 409 else ""
        return f"{answer.status_code} {again}".strip()

    outcomes = rounds(WINDOWS, [send, send, send])
    assert set(outcomes) <= {"201", "409 request-under-way"}
    assert outcomes["201"] >= WINDOWS
    assert booked() == WINDOWS


def test_the_patient_moves_while_the_desk_calls_off_and_somebody_else_wants_the_time() -> None:
    clinic = make_clinic()
    rosa, desk = Program(token_for(clinic.rosa)), Program(token_for(clinic.desk))
    other = Program(token_for(portal_user(PatientFactory(site=clinic.site))))
    visits = [rosa.write("/appointments", asked(clinic, start=start(number))).json()["id"] for number in range(WINDOWS)]

    def move(number: int) -> str:
        body = {"start": start(number, 45)}
        return f"move {rosa.write(f'/appointments/{visits[number]}/reschedule', body).status_code}"

    def call_off(number: int) -> str:
        return f"cancel {desk.write(f'/appointments/{visits[number]}/cancel').status_code}"

    def take(number: int) -> str:
        return f"take {other.write('/appointments', asked(clinic, start=start(number))).status_code}"

    outcomes = rounds(WINDOWS, [move, call_off, take])
    assert set(outcomes) <= {"move 200", "move 409", "cancel 200", "cancel 409", "take 201", "take 409"}
    assert outcomes["move 200"] + outcomes["move 409"] == outcomes["take 201"] + outcomes["take 409"] == WINDOWS
    assert booked() == outcomes["take 201"] + outcomes["cancel 409"]
