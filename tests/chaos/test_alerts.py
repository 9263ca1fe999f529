"""With the broker stopped: an urgent value reaches its doctor, asks the next ones on time, and stops when answered."""

import time
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import transaction
from django.utils import timezone

from alerts.actions import acknowledge_alert
from alerts.models import Alert
from healthcare.db.context import acting_as
from healthcare.events import publish
from records.events import AbnormalValueRecorded
from tests.chaos.conftest import Post
from tests.chaos.processes import House, wait_for
from tests.factories import EncounterFactory, EntryFactory, PatientFactory, ProviderFactory, SiteFactory, staff
from tests.messaging.mailserver import MailServer

pytestmark = pytest.mark.django_db(transaction=True)
ON_TIME = 10.0  # seconds between the due time of a step and the step; a quiet machine needs one


class Ward:
    """A doctor, a colleague and a supervisor of one site, and a potassium of 6.3 just recorded."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        site = SiteFactory()
        self.doctor = staff("doctor", site, email="okafor@clinic.example")
        staff("doctor", site, email="lindqvist@clinic.example")
        staff("administrator", site, email="supervisor@clinic.example")
        patient = PatientFactory(site=site)
        encounter = EncounterFactory(patient=patient, site=site, provider=ProviderFactory(user=self.doctor))
        entry = EntryFactory(patient=patient, encounter=encounter, display="Potassium", value="6.3", unit="mmol/L")
        self.fact = AbnormalValueRecorded(entry.pk, patient.pk, "urgent", encounter.pk)

    def record(self) -> None:
        with transaction.atomic():
            publish(self.fact)

    def row(self) -> tuple[UUID, int, str] | None:
        found: Any = self.connection.execute("SELECT id, level, state FROM alerts_alert").fetchone()
        return found

    def level(self) -> int:
        row = self.row()
        return row[1] if row else -1

    def let_pass(self, minutes: int) -> None:
        span = f"interval '{minutes} minutes'"
        self.connection.execute(
            f"UPDATE alerts_alert SET raised_at = raised_at - {span}, next_at = next_at - {span},"
            f" handed_until = handed_until - {span}"
        )

    def acknowledge(self) -> None:
        with acting_as(self.doctor):
            alert = Alert.objects.visible_to(self.doctor).get()
            acknowledge_alert(by=self.doctor, alert=alert, now=timezone.now())


@pytest.fixture
def ward(house: House, superuser: psycopg.Connection) -> Ward:
    return Ward(superuser)


def test_it_climbs_step_by_step_and_on_time_without_a_broker(house: House, ward: Ward, mail: MailServer) -> None:
    house.valkey.kill()
    house.relay()
    ward.record()
    wait_for(lambda: len(mail.taken) == 1)
    assert ward.level() == 0
    for level, letters in ((1, 2), (2, 4), (3, 5)):
        due = time.monotonic()
        ward.let_pass(5)
        wait_for(lambda level=level: ward.level() == level)
        assert time.monotonic() - due < ON_TIME
        wait_for(lambda letters=letters: len(mail.taken) == letters)
    assert mail.recipients[:2] == ["okafor@clinic.example"] * 2
    assert set(mail.recipients[2:4]) == {"okafor@clinic.example", "lindqvist@clinic.example"}
    assert mail.recipients[4] == "supervisor@clinic.example"
    for letter in mail.taken:
        whole = f"{letter['Subject']} {letter.get_content()}"
        assert "Potassium" not in whole
        assert "6.3" not in whole


def test_after_the_acknowledgement_nothing_more_without_a_broker(house: House, ward: Ward, mail: MailServer) -> None:
    house.valkey.kill()
    house.relay()
    ward.record()
    wait_for(lambda: len(mail.taken) == 1)
    ward.acknowledge()
    ward.let_pass(60)
    time.sleep(6)  # three polls of the relay
    assert ward.row() is not None
    assert (ward.level(), len(mail.taken)) == (0, 1)


def test_a_letter_refused_for_good_asks_the_next_at_once_without_a_broker(
    house: House, ward: Ward, mail: MailServer
) -> None:
    mail.orders.extend(["rcpt:550 no such person", "rcpt:550 no such person"])
    house.valkey.kill()
    house.relay()
    ward.record()
    wait_for(lambda: ward.level() == 2)
    wait_for(lambda: "lindqvist@clinic.example" in mail.recipients)


def test_two_relays_and_a_worker_take_each_step_once(house: House, ward: Ward, post: Post, mail: MailServer) -> None:
    house.relay()
    house.relay()
    house.worker()
    ward.record()
    wait_for(lambda: len(mail.taken) == 1)
    for level in (1, 2, 3):
        ward.let_pass(5)
        wait_for(lambda level=level: ward.level() == level)
    wait_for(lambda: post.states() == {"sent": 5})
    assert len(mail.taken) == 5
