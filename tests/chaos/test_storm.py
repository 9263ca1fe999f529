"""Two minutes in which whoever stands between a fact and its letter is killed, again and again."""

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import transaction

from alerts.models import Alert, Notice
from healthcare.events import publish
from healthcare.messaging.models import Message
from healthcare.messaging.sweeping import end_lost_leases
from records.events import AbnormalValueRecorded
from scheduling.events import AppointmentBooked
from tests.chaos.conftest import Post
from tests.chaos.processes import House, Process, wait_for
from tests.factories import (
    AppointmentFactory,
    EncounterFactory,
    EntryFactory,
    PatientFactory,
    ProviderFactory,
    SiteFactory,
    portal_user,
    staff,
)
from tests.messaging.mailserver import MailServer
from tests.roles import as_the_system, taking_role

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.chaos]
SECONDS = 120.0
FACTS, URGENT_EACH = 500, 5  # each fifth fact is a dangerous value, the others are visits booked
VISITS_EACH = 4  # of one patient: an address gets so many letters an hour and no more
PAUSE = (2.0, 6.0)  # seconds between one death and the next
CONNECTIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'worker'
ORDER BY random() LIMIT 1
"""


class Storm:
    """Kills, and starts anew what is gone, as whoever runs the processes of a clinic does."""

    def __init__(self, house: House, superuser: psycopg.Connection, seed: int) -> None:
        self.house, self.superuser, self.chance = house, superuser, random.Random(seed)
        self.running: dict[str, tuple[Callable[[], Process], Process]] = {}
        self.struck: Counter[str] = Counter()
        for name, start in {"relay": house.relay, "worker": house.worker, "urgent worker": house.worker}.items():
            self.running[name] = start, start()

    def strike(self) -> None:
        name = self.chance.choice([*self.running, "broker", "connection", "connection"])
        if name == "broker":
            self.house.valkey.kill()
            self.house.valkey.start()
            self.struck[name] += 1
        elif name == "connection":
            self.struck[name] += len(self.superuser.execute(CONNECTIONS).fetchall())
        else:
            self.running[name][1].kill()
            self.struck[name] += 1

    def replace_the_dead(self) -> None:
        for name, (start, process) in self.running.items():
            if process.child.poll() is not None:
                self.running[name] = start, start()


def a_busy_clinic() -> list[Any]:
    """Facts in no order of urgency; of each patient who has visits the portal's address is another."""
    site = SiteFactory()
    doctor = staff("doctor", site, email="okafor@clinic.example")
    ill = PatientFactory(site=site)
    encounter = EncounterFactory(patient=ill, site=site, provider=ProviderFactory(user=doctor))
    facts: list[Any] = []
    for number in range(FACTS):
        if number % URGENT_EACH == 0:
            entry = EntryFactory(patient=ill, encounter=encounter, display="Potassium", value="6.3", unit="mmol/L")
            facts.append(AbnormalValueRecorded(entry.pk, ill.pk, "urgent", encounter.pk))
            continue
        if number % (URGENT_EACH * VISITS_EACH) == 1:
            patient, provider = PatientFactory(site=site), ProviderFactory()
            portal_user(patient, email=f"patient-{number}@portal.example")
        visit: Any = AppointmentFactory(patient=patient, provider=provider)
        facts.append(AppointmentBooked(visit.pk, patient.pk, visit.sequence))
    return facts


def test_two_minutes_of_storm_lose_nothing_and_double_nothing(
    house: House, post: Post, mail: MailServer, superuser: psycopg.Connection
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"The storm of seed {seed}.")  # noqa: T201  (pytest shows it where the test failed)
    facts = a_busy_clinic()
    storm = Storm(house, superuser, seed)
    began = time.monotonic()
    strike_at = began + PAUSE[1]
    for number, fact in enumerate(facts):
        if storm.chance.random() < 0.2:
            mail.orders.append("data:pause")
        with as_the_system(), transaction.atomic():
            publish(fact)
        while (now := time.monotonic()) < began + SECONDS * number / FACTS:
            time.sleep(0.05)
        if now > strike_at:
            storm.strike()
            strike_at = now + storm.chance.uniform(*PAUSE)
        storm.replace_the_dead()

    def settled() -> bool:
        post.let_time_pass(10)
        storm.replace_the_dead()
        with taking_role("worker"):
            end_lost_leases()
        time.sleep(0.5)
        waiting = superuser.execute("SELECT count(*) FROM events_delivery WHERE status = 'pending'").fetchone()
        return waiting == (0,) and not set(post.states()) & {"queued", "sending"}

    wait_for(settled, 600)
    print(f"Struck: {dict(storm.struck)}. Messages: {dict(post.states())}.")  # noqa: T201
    assert sum(storm.struck.values()) >= SECONDS / PAUSE[1] / 2
    assert superuser.execute("SELECT DISTINCT status FROM events_delivery").fetchall() == [("done",)]
    with as_the_system():
        urgent = [fact.entry_id for fact in facts if isinstance(fact, AbnormalValueRecorded)]
        booked = [fact.appointment_id for fact in facts if isinstance(fact, AppointmentBooked)]
        assert Alert.objects.count() == len(urgent)
        assert Notice.objects.filter(letter="appointment_booked", state="queued").count() == len(booked)
        messages = {message.mail_id: message for message in Message.objects.all()}
    assert {message.status for message in messages.values()} <= {"sent", "unknown"}
    assert post.states()["unknown"] <= sum(storm.struck.values())
    assert len([one for one in messages.values() if one.queue != "urgent"]) == len(booked)
    arrived = Counter(str(letter["Message-ID"]) for letter in mail.taken)
    assert set(arrived.values()) == {1}
    assert {name for name, message in messages.items() if message.status == "sent"} <= set(arrived)
