"""The sample clinic's two weeks of visits: told once, through the verbs, with something to do for every role."""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from healthcare.accounts.models import Site
from patients import demo as people
from patients.models import Patient
from scheduling import demo
from scheduling.demo.licences import GENERAL
from scheduling.models import Appointment, SiteClosure, TimeClaim, VisitType, Wait
from scheduling.queries.providers import active_providers, in_need, lines_of
from scheduling.queries.rooms import rooms_kept
from tests.factories import PatientFactory, ProviderFactory, SiteFactory, UserFactory, staff
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
SPECIALTIES = ("Internal medicine", "Family medicine", "Cardiology", "Pediatrics", "Dermatology", "Orthopedics")

STATES = {"booked", "confirmed", "arrived", "roomed", "with_provider", "checked_out", "no_show", "cancelled"}


class Undone(Exception):
    """Takes back what was told."""


@pytest.fixture
def clinic():
    """Three sites, twelve providers of six specialties, and everybody of patients.demo."""
    sites = [SiteFactory(line="1 Street", city="Worcester", state="MA", postal_code="01608") for _each in range(3)]
    for site in sites:
        staff("front_desk", site)
    for number in range(12):
        site = sites[number % 3]
        provider = ProviderFactory(user=staff("doctor", site), specialty=SPECIALTIES[number % 6])
        with as_the_system():
            provider.sites.add(site, *([sites[0]] if number == 4 else []))
    account = UserFactory(email=people.PATIENT_EMAIL)
    with taking_role("worker"):
        people.tell()
    return account


def clinic_of(specialties: Sequence[str]) -> Site:
    """One site with a desk and a provider of each, whose name decides what chance tells of them."""
    site = SiteFactory(line="1 Street", city="Worcester", state="MA", postal_code="01608")
    staff("front_desk", site)
    for specialty in specialties:
        provider = ProviderFactory(user=staff("doctor", site), specialty=specialty, name=f"Dr. {specialty}")
        with as_the_system():
            provider.sites.add(site)
    return site


def told() -> list[Appointment]:
    with taking_role("worker"):
        demo.tell()
    with as_the_system():
        return list(Appointment.objects.select_related("patient", "provider", "visit_type").order_by("during", "pk"))


def test_two_weeks_of_visits_in_every_state_told_once(clinic) -> None:
    began = time.monotonic()
    visits = told()
    took = time.monotonic() - began
    assert took < 300, f"{took:.0f} s"
    assert 300 <= len(visits) <= 420, len(visits)
    assert len(told()) == len(visits)
    assert {visit.status for visit in visits} == {*STATES, "requested"}
    children_see_the_childrens_doctor_and_nobody_is_in_two_places(visits)
    now = timezone.now()
    assert not [v for v in visits if v.is_open and v.ends_at < now - timedelta(hours=3)], "the past is settled"
    assert {visit.visit_type.slug for visit in visits} >= {"follow-up", "telehealth", "new-patient", "physical"}
    with as_the_system():
        assert VisitType.objects.count() == len(demo.KINDS) + 1, "and one that is held in groups"
        rosa = Patient.objects.get(family_name="Delgado-Ferreira", given_name="Rosa")
        assert Appointment.objects.upcoming(now).filter(patient=rosa, booked_by=clinic).exists()
        block = TimeClaim.objects.get(kind="block")
        inside = TimeClaim.objects.filter(kind="visit", resource=block.resource, blocked__overlap=block.blocked)
        assert inside.count() >= 1
        lines = lines_of(list(active_providers()), timezone.localdate())
        waiting = list(Wait.objects.waiting().in_order())
        (asked,) = (visit for visit in visits if visit.status == "requested")
        assert [room.name for room in rooms_kept(asked.pk)] == ["Procedure room"]
        assert SiteClosure.objects.filter(during__startswith__gt=now).exists()
    assert [wait.priority for wait in waiting] == [1, 0, 0, 0]
    assert [wait.patient_id for wait in waiting].count(rosa.pk) == 1
    assert all(line.licence.recorded for line in lines)
    assert [sum(line.is_over for line in lines), sum(line.ends_soon for line in lines)] == [1, 1]
    assert all(line.provider.specialty not in GENERAL for line in in_need(lines) if line.is_over or line.ends_soon)


@pytest.mark.parametrize("hour", [2, 9, 12, 15, 22, 23])
def test_whatever_the_hour_somebody_waits_at_the_first_site(hour) -> None:
    """Told of that site alone: a third of the clinic, six times over."""
    site = clinic_of(SPECIALTIES[:4])
    for _each in range(24):
        PatientFactory(site=site, birth_date=date(1970, 1, 1))
    moment = (datetime.now(UTC) + timedelta(days=1)).replace(hour=(hour + 5) % 24, minute=20)
    with time_machine.travel(moment, tick=True):
        visits = told()
        today = timezone.localdate()
        states = [v.status for v in visits if timezone.localdate(v.starts_at) == today]
    assert {"arrived", "roomed", "with_provider"} <= set(states)
    assert {visit.status for visit in visits} == STATES


def children_see_the_childrens_doctor_and_nobody_is_in_two_places(visits: list[Appointment]) -> None:
    standing = [visit for visit in visits if visit.status not in ("cancelled", "no_show", "left")]
    for visit in standing:
        young = visit.patient.birth_date.year > visit.starts_at.year - 17
        assert not (young and visit.provider.specialty != "Pediatrics")
    for key in ("patient_id", "provider_id"):
        mine: dict = {}
        for visit in standing:  # who comes to one session comes to one time of the provider
            whose = visit.session_id if key == "provider_id" else None
            mine.setdefault(getattr(visit, key), {})[whose or visit.pk] = visit.during
        for known in mine.values():
            spans = sorted(known.values(), key=lambda span: span.lower)
            assert all(one.upper <= two.lower for one, two in pairwise(spans))


def test_without_anybody_nothing_is_told() -> None:
    with taking_role("worker"):
        demo.tell()
    with as_the_system():
        assert not Appointment.objects.exists()
        assert not VisitType.objects.exists()


def test_one_seed_tells_one_story() -> None:
    site = clinic_of(["Internal medicine"])
    for _each in range(4):
        PatientFactory(site=site, birth_date=date(1970, 1, 1))
    stories = []
    with time_machine.travel(datetime.now(UTC), tick=False):
        for _each in range(2):
            with suppress(Undone), transaction.atomic():
                stories.append([(v.patient_id, v.starts_at, v.status, v.reason) for v in told()])
                raise Undone
    assert stories[0]
    assert stories[0] == stories[1]
