"""What the desk notes in one press, and takes back: late, not missed after all, a word for colleagues, a number."""

from datetime import timedelta

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from scheduling import actions
from scheduling.access import can_note
from scheduling.actions import NotBookable, NotOpen
from scheduling.events import FreeTimeChanged, MissUndone
from scheduling.models import Appointment, ArrivalCount, TimeClaim
from scheduling.rules import is_fresh
from tests.factories import PatientFactory, SiteFactory, span, staff
from tests.roles import as_the_system
from tests.scheduling.at_once import rounds
from tests.scheduling.conftest import NINE, NOW, later

pytestmark = pytest.mark.django_db
HALF = timedelta(minutes=30)


def do(clinic, verb, visit, *, by=None, now=NINE, **more):
    by = by or clinic.desk
    with acting_as(by):
        return getattr(actions, verb)(by=by, appointment=visit, now=now, **more)


def audited(action):
    with as_the_system():
        return AuditEvent.objects.filter(action=action).count()


def note(clinic, visit, text, *, by=None):
    by = by or clinic.desk
    with acting_as(by):
        return actions.write_note(by=by, appointment=visit, note=text)


# == Late ==
def test_late_since_it_was_first_known_and_not_late_after_all(clinic):
    visit = clinic.book()
    assert do(clinic, "mark_late", visit).late_at == NINE
    assert do(clinic, "mark_late", visit, now=NINE + HALF).late_at == NINE
    assert do(clinic, "undo_late", visit).late_at is None
    assert do(clinic, "undo_late", visit).late_at is None
    assert audited("scheduling.mark_late") == audited("scheduling.undo_late") == 1


def test_nobody_is_late_who_is_here(clinic):
    visit = clinic.book()
    do(clinic, "check_in", visit)
    with pytest.raises(NotOpen, match="nobody is late"):
        do(clinic, "mark_late", visit)


# == Missed, and not after all ==
@pytest.mark.parametrize("confirmed", [True, False])
def test_who_did_come_after_all_has_the_visit_and_its_time_again(clinic, announced, confirmed):
    visit = clinic.book()
    if confirmed:
        do(clinic, "confirm_appointment", visit, now=NOW)
    do(clinic, "miss_appointment", visit)
    assert not TimeClaim.objects.exists()
    back = do(clinic, "undo_miss", visit, now=NINE + HALF)
    assert (back.status, back.missed_at) == ("confirmed" if confirmed else "booked", None)
    assert TimeClaim.objects.get().blocked == span(NINE)
    assert announced(MissUndone) == [MissUndone(visit.pk, clinic.patient.pk)]
    assert announced(FreeTimeChanged)[-1].resource_ids == (clinic.resource.pk,)
    assert do(clinic, "undo_miss", visit).status == back.status, "a second press changes nothing"
    assert len(announced(MissUndone)) == 1


@pytest.mark.parametrize(("room", "status"), [("", "arrived"), ("Room 1", "roomed")])
def test_who_had_not_left_waits_where_they_were(clinic, room, status):
    visit = clinic.book()
    do(clinic, "check_in", visit)
    if room:
        do(clinic, "room_patient", visit, by=staff("nurse", clinic.site), room=room)
    do(clinic, "miss_appointment", visit)
    assert do(clinic, "undo_miss", visit).status == status


def test_a_time_that_was_given_away_does_not_come_back(clinic):
    visit = clinic.book()
    do(clinic, "miss_appointment", visit)
    clinic.book(by=clinic.desk, patient=PatientFactory(site=clinic.site), start=later(5))
    with pytest.raises(NotBookable, match="given to somebody else"):
        do(clinic, "undo_miss", visit)
    with acting_as(clinic.desk):
        assert Appointment.objects.get(pk=visit.pk).status == "no_show"


def test_on_another_day_it_stands(clinic):
    visit = clinic.book()
    do(clinic, "miss_appointment", visit)
    with pytest.raises(NotBookable, match="another day"):
        do(clinic, "undo_miss", visit, now=NINE + timedelta(days=1))
    zone = NINE.tzinfo
    assert zone
    assert is_fresh(NINE, NINE + HALF, zone=zone)


# == A word for colleagues ==
def test_a_note_is_left_changed_and_taken_away(clinic):
    visit = clinic.book()
    assert note(clinic, visit, " Is deaf ").note == "Is deaf"
    assert note(clinic, visit, "Is deaf").note == "Is deaf"
    assert note(clinic, visit, "").note == ""
    assert audited("scheduling.write_note") == 2


def test_who_may_leave_one(clinic):
    visit = clinic.book()
    elsewhere, biller = staff("front_desk", SiteFactory()), staff("billing", clinic.site)
    for user in (clinic.desk, staff("nurse", clinic.site), clinic.provider.user):
        with acting_as(user):
            assert can_note(user, visit)
    for user, refusal in ((clinic.rosa, NotAllowed), (biller, NotAllowed), (elsewhere, NotInScope)):
        with pytest.raises(refusal):
            note(clinic, visit, "x", by=user)
        for verb in ("mark_late", "undo_late", "undo_miss"):
            with pytest.raises(refusal):
                do(clinic, verb, visit, by=user)


# == Numbers ==
def test_who_arrives_has_the_next_number_of_the_day_at_that_site(clinic):
    one, other = clinic.book(), clinic.book(by=clinic.desk, patient=PatientFactory(site=clinic.site), start=later(60))
    third = clinic.book(by=clinic.desk, patient=PatientFactory(site=clinic.site), start=later(60 * 24))
    assert do(clinic, "check_in", one).number == 1
    assert do(clinic, "check_in", one).number == 1
    assert do(clinic, "check_in", other).number == 2
    assert do(clinic, "check_in", third, now=later(60 * 24)).number == 1
    assert sorted(ArrivalCount.objects.values_list("last", flat=True)) == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_two_who_arrive_at_once_have_two_numbers(clinic):
    visits = [
        clinic.book(by=clinic.desk, patient=PatientFactory(site=clinic.site), start=later(60 * n)) for n in range(6)
    ]
    clients = [lambda _round, visit=visit: str(do(clinic, "check_in", visit).number) for visit in visits]
    assert rounds(1, clients) == {str(number): 1 for number in range(1, 7)}


# == Without a visit ==
def take_in(clinic, *, by=None, now=NINE, **changes):
    by = by or clinic.desk
    asked = {"patient": clinic.patient, "provider": clinic.provider, "site": clinic.site}
    with acting_as(by):
        return actions.take_walk_in(by=by, **asked | {"visit_type": clinic.visit_type, "now": now} | changes)


def test_who_comes_without_a_visit_is_booked_for_now_and_here(clinic):
    visit = take_in(clinic, now=NINE + timedelta(minutes=2, seconds=7), reason="A cut")
    assert (visit.starts_at, visit.status, visit.number) == (later(5), "arrived", 1)
    assert (visit.reason, visit.overbook_reason) == ("A cut", "")


def test_where_the_provider_has_a_visit_it_lies_on_top_for_who_may(clinic):
    clinic.book(by=clinic.desk, patient=PatientFactory(site=clinic.site))
    nurse = staff("nurse", clinic.site)
    with pytest.raises(actions.TimeTaken):
        take_in(clinic, by=nurse)
    visit = take_in(clinic)
    assert (visit.status, visit.overbook_reason) == ("arrived", "Came without a visit")
    with acting_as(clinic.desk):
        assert Appointment.objects.count() == 2


def test_who_is_busy_is_not_taken_in_twice_and_strangers_not_at_all(clinic):
    take_in(clinic)
    with pytest.raises(actions.TimeTaken):
        take_in(clinic, now=later(5))
    with pytest.raises(NotInScope):
        take_in(clinic, by=staff("front_desk", SiteFactory()))


def test_patients_do_not_take_themselves_in(clinic):
    with pytest.raises(NotAllowed):
        take_in(clinic, by=clinic.rosa)
    with acting_as(clinic.desk):
        assert not Appointment.objects.exists(), "neither booked nor checked in"
