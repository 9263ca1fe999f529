"""An offer answered by the link in the mail: nobody is signed in, the database decides once, a worker does the rest."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from scheduling import actions
from scheduling.events import TimeFreed
from scheduling.models import WaitOffer
from scheduling.queries.waitlist import offer_by_link
from tests.factories import WaitOfferFactory
from tests.scheduling.conftest import NOW, Clinic
from tests.scheduling.waiting import fresh, holds, join, offer, settle, visits

pytestmark = pytest.mark.django_db


def by_link(one: WaitOffer, accepts: bool) -> bool:
    return actions.answer_by_link(key=one.pk, accepts=accepts)


def test_by_the_link_nobody_signed_in_accepts_and_a_worker_books(clinic: Clinic) -> None:
    join(clinic)
    made = offer(clinic)
    assert made is not None
    assert by_link(made, True)
    assert not by_link(made, True)
    assert not by_link(made, False)
    answered = fresh(made)
    assert (answered.state, answered.by_link, answered.answered_by) == ("accepted", True, None)
    done = settle(made, NOW)
    (visit,) = visits()
    assert (done.state, done.appointment_id, visit.booked_by) == ("booked", visit.pk, None)


def test_by_the_link_it_is_declined_and_goes_to_the_next(clinic: Clinic, announced: Any) -> None:
    join(clinic)
    made = offer(clinic)
    assert made is not None
    assert by_link(made, False)
    assert settle(made, timezone.now()).state == "declined"
    assert holds() == []
    assert len(announced(TimeFreed)) == 2


def test_the_link_says_how_it_stands_and_after_its_time_takes_nothing(clinic: Clinic) -> None:
    over = WaitOfferFactory(wait__patient=clinic.patient, until=timezone.now() - timedelta(seconds=1))
    told = offer_by_link(over.pk)
    assert told is not None
    assert (told.stands, told.site, told.patient_id) == ("expired", clinic.site.name, clinic.patient.pk)
    assert not by_link(over, True)
    assert offer_by_link(clinic.patient.pk) is None
