"""A visit on top of another one: by permission, with a reason, in a lane of its own, never by accident."""

import pytest
from django.db import IntegrityError, connection, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as, acting_as_system
from scheduling import actions
from scheduling.actions import NotBookable, TimeTaken
from scheduling.models import MOST_ON_TOP, Appointment, TimeClaim, WorkRule
from tests.factories import PatientFactory, TimeClaimFactory, WorkExceptionFactory, portal_user, span, staff
from tests.roles import as_the_system, taking_role
from tests.scheduling.conftest import NINE, NOW, later

pytestmark = pytest.mark.django_db
WHY = "In pain since the night, cannot wait"


def lanes(provider) -> list[int]:
    return sorted(TimeClaim.objects.filter(resource__provider=provider).values_list("lane", flat=True))


def another(clinic):
    with as_the_system():
        return PatientFactory(site=clinic.site)


def test_the_desk_puts_a_visit_on_top_and_says_why(clinic) -> None:
    clinic.book()
    visit = clinic.book(by=clinic.desk, patient=another(clinic), start=later(5), overbook=f" {WHY} ")
    assert (visit.overbook_reason, lanes(clinic.provider)) == (WHY, [0, 1])
    visit = clinic.book(by=clinic.provider.user.in_role("doctor"), patient=another(clinic), overbook=WHY)
    assert lanes(clinic.provider) == [0, 1, 2]


def test_where_there_is_room_nothing_lies_on_top(clinic) -> None:
    visit = clinic.book(by=clinic.desk, overbook=WHY)
    assert (visit.overbook_reason, lanes(clinic.provider)) == ("", [0])


def test_without_a_reason_or_the_right_the_time_is_taken(clinic) -> None:
    clinic.book()
    with pytest.raises(TimeTaken):
        clinic.book(by=clinic.desk, patient=another(clinic), overbook="  ")
    patient = another(clinic)
    for refused in (portal_user(patient), staff("nurse", clinic.site)):
        with pytest.raises(NotAllowed):
            clinic.book(by=refused, patient=patient, overbook=WHY)
    with taking_role("worker"), acting_as_system("test"), pytest.raises(NotAllowed, match="answer for"):
        actions.book_appointment(
            by=None,
            patient=patient,
            provider=clinic.provider,
            site=clinic.site,
            visit_type=clinic.visit_type,
            start=NINE,
            overbook=WHY,
            now=NOW,
        )
    assert lanes(clinic.provider) == [0]


def test_no_more_than_so_many_lie_on_top(clinic) -> None:
    clinic.book()
    for _each in range(MOST_ON_TOP):
        clinic.book(by=clinic.desk, patient=another(clinic), overbook=WHY)
    with pytest.raises(NotBookable, match="no other one fits"):
        clinic.book(by=clinic.desk, patient=another(clinic), overbook=WHY)
    assert lanes(clinic.provider) == [0, 1, 2, 3]


def test_nothing_lies_on_top_of_a_block_or_outside_of_hours_or_twice_on_one_patient(clinic) -> None:
    TimeClaimFactory(resource=clinic.resource, kind="block", lane=-1, blocked=span(later(120)))
    with pytest.raises(NotBookable, match="blocked"):
        clinic.book(by=clinic.desk, start=later(120), overbook=WHY)
    clinic.book()
    with pytest.raises(TimeTaken, match="another visit"):
        clinic.book(by=clinic.desk, overbook=WHY)
    WorkExceptionFactory(resource=clinic.resource, during=span(later(240), 240))
    with pytest.raises(NotBookable, match="closed"):
        clinic.book(by=clinic.desk, patient=another(clinic), start=later(300), overbook=WHY)
    with as_the_system():
        WorkRule.objects.all().delete()
    with pytest.raises(NotBookable, match="does not see patients"):
        clinic.book(by=clinic.desk, patient=another(clinic), overbook=WHY)


def test_a_visit_is_moved_on_top_and_off_again(clinic) -> None:
    clinic.book()
    visit = clinic.book(by=clinic.desk, patient=another(clinic), start=later(40))
    with acting_as(clinic.desk):
        with pytest.raises(TimeTaken):
            actions.move_appointment(by=clinic.desk, appointment=visit, start=NINE, now=NOW)
        moved = actions.move_appointment(by=clinic.desk, appointment=visit, start=NINE, overbook=WHY, now=NOW)
        assert (moved.overbook_reason, lanes(clinic.provider)) == (WHY, [0, 1])
        moved = actions.move_appointment(by=clinic.desk, appointment=moved, start=later(80), now=NOW)
    assert (moved.overbook_reason, lanes(clinic.provider)) == ("", [0, 0])
    nurse = staff("nurse", clinic.site)
    with acting_as(nurse), pytest.raises(NotAllowed):
        actions.move_appointment(by=nurse, appointment=moved, start=NINE, overbook=WHY, now=NOW)


def test_what_lay_below_may_go_and_the_time_stays_taken(clinic) -> None:
    below = clinic.book()
    clinic.book(by=clinic.desk, patient=another(clinic), overbook=WHY)
    with acting_as(clinic.desk):
        actions.cancel_appointment(by=clinic.desk, appointment=below, reason="Ill", now=NOW)
    assert lanes(clinic.provider) == [1]
    with pytest.raises(TimeTaken):
        clinic.book(by=clinic.desk, patient=another(clinic))


@transaction.atomic
def claimed_at_once(**row) -> None:
    TimeClaimFactory(**row)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("lane", [1, 4])
def test_the_database_holds_it_too(clinic, lane) -> None:
    """Given SQL as `web`, when a claim goes above the others without a reason or too high, then it is refused."""
    visit = clinic.book()
    row = {"resource_id": clinic.resource.pk, "lane": lane, "kind": "visit", "appointment_id": visit.pk}
    with acting_as(clinic.desk), pytest.raises(IntegrityError):
        claimed_at_once(**row, blocked=span(NINE))
    with as_the_system():
        assert Appointment.objects.get(pk=visit.pk).overbook_reason == ""
    assert lanes(clinic.provider) == [0]
