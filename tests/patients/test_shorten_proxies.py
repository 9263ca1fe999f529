"""The verb `shorten_proxies`: birthdays that came earlier than was thought."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from healthcare.audit.changes import bulk_verb
from healthcare.audit.models import AuditEvent
from patients import queries, tasks
from patients.actions import shorten_proxies
from patients.events import PatientChanged
from patients.models import Patient, Proxy
from patients.subscribers import shorten_proxies as after_a_change
from tests.factories import (
    LONG_AGO,
    CareRelationshipFactory,
    PatientFactory,
    ProxyFactory,
    SiteFactory,
    staff,
)
from tests.patients.proxies import SCOPES, add, rows_of, sees
from tests.roles import as_the_system, taking_role
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)


@pytest.fixture
def worcester():
    return SiteFactory(time_zone="America/New_York")


@pytest.fixture
def theo(worcester):
    return PatientFactory(site=worcester, birth_date=date(2017, 5, 9))


@pytest.fixture
def rosa(worcester):
    return PatientFactory(site=worcester)


@pytest.fixture
def doctor(worcester):
    return staff("doctor", worcester)


# == Birthdays that came earlier than was thought ==
def begun_long_ago(patient: Patient, *scopes: str) -> Proxy:
    proxy = ProxyFactory(patient=patient, agreed_by="parent")
    CareRelationshipFactory(
        patient=patient, user=proxy.user, kind="proxy", role="patient", source=proxy.source, scopes=list(scopes)
    )
    return proxy


def born(patient: Patient, day: date) -> None:
    with taking_role("owner"), bulk_verb():
        Patient.objects.filter(pk=patient.pk).update(birth_date=day)


def shorten(patient: Patient) -> int:
    with as_the_system():
        return shorten_proxies(by=None, patient_id=patient.pk)


def test_a_corrected_birth_date_takes_the_parts_away_that_are_no_longer_theirs(doctor, theo) -> None:
    proxy = add(doctor, theo)
    born(theo, date(2012, 5, 9))  # 14 years old, it turns out
    assert shorten(theo) == 2
    assert sees(proxy.user, theo) == {"identity", "schedule", "billing"}
    ends = {row.validity.upper for row in rows_of(proxy) if not row.validity.isempty}
    assert ends == {datetime(2030, 5, 9, 4, 0, tzinfo=UTC)}
    assert shorten(theo) == 0
    with as_the_system():
        assert AuditEvent.objects.get(action="patients.shorten_proxies").detail == {"rows": 2}


def test_a_birthday_that_comes_later_opens_nothing(doctor, theo) -> None:
    proxy = add(doctor, theo)
    before = [row.validity for row in rows_of(proxy)]
    born(theo, date(2020, 5, 9))
    assert shorten(theo) == 0
    assert [row.validity for row in rows_of(proxy)] == before


def test_who_began_when_the_patient_was_grown_up_is_left_alone(doctor, rosa) -> None:
    proxy = add(doctor, rosa)
    assert shorten(rosa) == 0
    assert sees(proxy.user, rosa) == set(SCOPES)


def test_the_job_finds_them_whatever_changed_the_date_and_shortens_once(theo, rosa) -> None:
    assert LONG_AGO.year == 2020
    young = begun_long_ago(theo, "identity", "schedule")
    leap = PatientFactory(site=theo.site, birth_date=date(2016, 2, 29))
    begun_long_ago(leap, "clinical")
    begun_long_ago(rosa, *SCOPES)
    ages = {"step_down": 13, "end": 18, "at_most": 10}
    with as_the_system():
        found = queries.children_beyond_a_birthday(**ages, after=LAST)
        assert found == []
        assert set(queries.children_beyond_a_birthday(**ages, after=FIRST)) == {theo.pk, leap.pk}
    with taking_role("worker"):
        tasks.shorten_proxies()
        tasks.shorten_proxies()
    assert [row.validity.upper for row in rows_of(young)] == [datetime(2035, 5, 9, 4, 0, tzinfo=UTC)]
    with as_the_system():
        assert AuditEvent.objects.filter(action="patients.shorten_proxies").count() == 2


def test_one_who_was_over_before_it_began_sees_nothing(theo) -> None:
    born(theo, date(2002, 1, 5))
    proxy = begun_long_ago(theo, "clinical")
    born(theo, date(2005, 1, 5))
    assert shorten(theo) == 1
    assert [row.validity.isempty for row in rows_of(proxy)] == [True]
    assert shorten(PatientFactory.build(site=theo.site)) == 0


def test_the_fact_of_a_change_delivered_twice_shortens_at_once(doctor, theo) -> None:
    proxy = add(doctor, theo)
    born(theo, date(2012, 5, 9))
    before = [row.validity for row in rows_of(proxy)]
    with as_the_system():
        after_a_change(PatientChanged(patient_id=theo.pk, fields=("phone",)))
    assert [row.validity for row in rows_of(proxy)] == before
    fact = PatientChanged(patient_id=theo.pk, fields=("phone", "birth_date"))
    deliver_twice(after_a_change, fact, lambda: [row.validity for row in rows_of(proxy)])
    assert sees(proxy.user, theo) == {"identity", "schedule", "billing"}


def test_a_birth_date_that_nobody_knows_any_more_takes_nothing_away(doctor, theo) -> None:
    proxy = begun_long_ago(theo, *SCOPES)
    with taking_role("owner"), bulk_verb():
        Patient.objects.filter(pk=theo.pk).update(birth_date=None, birth_precision="unknown")
    before = [row.validity for row in rows_of(proxy)]
    assert shorten(theo) == 0
    assert [row.validity for row in rows_of(proxy)] == before
