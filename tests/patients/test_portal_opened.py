"""The mail that follows a linked account: once, to the account's address, and without a word about a record."""

import pytest

from healthcare.events.registry import subscribers_after
from healthcare.messaging.models import Message
from healthcare.messaging.templating import render
from patients.actions import tell_portal_opened
from patients.events import PortalAccountLinked
from patients.subscribers import tell_portal_opened as subscriber
from tests.factories import PatientFactory, UserFactory
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


def test_the_fact_has_its_subscriber() -> None:
    assert [found.function for found in subscribers_after("patients.PortalAccountLinked")] == [subscriber]


def test_delivered_twice_is_one_mail() -> None:
    patient, user = PatientFactory(given_name="Rosa"), UserFactory(email="rosa@mail.example")
    with as_the_system():
        for _time in range(2):
            subscriber(PortalAccountLinked(patient_id=patient.pk, user_id=user.pk))
        message = Message.objects.get()
    assert (message.channel, message.address, message.template) == ("email", "rosa@mail.example", "portal_opened")
    assert message.parameters == "{}"


def test_an_account_that_is_gone_gets_nothing() -> None:
    patient = PatientFactory()
    with as_the_system():
        tell_portal_opened(by=None, patient_id=patient.pk, user_id=patient.pk)
        assert not Message.objects.exists()


def test_the_words_name_nobody() -> None:
    words = render("portal_opened", "email", {}, "")
    assert words.subject == "Your portal account is open"
    assert "Sign in to read it:\n\nhttp" in words.text
    assert "Call the clinic at once" in words.text
