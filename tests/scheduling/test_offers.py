"""A time that became free is kept for the first whom it fits, then goes to the next; what is accepted is booked."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients.access import NotInScope
from scheduling import actions, subscribers, tasks
from scheduling.access import check_can_answer_offer
from scheduling.actions import NotOpen, TimeTaken
from scheduling.events import AppointmentBooked, OfferLost, TimeFreed, WaitOffered
from scheduling.models import Opening, Wait, WaitOffer
from tests.events.draining import as_worker
from tests.factories import (
    PatientFactory,
    SiteFactory,
    TimeClaimFactory,
    VisitTypeFactory,
    bookable_provider,
    portal_user,
    span,
    staff,
)
from tests.roles import as_the_system, taking_role
from tests.scheduling.conftest import NINE, NOW, Clinic, later
from tests.scheduling.pages import at
from tests.scheduling.waiting import (
    DAY,
    another,
    fresh,
    holds,
    join,
    joined,
    offer,
    offers,
    settle,
    short,
    visits,
    wish,
)
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
HALF_AN_HOUR = timedelta(minutes=30)


def accept(clinic: Clinic, one: WaitOffer, by: Any = None, now: datetime = NOW) -> WaitOffer:
    by = by or clinic.rosa
    with acting_as(by):
        return actions.accept_offer(by=by, offer=one, now=now)


def decline(clinic: Clinic, one: WaitOffer, by: Any = None, now: datetime = NOW) -> WaitOffer:
    by = by or clinic.rosa
    with acting_as(by):
        return actions.decline_offer(by=by, offer=one, now=now)


# == What is free is announced ==
@pytest.mark.parametrize(
    "free",
    [
        lambda clinic, visit: actions.cancel_appointment(by=clinic.desk, appointment=visit, reason="", now=NOW),
        lambda clinic, visit: actions.move_appointment(by=clinic.desk, appointment=visit, start=later(600), now=NOW),
    ],
)
def test_what_is_cancelled_or_moved_says_what_became_free(
    clinic: Clinic, announced: Any, free: Callable[..., Any]
) -> None:
    visit = clinic.book()
    with acting_as(clinic.desk):
        free(clinic, visit)
    assert announced(TimeFreed) == [TimeFreed(clinic.resource.pk, NINE, later(40))]


def test_so_does_what_is_declined_and_a_block_that_is_lifted(clinic: Clinic, announced: Any) -> None:
    clinic.visit_type = VisitTypeFactory(portal_mode="request", buffer_after=5)
    visit = clinic.book()
    block = TimeClaimFactory(resource=clinic.resource, blocked=span(later(100), 60))
    with acting_as(clinic.desk):
        actions.decline_request(by=clinic.desk, appointment=visit, reason="No", now=NOW)
        actions.unblock_time(by=clinic.desk, claim=block, now=NOW)
    assert announced(TimeFreed) == [
        TimeFreed(clinic.resource.pk, NINE, later(45)),
        TimeFreed(clinic.resource.pk, later(100), later(160)),
    ]


def test_the_fact_delivered_twice_makes_one_offer(clinic: Clinic) -> None:
    today = timezone.now().date()
    join(clinic, now=timezone.now(), wish=wish(first_day=today, last_day=today + 9 * DAY))
    start = at(14, days=3)
    with as_the_system():
        clinic.patient.quiet_from, clinic.patient.quiet_until = time(3), time(3)  # never: it may be night now
        clinic.patient.save()
    fact = TimeFreed(clinic.resource.pk, start, start + timedelta(minutes=40))
    made = deliver_twice(subscribers.offer_freed_time, fact, lambda: list(WaitOffer.objects.values_list("state")))
    assert made == [("offered",)]


# == Whom it fits ==
def test_the_first_who_waits_is_offered_it_and_nobody_else_gets_it_meanwhile(clinic: Clinic, announced: Any) -> None:
    join(clinic)
    joined(clinic)
    made = offer(clinic)
    assert made is not None
    assert (made.patient_id, made.starts_at, made.until) == (clinic.patient.pk, NINE, NOW + HALF_AN_HOUR)
    assert announced(WaitOffered) == [WaitOffered(made.pk, clinic.patient.pk)]
    (held,) = holds()
    assert (held.blocked, held.hold_until > made.until) == (span(NINE), True)
    patient, user = another(clinic)
    for by in (user, clinic.desk):
        with pytest.raises(TimeTaken):
            clinic.book(by=by, patient=patient)


@pytest.mark.parametrize(
    "changes",
    [
        {"wish": wish(first_day=NOW.date() + 2 * DAY)},
        {"wish": wish(last_day=NOW.date())},
        {"wish": wish(isodows=[1, 3])},  # it is a Tuesday
        {"wish": wish(parts=["afternoon", "evening"])},
    ],
)
def test_a_time_that_does_not_fit_the_wish_is_not_offered(clinic: Clinic, changes: dict[str, Any]) -> None:
    join(clinic, **changes)
    assert offer(clinic) is None


def test_nor_one_of_another_provider_site_or_specialty(clinic: Clinic) -> None:
    join(clinic, provider=bookable_provider(clinic.site))
    join(clinic, visit_type=VisitTypeFactory(specialty="Dermatology"))
    join(clinic, site=SiteFactory())
    assert offer(clinic) is None
    assert offer(clinic, start=NOW - DAY) is None, "what is over is offered to nobody"
    join(clinic, provider=clinic.provider)
    made = offer(clinic)
    assert made is not None
    assert made.provider == clinic.provider


def test_not_when_they_are_elsewhere_and_not_what_they_could_not_book(clinic: Clinic) -> None:
    join(clinic)
    clinic.book(provider=bookable_provider(clinic.site), start=later(20))
    made = offer(clinic, minutes=20)
    assert made is not None
    assert made.during == span(later(-20)), "before the other visit begins"
    decline(clinic, made)
    with as_the_system():
        clinic.provider.accepting = False
        clinic.provider.save()
    assert offer(clinic, start=later(300)) is None


def test_a_longer_visit_takes_what_lies_free_beside_it_and_a_shorter_one_leaves_the_rest_to_the_next(
    clinic: Clinic,
) -> None:
    clinic.book(start=later(-40), by=clinic.desk, patient=another(clinic)[0])
    join(clinic, visit_type=VisitTypeFactory(minutes=60))
    made = offer(clinic, minutes=20)
    assert made is not None
    assert (made.starts_at, made.during.upper) == (NINE, later(60))
    settle(made, NOW + DAY)
    other = joined(clinic, visit_type=short())
    third = joined(clinic, visit_type=short())
    offer(clinic)
    offer(clinic)
    kept = as_worker(lambda: list(WaitOffer.objects.open().order_by("during").values_list("patient_id", "during")))
    assert kept == [(other.patient_id, span(NINE, 20)), (third.patient_id, span(later(20), 20))]


def test_a_patient_is_kept_one_time_at_a_time(clinic: Clinic) -> None:
    join(clinic)
    join(clinic, provider=clinic.provider)
    assert offer(clinic) is not None
    assert offer(clinic, start=later(300)) is None


def test_a_time_that_somebody_booked_first_is_offered_to_nobody(clinic: Clinic) -> None:
    join(clinic)
    clinic.book(by=clinic.desk, patient=another(clinic)[0])
    assert offer(clinic) is None
    assert (offers(), holds()) == ([], [])


def test_of_rooms_nothing_is_offered(clinic: Clinic) -> None:
    nothing = {"resource_id": clinic.site.pk, "freed": (NINE, later(9)), "now": NOW}
    assert as_worker(lambda: actions.offer_freed_time(**nothing)) is None


# == By night ==
def by_night() -> datetime:
    return datetime.combine(NOW.date() + DAY, time(2), UTC)  # ten in the evening in New York


def openings() -> list[Any]:
    return as_worker(lambda: list(Opening.objects.all()))


def test_by_night_it_waits_for_the_morning_and_anybody_may_book_it_meanwhile(clinic: Clinic) -> None:
    join(clinic)
    start = NINE + DAY
    assert offer(clinic, start, now=by_night()) is None
    assert offer(clinic, start, now=by_night()) is None
    (waits,) = openings()
    assert waits.next_at == datetime.combine(NOW.date() + DAY, time(12), UTC)  # eight o'clock
    assert holds() == []

    def look(now: datetime) -> Any:
        return as_worker(lambda: actions.offer_opening(opening_id=waits.pk, now=now))

    assert look(waits.next_at - timedelta(minutes=1)) is None
    made = look(waits.next_at)
    assert (made.starts_at, made.until) == (start, waits.next_at + HALF_AN_HOUR)
    assert openings() == []
    assert look(waits.next_at) is None


def test_an_offer_of_the_late_evening_lasts_until_the_morning(clinic: Clinic) -> None:
    join(clinic)
    made = offer(clinic, NINE + DAY, now=datetime.combine(NOW.date() + DAY, time(0, 50), UTC))
    assert made is not None
    assert made.until == datetime.combine(NOW.date() + DAY, time(12, 30), UTC)


def test_hours_of_the_patients_own_count_instead(clinic: Clinic) -> None:
    with as_the_system():
        clinic.patient.quiet_from, clinic.patient.quiet_until = time(7), time(9)
        clinic.patient.save()
    join(clinic)
    assert offer(clinic, NINE + DAY, now=NOW) is None  # eight in the morning
    assert offer(clinic, NINE + DAY, now=by_night()) is not None


def test_what_begins_too_early_for_the_first_goes_to_who_can_be_asked(clinic: Clinic) -> None:
    join(clinic)
    awake = joined(clinic)
    with as_the_system():
        awake.patient.quiet_from, awake.patient.quiet_until = time(2), time(3)
        awake.patient.save()
    made = offer(clinic, datetime.combine(NOW.date() + DAY, time(12, 15), UTC), now=by_night())
    assert made is not None
    assert made.patient_id == awake.patient_id


def test_the_job_looks_at_openings(clinic: Clinic) -> None:
    with as_the_system():
        waits = Opening(resource=clinic.resource, during=span(later(0)), next_at=NOW - 9000 * DAY)
        waits.save(force_insert=True)
    with taking_role("worker"):
        tasks.offer_opening(waits.pk)
    assert openings() == []


# == Answers ==
def test_what_is_accepted_takes_the_place_of_its_hold(clinic: Clinic, announced: Any) -> None:
    wait = join(clinic)
    made = offer(clinic)
    assert made is not None
    answered = accept(clinic, made)
    (visit,) = visits()
    assert (answered.state, answered.appointment_id, answered.answered_by) == ("booked", visit.pk, clinic.rosa)
    assert (visit.starts_at, visit.status, visit.booked_by) == (NINE, "booked", clinic.rosa)
    assert holds() == []
    assert fresh(wait).state == "booked"
    assert accept(clinic, made).appointment_id == visit.pk, "twice is once"
    assert announced(AppointmentBooked) == [AppointmentBooked(visit.pk, clinic.patient.pk, 0)]


def test_what_binds_patients_who_choose_does_not_bind_who_accepts(clinic: Clinic) -> None:
    for number, mode in enumerate(("request", "off")):
        join(clinic, by=clinic.desk, visit_type=VisitTypeFactory(portal_mode=mode))
        made = offer(clinic, later(60 * number))
        assert made is not None
        assert accept(clinic, made).state == "booked"
    assert {visit.status for visit in visits()} == {"booked"}


def test_the_desk_answers_for_the_patient_and_a_stranger_does_not(clinic: Clinic) -> None:
    join(clinic)
    made = offer(clinic)
    assert made is not None
    for stranger in (another(clinic)[1], staff("front_desk")):
        for verb in (accept, decline):
            with pytest.raises(NotInScope):
                verb(clinic, made, stranger)
    with acting_as(clinic.desk), pytest.raises(NotAllowed):
        check_can_answer_offer(staff("billing", clinic.site), made)
    assert accept(clinic, made, clinic.desk).answered_by == clinic.desk


def test_what_is_declined_goes_to_the_next_and_never_back(clinic: Clinic) -> None:
    wait = join(clinic)
    other = joined(clinic)
    made = offer(clinic)
    assert made is not None
    assert decline(clinic, made).state == "declined"
    assert decline(clinic, made).state == "declined"
    assert fresh(wait).is_waiting
    offer(clinic)
    offer(clinic)
    assert offers() == [(clinic.patient.pk, "declined"), (other.patient_id, "offered")]
    with pytest.raises(NotOpen, match="Declined"):
        accept(clinic, made)


def test_what_nobody_answered_runs_out_and_goes_to_the_next(clinic: Clinic) -> None:
    join(clinic)
    other = joined(clinic)
    made = offer(clinic)
    assert made is not None
    assert settle(made, made.until - timedelta(seconds=1)).state == "offered"
    with pytest.raises(NotOpen, match="Nobody answered"):
        accept(clinic, made, now=made.until)
    assert settle(made, made.until).state == "expired"
    assert settle(made, made.until).state == "expired"
    assert holds() == []
    offer(clinic, now=made.until)
    assert offers() == [(clinic.patient.pk, "expired"), (other.patient_id, "offered")]
    with pytest.raises(NotOpen):
        decline(clinic, made)


def test_what_was_accepted_and_cannot_be_had_any_more_is_lost_and_the_patient_waits_on(
    clinic: Clinic, announced: Any
) -> None:
    wait = join(clinic)
    made = offer(clinic)
    assert made is not None
    TimeClaimFactory(resource=clinic.resource, blocked=span(NINE, 120))
    assert accept(clinic, made).state == "lost"
    assert fresh(wait).is_waiting
    assert (visits(), holds()) == ([], [])
    assert announced(OfferLost) == [OfferLost(made.pk, clinic.patient.pk)]


def test_whom_no_letter_reaches_is_kept_nothing(clinic: Clinic) -> None:
    join(clinic)
    made = offer(clinic)
    assert made is not None
    for _time in range(2):
        as_worker(lambda: actions.end_unreached_offer(offer_id=made.pk, now=NOW))
    assert (fresh(made).state, holds()) == ("unreached", [])
    as_worker(lambda: actions.end_unreached_offer(offer_id=clinic.patient.pk, now=NOW))


def test_an_unknown_offer_is_nothing_to_settle(clinic: Clinic) -> None:
    as_worker(lambda: actions.settle_offer(offer_id=clinic.patient.pk, now=NOW))
    with taking_role("worker"):
        tasks.settle_offer(clinic.patient.pk)


def test_an_offer_is_seen_by_whom_it_is_for_and_by_the_desk(clinic: Clinic) -> None:
    join(clinic)
    made = offer(clinic)
    for user, sees in (
        (clinic.rosa, True),
        (clinic.desk, True),
        (portal_user(PatientFactory()), False),
        (staff("researcher", clinic.site), False),
    ):
        with acting_as(user):
            assert WaitOffer.objects.visible_to(user).filter(pk=made.pk).exists() is sees
            assert Wait.objects.visible_to(user).exists() is sees
