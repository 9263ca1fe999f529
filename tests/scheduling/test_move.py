"""Moving a visit: the new time or the old one, never none and never both."""

from datetime import timedelta

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients.access import NotInScope
from patients.models import CareRelationship
from scheduling import actions
from scheduling.actions import NotBookable, TimeTaken
from scheduling.events import AppointmentMoved, FreeTimeChanged
from scheduling.models import Appointment, PatientClaim, TimeClaim
from scheduling.rules import source_of
from tests.factories import PatientFactory, SiteFactory, bookable_provider, portal_user, span, staff
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW, later

pytestmark = pytest.mark.django_db


def move(visit, by, start, **more):
    with acting_as(by):
        return actions.move_appointment(by=by, appointment=visit, start=start, now=NOW, **more)


def test_it_has_the_new_time_and_not_the_old_one(clinic, announced):
    visit = move(clinic.book(), clinic.rosa, later(120))
    assert (visit.during, visit.sequence, visit.wall_start) == (span(later(120)), 1, "2030-05-07T11:00")
    assert TimeClaim.objects.get().blocked == span(later(120))
    with as_the_system():
        assert PatientClaim.objects.get().during == span(later(120))
    assert announced(AppointmentMoved) == [AppointmentMoved(visit.pk, clinic.patient.pk, 1)]
    assert len(announced(FreeTimeChanged)) == 2


def test_by_less_than_its_length_it_does_not_conflict_with_itself(clinic):
    assert move(clinic.book(), clinic.rosa, later(15)).starts_at == later(15)


def test_a_confirmed_visit_is_booked_again(clinic):
    visit = clinic.book()
    with acting_as(clinic.rosa):
        actions.confirm_appointment(by=clinic.rosa, appointment=visit, now=NOW)
    visit = move(visit, clinic.desk, later(60))
    assert (visit.status, visit.confirmed_at) == ("booked", None)


def test_to_the_same_time_nothing_happens(clinic, announced):
    visit = move(clinic.book(), clinic.rosa, NINE)
    assert visit.sequence == 0
    assert announced(AppointmentMoved) == []


def test_to_a_time_that_is_taken_the_old_one_stays(clinic):
    visit = clinic.book()
    other = portal_user(patient := PatientFactory(site=clinic.site))
    clinic.book(by=other, patient=patient, start=later(60))
    with pytest.raises(TimeTaken) as refused:
        move(visit, clinic.rosa, later(65))
    assert [time.start for time in refused.value.alternatives] == [later(20), later(100), later(105)]
    with acting_as(clinic.rosa):
        assert Appointment.objects.get(pk=visit.pk).during == span(NINE)
    assert TimeClaim.objects.get(appointment_id=visit.pk).blocked == span(NINE)


def test_to_another_provider_at_another_site(clinic):
    site = SiteFactory()
    provider = bookable_provider(site, user=staff("doctor", site))
    visit = clinic.book()
    visit = move(visit, clinic.desk, NINE, provider=provider, site=site)
    assert (visit.provider, visit.site) == (provider, site)
    assert TimeClaim.objects.get().resource == provider.resource
    with as_the_system():
        standing = CareRelationship.objects.filter(source=source_of(visit.pk), ended_at=None)
        assert {row.user or row.site for row in standing} == {provider.user, site}
        ended = CareRelationship.objects.filter(source=source_of(visit.pk), ended_at__isnull=False)
        assert {row.user for row in ended} == {clinic.provider.user}


@pytest.mark.parametrize(
    ("minutes", "sentence"), [(3, "begin at that minute"), (-60 * 24 * 7, "is over"), (60 * 24 * 200, "days ahead")]
)
def test_the_new_time_has_to_be_bookable(clinic, minutes, sentence):
    visit = clinic.book()
    with pytest.raises(NotBookable, match=sentence):
        move(visit, clinic.rosa, later(minutes))
    assert TimeClaim.objects.get().blocked == span(NINE)


def test_a_visit_that_was_called_off_is_not_moved(clinic):
    visit = clinic.book()
    with acting_as(clinic.rosa):
        actions.cancel_appointment(by=clinic.rosa, appointment=visit, reason="", now=NOW)
    with pytest.raises(NotBookable, match="Cancelled"):
        move(visit, clinic.rosa, later(60))


def test_a_visit_that_somebody_moved_meanwhile_is_looked_at_first(clinic):
    visit = clinic.book()
    move(visit, clinic.desk, later(60))
    with pytest.raises(NotBookable, match="meanwhile"):
        move(visit, clinic.rosa, later(120), seen_sequence=0)
    assert move(visit, clinic.rosa, later(120), seen_sequence=1).sequence == 2


def test_a_visit_that_somebody_gave_to_another_provider_meanwhile_too(clinic):
    visit = clinic.book()
    other = bookable_provider(clinic.site)
    with acting_as(clinic.desk):
        mine = Appointment.objects.select_related("provider").get(pk=visit.pk)
    move(mine, clinic.desk, NINE, provider=other)
    with pytest.raises(NotBookable, match="meanwhile"):
        move(visit, clinic.rosa, later(60))


def test_strangers_and_roles_without_the_permission_move_nothing(clinic):
    visit = clinic.book()
    with pytest.raises(NotAllowed):
        move(visit, staff("billing", clinic.site), later(60))
    for stranger in (portal_user(PatientFactory()), staff("front_desk")):
        with pytest.raises(NotInScope):
            move(visit, stranger, later(60))


def test_many_moves_leave_one_visit_and_one_claim(clinic):
    visit = clinic.book()
    for n in range(1, 6):
        visit = move(visit, clinic.rosa, NINE + timedelta(days=n))
    assert visit.sequence == 5
    assert TimeClaim.objects.get().blocked == visit.during


def test_the_system_moves_a_visit(clinic):
    visit = clinic.book()
    with as_the_system():
        assert actions.move_appointment(by=None, appointment=visit, start=later(60), now=NOW).sequence == 1
