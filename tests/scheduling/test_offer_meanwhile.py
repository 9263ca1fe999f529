"""What changes between the look at the waitlist and the locks, and between an offer and its answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from healthcare.db.context import acting_as
from patients import actions as patients
from patients.models import Patient
from scheduling import actions
from scheduling.actions import offers as module
from scheduling.events import TimeFreed
from scheduling.models import Wait, WaitOffer
from tests.factories import PatientFactory, WaitFactory, staff
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW, Clinic, later
from tests.scheduling.waiting import another, fresh, holds, join, offer, offers, settle, visits, wish

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def end(wait: Wait, state: str) -> None:
    """As a worker, without a verb."""
    with as_the_system():
        row = Wait.objects.get(pk=wait.pk)
        row.state, row.ended_at = state, NOW
        row.save(update_fields=["state", "ended_at"])


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`meanwhile(change)`: it happens after somebody was chosen, and before their locks are held."""

    def put(change: Any) -> None:
        locks = module.lock_in_order

        @contextmanager
        def locked(names: Any) -> Iterator[None]:
            monkeypatch.setattr(module, "lock_in_order", locks)
            change()
            with locks(names):
                yield

        monkeypatch.setattr(module, "lock_in_order", locked)

    return put


def test_who_left_the_list_at_that_moment_is_offered_nothing_and_the_time_is_looked_at_anew(
    clinic: Clinic, meanwhile: Any, announced: Any
) -> None:
    wait = join(clinic)
    meanwhile(lambda: end(wait, "left"))
    assert offer(clinic) is None
    assert (offers(), holds()) == ([], [])
    assert announced(TimeFreed) == [TimeFreed(clinic.resource.pk, NINE, later(40))]


def test_a_time_that_is_taken_at_that_moment_is_offered_to_nobody(clinic: Clinic, meanwhile: Any) -> None:
    join(clinic)
    patient, _user = another(clinic)

    def book() -> None:
        asked = {"provider": clinic.provider, "site": clinic.site, "visit_type": clinic.visit_type}
        actions.book_appointment(by=None, patient=patient, start=NINE, now=NOW, **asked)

    meanwhile(book)
    assert offer(clinic) is None
    assert (offers(), holds()) == ([], [])


def test_what_was_settled_at_that_moment_is_left_as_it_is(clinic: Clinic, meanwhile: Any) -> None:
    join(clinic)
    made = offer(clinic)
    assert made is not None

    def decline() -> None:
        WaitOffer.objects.filter(pk=made.pk).update(state="declined", answered_at=NOW, next_at=None)

    meanwhile(decline)
    assert settle(made, made.until).state == "declined"


def test_what_is_accepted_after_the_last_day_is_booked_and_the_line_stays_over(clinic: Clinic) -> None:
    wait = join(clinic, wish=wish(last_day=NOW.date() + DAY))
    made = offer(clinic)
    assert made is not None
    end(wait, "over")
    with acting_as(clinic.rosa):
        assert actions.accept_offer(by=clinic.rosa, offer=made, now=NOW).state == "booked"
    assert fresh(wait).state == "over"
    assert len(visits()) == 1


# == Two records of one person ==
def merged(clinic: Clinic, gone: Patient) -> Any:
    desk = staff("front_desk", clinic.site)
    with acting_as(desk):
        return patients.merge_patients(by=desk, kept=clinic.patient, gone=gone, reason="Same card", now=NOW)


def test_what_is_kept_for_one_record_goes_along_and_is_accepted_under_the_other(clinic: Clinic) -> None:
    gone = PatientFactory(site=clinic.site)
    with as_the_system():
        WaitFactory(patient=gone, visit_type=clinic.visit_type)
    made = offer(clinic)
    assert made is not None
    merged(clinic, gone)
    with acting_as(clinic.rosa):
        assert actions.accept_offer(by=clinic.rosa, offer=fresh(made), now=NOW).state == "booked"
    assert [visit.patient_id for visit in visits()] == [clinic.patient.pk]
    assert holds() == []


def test_who_waits_twice_for_the_same_is_taken_off_once_first(clinic: Clinic) -> None:
    gone = PatientFactory(site=clinic.site)
    WaitFactory(patient=clinic.patient, visit_type=clinic.visit_type)
    wait = WaitFactory(patient=gone, visit_type=clinic.visit_type)
    with pytest.raises(patients.NotMerged, match="Both wait for the same visit"):
        merged(clinic, gone)
    end(wait, "left")
    merged(clinic, gone)
