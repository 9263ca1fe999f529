"""A patient with an account, the people of the site, and who has nothing to do with either."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions import messages as verbs
from records.actions import threads
from records.models import Message, Pool, Thread
from tests.factories import PatientFactory, SiteFactory, portal_user, staff
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

# A Thursday, ten in the morning in New York.
NOW = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)
CALM = "May I take it with food?"
DIRE = "Since this morning I have chest pain."


@dataclass
class Talk:
    """Alice: `nurse`, `doctor` and `desk` of the site. Bob: `pharmacist`. Charlie: `stranger`, `other_rosa`."""

    patient: Patient
    rosa: User
    nurse: User
    doctor: User
    desk: User
    pharmacist: User
    stranger: User
    other_rosa: User

    def starts(self, by: User | None = None, **given: Any) -> Thread:
        user = by or self.rosa
        told = {"category": Thread.Category.QUESTION, "body": CALM, "now": NOW} | given
        with acting_as(user):
            return verbs.start_thread(by=user, patient=self.patient, **told)

    def sends(self, by: User, thread: Thread, body: str = CALM, **given: Any) -> Message:
        with acting_as(by):
            return verbs.send_message(by=by, thread=thread, body=body, **({"now": NOW} | given))

    def takes(self, by: User, thread: Thread, instead_of: User | None = None) -> Thread:
        with acting_as(by):
            return threads.take_thread(by=by, thread=thread, instead_of=instead_of.pk if instead_of else None, now=NOW)

    def hands_on(self, by: User, thread: Thread, to: User | Pool | None, instead_of: User | None = None) -> Thread:
        seen = instead_of.pk if instead_of else None
        with acting_as(by):
            return threads.hand_on_thread(by=by, thread=thread, to=to, instead_of=seen, now=NOW)

    def sets_aside(self, by: User, thread: Thread, *, waits: bool = True) -> Thread:
        with acting_as(by):
            return threads.set_thread_aside(by=by, thread=thread, waits=waits, now=NOW)

    def closes(self, by: User, thread: Thread) -> None:
        with acting_as(by):
            threads.close_thread(by=by, thread=thread, now=NOW)

    def reads(self, by: User, thread: Thread, now: datetime = NOW) -> int:
        with acting_as(by):
            return verbs.read_thread(by=by, thread=thread, now=now)


def talk() -> Talk:
    site = SiteFactory(name="Alder Street", time_zone="America/New_York", phone="+15085550110")
    patient = PatientFactory(site=site, family_name="Delgado", given_name="Rosa", preferred_name="Rosie")
    elsewhere = PatientFactory()
    return Talk(
        patient=patient,
        rosa=portal_user(patient),
        nurse=staff("nurse", site, full_name="Priya Raman"),
        doctor=staff("doctor", site, full_name="Maren Okafor"),
        desk=staff("front_desk", site, full_name="Jodie Parrish"),
        pharmacist=staff("pharmacist", site),
        stranger=staff("nurse", elsewhere.site),
        other_rosa=portal_user(elsewhere),
    )


def now_is(thread: Thread) -> Thread:
    """The row as it stands."""
    with as_the_system():
        return Thread.objects.select_related("taken_by", "closed_by", "pool", "provider").get(pk=thread.pk)


def all_messages(thread: Thread) -> list[Message]:
    with as_the_system():
        return list(Message.objects.filter(thread=thread).select_related("author", "read_by").order_by("id"))


def signed_in(user: User) -> Client:
    return sign_in(user)
