"""Letters about times that are kept for who waits: once, with the link, without a word of what for; or to the next."""

from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from alerts import subscribers
from alerts.models import Notice
from healthcare.accounts.models.links import token_of
from scheduling.events import OfferLost, WaitOffered
from scheduling.models import WaitOffer
from tests.alerts.conftest import Clinic
from tests.alerts.test_tell import notices
from tests.events.draining import as_worker, drain
from tests.factories import PatientFactory, ResourceFactory, WaitFactory, WaitOfferFactory
from tests.messaging.mailserver import MailServer
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


def an_offer(clinic: Clinic, **fields: Any) -> WaitOffer:
    ResourceFactory(provider=clinic.provider)
    wait = WaitFactory(patient=fields.pop("patient", clinic.patient))
    return WaitOfferFactory(wait=wait, provider=clinic.provider, **fields)


def state_of(offer: WaitOffer) -> str:
    return str(as_worker(lambda: WaitOffer.objects.get(pk=offer.pk).state))


def test_it_is_told_once_with_the_link_also_when_delivered_twice(clinic: Clinic, mail: MailServer) -> None:
    offer = an_offer(clinic)
    deliver_twice(subscribers.tell_of_offer, WaitOffered(offer.pk, clinic.patient.pk), notices)
    assert as_worker(notices) == [("wait_offered", "queued", "", "wilhelmina@portal.example")]
    drain()
    (sent,) = mail.taken
    words = str(sent.get_content()) + str(sent["Subject"])
    for said in (
        "Maren Okafor, MD",
        "12 Alder Street",
        f"{settings.PUBLIC_URL}/scheduling/offers/{token_of(offer.pk)}",
    ):
        assert said in words
    for secret in (clinic.patient.family_name, clinic.patient.mrn, str(clinic.patient.pk), offer.wait.visit_type.name):
        assert secret not in words
    assert words.count(offer.time_zone) == 0, "the zone by its letters"
    assert state_of(offer) == "offered"


def test_the_message_holds_no_link_before_it_is_drawn(clinic: Clinic) -> None:
    from healthcare.messaging.models import Message

    offer = an_offer(clinic)
    as_worker(lambda: subscribers.tell_of_offer(WaitOffered(offer.pk, clinic.patient.pk)))
    kept = as_worker(lambda: Message.objects.get().parameters)
    assert token_of(offer.pk).split(".")[1] not in kept


def test_whom_no_letter_reaches_loses_it_to_the_next_delivered_twice(clinic: Clinic) -> None:
    patient = PatientFactory(site=clinic.patient.site, email="")
    offer = an_offer(clinic, patient=patient)
    deliver_twice(
        subscribers.tell_of_offer,
        WaitOffered(offer.pk, patient.pk),
        lambda: [*notices(), WaitOffer.objects.get(pk=offer.pk).state],
    )
    assert state_of(offer) == "unreached"


def test_an_offer_that_is_over_is_not_told(clinic: Clinic) -> None:
    over = an_offer(clinic, until=timezone.now())
    as_worker(lambda: subscribers.tell_of_offer(WaitOffered(over.pk, clinic.patient.pk)))
    as_worker(lambda: subscribers.tell_of_offer(WaitOffered(clinic.patient.pk, clinic.patient.pk)))
    assert as_worker(Notice.objects.count) == 0


def test_what_was_lost_is_told_once_also_when_delivered_twice(clinic: Clinic, mail: MailServer) -> None:
    offer = an_offer(clinic, state="lost", next_at=None)
    deliver_twice(subscribers.tell_of_lost_offer, OfferLost(offer.pk, clinic.patient.pk), notices)
    drain()
    (sent,) = mail.taken
    assert "cannot be had any more" in str(sent.get_content())


def test_what_was_not_lost_is_not_told(clinic: Clinic) -> None:
    offer = an_offer(clinic)
    as_worker(lambda: subscribers.tell_of_lost_offer(OfferLost(offer.pk, clinic.patient.pk)))
    assert as_worker(Notice.objects.count) == 0
