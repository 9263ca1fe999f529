"""Many ask for overlapping times at once: one gets each, the others other times, whatever the cache says."""

import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from scheduling import actions
from scheduling.actions import NotBookable, TimeTaken
from scheduling.actions.claims import lock_in_order
from scheduling.models import Appointment
from scheduling.queries import FreeTime, cached, free_times
from tests.chaos.processes import Valkey
from tests.factories import PatientFactory, bookable_provider, portal_user
from tests.roles import as_the_system, taking_role
from tests.scheduling.at_once import deadlocks, overlaps, rounds
from tests.scheduling.conftest import NOW, Clinic, make_clinic, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
WINDOWS, CLIENTS = 150, 8
FIRST = NOW.replace(hour=0) + timedelta(days=2)


@pytest.fixture
def valkey(tmp_path: Path, settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    """A cache of its own, that may be killed and poisoned."""
    server = Valkey(tmp_path)
    server.start()
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": server.url}}
    monkeypatch.setattr(cached, "breaker", cached.Breaker())
    yield server
    server.kill()


def window(number: int) -> datetime:
    return FIRST + number * timedelta(minutes=90)


def free_in(clinic: Clinic, number: int) -> list[FreeTime]:
    """What the portal would offer in this window."""
    return free_times(
        providers=[clinic.provider],
        visit_type=clinic.visit_type,
        site=clinic.site,
        between=(window(number), window(number) + timedelta(minutes=40)),
        now=NOW,
        by_patient=True,
    )


def client(
    clinic: Clinic, place: int, user: User, patient: Patient, before: Callable[[int], None]
) -> Callable[[int], str]:
    """Asks in each window for a visit that begins `place` times five minutes after it."""

    def ask(number: int) -> str:
        before(number)
        start = window(number) + place * timedelta(minutes=5)
        try:
            clinic.book(by=user, patient=patient, start=start)
        except TimeTaken as taken:
            return "taken" if len(taken.alternatives) == 3 else "without alternatives"
        return "booked"

    return ask


def race(clinic: Clinic, *, windows: int = WINDOWS, before: Callable[[int], None] = lambda _number: None) -> None:
    """`before` is called in each window by the client who asks first. Then everything is counted."""
    patients = [PatientFactory(site=clinic.site) for _client in range(CLIENTS)]
    clients = [
        client(clinic, place, portal_user(patient), patient, before if place == 0 else lambda _number: None)
        for place, patient in enumerate(patients)
    ]
    seen = deadlocks()
    outcomes = rounds(windows, clients)
    assert outcomes == {"booked": windows, "taken": windows * (CLIENTS - 1)}
    assert deadlocks() == seen
    with as_the_system():
        assert Appointment.objects.count() == windows
        assert (overlaps("provider_id"), overlaps("patient_id")) == (0, 0)


@pytest.mark.bug(1)
def test_eight_ask_for_overlapping_times_at_once():
    race(make_clinic())


@pytest.mark.bug(5)
def test_the_same_with_the_cache_killed_half_way(valkey):
    clinic = make_clinic()

    def search(number: int) -> None:
        if number == WINDOWS // 2:
            valkey.kill()
        with acting_as(clinic.rosa):
            found = free_in(clinic, number + 1)  # where nobody books in this round
        assert found, "The search finds the window empty, with the cache and without it."

    race(clinic, before=search)


@pytest.mark.bug(9)
def test_the_same_with_the_cache_saying_that_all_is_free(valkey):
    clinic = make_clinic()
    lies = []

    def poison(number: int) -> None:
        tell_lies(clinic)
        with acting_as(clinic.rosa):
            lies.append(len(free_in(clinic, max(number - 1, 0))))

    race(clinic, before=poison)
    believed = "The search believes the cache that a booked window is empty; where it was too slow, it asks for itself."
    assert 8 in set(lies) <= {8, 0}, believed


def tell_lies(clinic: Clinic) -> None:
    """What the cache knows of all days becomes that all of them are free."""

    def lie(redis):
        key = cached._version_key(clinic.resource.pk)
        redis.set(key, "lie")
        for day in range(WINDOWS * 90 // 1440 + 4):
            begins = FIRST - timedelta(days=2) + timedelta(days=day)
            everything = [(begins, begins + timedelta(days=1))]
            text = cached._text("lie", {clinic.site.pk: everything})
            redis.set(cached._day_key(clinic.resource.pk, begins.date()), text)

    cached.breaker.attempt(lie, None)


def test_eight_send_the_portals_form_at_once():
    """The same through the page: a redirect for one, 409 with other times and the form kept for seven."""
    clinic, windows = make_clinic(), 6
    patients = [PatientFactory(site=clinic.site) for _client in range(CLIENTS)]
    first = (timezone.now() + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    page = reverse("scheduling_portal:book", args=[clinic.provider.pk])

    def sender(place: int) -> Callable[[int], str]:
        browser = sign_in(portal_user(patients[place]))
        browser.get(page)  # the session is there before anybody runs

        def send(number: int) -> str:
            start = first + number * timedelta(minutes=90) + place * timedelta(minutes=5)
            sent = {"site": clinic.site.pk, "visit_type": clinic.visit_type.slug, "start": start.isoformat()}
            answer = browser.post(page, sent | {"key": str(uuid4()), "reason": "Cough for three weeks"})
            kept = answer.status_code == 302 or "Cough for three weeks" in answer.content.decode()
            return f"{answer.status_code} {'kept' if kept else 'lost'}"

        return send

    seen = deadlocks()
    assert rounds(windows, [sender(place) for place in range(CLIENTS)]) == {
        "302 kept": windows,
        "409 kept": windows * (CLIENTS - 1),
    }
    assert deadlocks() == seen
    with as_the_system():
        assert (overlaps("provider_id"), overlaps("patient_id")) == (0, 0)


def test_the_constraint_alone_holds_without_the_locks_and_without_looking_first(monkeypatch):
    """The belt with the braces cut: the verb neither locks nor asks what is free."""
    monkeypatch.setattr("scheduling.actions.booking.lock_in_order", lambda _names: nullcontext())
    monkeypatch.setattr("scheduling.actions.booking.check_time", lambda *_visit, **_more: None)
    with connection.cursor() as cursor, taking_role("owner"):
        cursor.execute("ALTER TABLE scheduling_timeclaim DISABLE TRIGGER keep_out_of_blocks")  # which locks as well
    try:
        race(make_clinic(), windows=30)
    finally:
        with connection.cursor() as cursor, taking_role("owner"):
            cursor.execute("ALTER TABLE scheduling_timeclaim ENABLE TRIGGER keep_out_of_blocks")


def test_two_patients_swap_their_times_again_and_again():
    """Neither waits for the other for ever, and nobody ends without a time."""
    clinic = make_clinic()
    patients = [PatientFactory(site=clinic.site) for _client in range(4)]
    users = [portal_user(patient) for patient in patients]
    places = [window(place) for place in range(4)]
    visits = [
        clinic.book(by=user, patient=patient, start=start)
        for user, patient, start in zip(users, patients, places, strict=True)
    ]

    def mover(place: int) -> Callable[[int], str]:
        def move(number: int) -> str:
            user = users[place]
            with acting_as(user):
                visit = Appointment.objects.get(pk=visits[place].pk)
                try:
                    start = places[(place + number + 1) % 4] + timedelta(minutes=5 * (number % 3))
                    actions.move_appointment(by=user, appointment=visit, start=start, now=NOW)
                except TimeTaken:
                    return "taken"
            return "moved"

        return move

    seen = deadlocks()
    outcomes = rounds(20, [mover(place) for place in range(4)])
    assert set(outcomes) <= {"moved", "taken"}
    assert deadlocks() == seen
    with as_the_system():
        assert Appointment.objects.filter(status="booked").count() == 4
        assert (overlaps("provider_id"), overlaps("patient_id")) == (0, 0)


def test_one_patient_asks_two_providers_at_once():
    clinic = make_clinic()
    others = [clinic.provider, bookable_provider(clinic.site)]

    def asker(place: int) -> Callable[[int], str]:
        def ask(number: int) -> str:
            try:
                clinic.book(provider=others[place], start=window(number) + timedelta(minutes=5 * place))
            except TimeTaken:
                return "taken"
            return "booked"

        return ask

    seen = deadlocks()
    assert rounds(20, [asker(0), asker(1)]) == {"booked": 20, "taken": 20}
    assert deadlocks() == seen
    with as_the_system():
        assert overlaps("patient_id") == 0


def test_a_form_that_is_sent_by_several_clicks_at_once_books_once():
    clinic = make_clinic()

    def click(number: int) -> str:
        return str(clinic.book(start=window(number), idempotency_key=f"form {number}").pk)

    outcomes = rounds(10, [click, click, click])
    assert len(outcomes) == 10
    assert set(outcomes.values()) == {3}


def test_who_waits_too_long_for_a_lock_is_told_so_and_nothing_is_changed():
    """Somebody holds the provider's lock and sits there."""
    clinic = make_clinic()
    holds, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic(), lock_in_order([clinic.resource.pk]):
                holds.set()
                done.wait(30)
        finally:
            connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert holds.wait(10)
        with pytest.raises(NotBookable, match="Please try again"):
            clinic.book()
    finally:
        done.set()
        holder.join()
    assert clinic.book().status == "booked"


def test_other_troubles_of_the_database_are_not_taken_for_a_lock():
    with pytest.raises(OperationalError, match="odd"), transaction.atomic(), lock_in_order(["name"]):
        raise OperationalError("odd")
