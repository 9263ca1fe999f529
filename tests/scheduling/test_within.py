"""All visits of a day are found: over midnight, in far zones, with clocks changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from healthcare.db.context import acting_as
from scheduling.models import Appointment
from scheduling.queries.pages import EVERYWHERE, day_of_site, own_visits_today, today_in
from scheduling.rules import day_span, on_the_clock
from tests.factories import AppointmentFactory, PatientFactory, SiteFactory, bookable_provider, staff
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
NEW_YORK, HONOLULU, AUCKLAND = (ZoneInfo(name) for name in ("America/New_York", "Pacific/Honolulu", "Pacific/Auckland"))


def at(year: int, month: int, day: int, hour: int, zone: ZoneInfo) -> datetime:
    return datetime(year, month, day, hour, tzinfo=zone).astimezone(UTC)


def found(user, moment: datetime, zone: ZoneInfo) -> list[Appointment]:
    with acting_as(user):
        seen = Appointment.objects.visible_to(user)
        return list(seen.within(*day_span(moment.astimezone(zone).date(), zone), [zone]).order_by("during"))


@pytest.mark.parametrize("zone", [NEW_YORK, HONOLULU, AUCKLAND])
def test_a_day_is_from_midnight_to_midnight_at_the_site(zone: ZoneInfo) -> None:
    patient = PatientFactory(site=SiteFactory(time_zone=zone.key))
    desk = staff("front_desk", patient.site)
    starts = [at(2030, 5, day, hour, zone) for day, hour in ((6, 23), (7, 0), (7, 12), (7, 23), (8, 0))]
    visits = [AppointmentFactory(patient=patient, start=start, minutes=30) for start in starts]
    assert found(desk, visits[2].starts_at, zone) == visits[1:4]


def test_a_visit_over_midnight_is_of_both_days() -> None:
    patient = PatientFactory(site=SiteFactory(time_zone=NEW_YORK.key))
    desk = staff("front_desk", patient.site)
    visit = AppointmentFactory(patient=patient, start=at(2030, 5, 6, 23, NEW_YORK), minutes=120)
    for moment in (visit.starts_at, visit.ends_at):
        assert found(desk, moment, NEW_YORK) == [visit]
    assert found(desk, visit.ends_at + timedelta(days=1), NEW_YORK) == []


def test_the_longest_visit_is_found_on_its_last_day() -> None:
    patient = PatientFactory(site=SiteFactory(time_zone=NEW_YORK.key))
    desk = staff("front_desk", patient.site)
    visit = AppointmentFactory(patient=patient, start=at(2030, 11, 2, 23, NEW_YORK), minutes=1440)
    assert found(desk, visit.ends_at - timedelta(minutes=1), NEW_YORK) == [visit], "The clocks go back that night."


def test_a_zone_whose_rules_changed_loses_no_visit() -> None:
    """What was told as one o'clock of the next day is eleven at night of this one."""
    patient = PatientFactory(site=SiteFactory(time_zone=NEW_YORK.key))
    desk = staff("front_desk", patient.site)
    visit = AppointmentFactory(patient=patient, start=at(2030, 5, 7, 23, NEW_YORK), wall_start="2030-05-08T00:00")
    assert found(desk, visit.starts_at, NEW_YORK) == [visit]


def test_pages_of_a_day_find_the_same() -> None:
    site = SiteFactory(time_zone=HONOLULU.key)
    doctor, desk = staff("doctor", site), staff("front_desk", site)
    provider = bookable_provider(site, user=doctor)
    late = at(2030, 5, 7, 22, HONOLULU)
    visit = AppointmentFactory(patient=PatientFactory(site=site), provider=provider, start=late)
    with acting_as(desk):
        day = day_of_site(desk, site, late.astimezone(HONOLULU).date())
        assert [each for one in day for each in one.visits] == [visit]
        assert today_in(desk, [site], ["booked"], late) == [visit]
    with acting_as(doctor):
        assert [each.pk for each in own_visits_today(doctor, late)] in ([visit.pk], [])


@pytest.mark.parametrize("hours", [-12, 0, 14])
def test_no_clock_on_earth_is_outside_everywhere(hours: int) -> None:
    moment = datetime(2030, 5, 7, tzinfo=UTC)
    clock = f"{moment + timedelta(hours=hours):%Y-%m-%dT%H:%M}"
    west, east = (on_the_clock(moment, zone) for zone in EVERYWHERE)
    assert west <= clock <= east


def test_row_security_lets_the_index_be_searched() -> None:
    """Under the web login and its policies, the clock is a condition of the index; the range is a filter after it."""
    site = SiteFactory()
    desk = staff("front_desk", site)
    for number in range(8):
        elsewhere = PatientFactory()
        AppointmentFactory(patient=elsewhere, start=at(2030, 5, 6, 9 + number, NEW_YORK))
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute("ANALYZE scheduling_appointment")
    with acting_as(desk), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        seen = Appointment.objects.visible_to(desk).filter(site=site)
        plan = seen.within(*day_span(datetime(2030, 5, 7, tzinfo=UTC).date(), NEW_YORK), [NEW_YORK]).explain()
    condition = next(line for line in plan.splitlines() if "Index Cond" in line and "wall_start" in line)
    assert "site_id" in condition
