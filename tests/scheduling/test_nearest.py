"""The nearest provider, with a first free time."""

from datetime import timedelta

import pytest

from healthcare.db.context import acting_as
from patients.queries.places import centroids, place_of
from scheduling.queries import nearest_providers
from tests.factories import PatientFactory, ProviderFactory, SiteFactory, VisitTypeFactory, bookable_provider, span
from tests.factories import TimeClaimFactory as ClaimFactory
from tests.roles import as_the_system
from tests.scheduling.conftest import NOW

pytestmark = pytest.mark.django_db
WORCESTER, BOSTON, NEW_YORK = "01608", "02115", "10013"


@pytest.fixture
def three():
    """Providers in Worcester, Boston and New York."""
    found = {}
    for name, postal_code in (("New York", NEW_YORK), ("Boston", BOSTON), ("Worcester", WORCESTER)):
        site = SiteFactory(postal_code=postal_code)
        found[name] = bookable_provider(site, name=name)
    return found


def search(near=None, user=None, **more):
    asked = {"visit_type": more.pop("visit_type", None) or VisitTypeFactory(), "now": NOW, "by_patient": True}
    with acting_as(user):
        return nearest_providers(near=near, **asked | more)


def names(nearby):
    return [near.provider.name for near in nearby.found]


def test_the_table_knows_the_country():
    assert len(centroids()) > 30_000
    assert place_of(WORCESTER) == pytest.approx((42.26, -71.80), abs=0.02)
    assert place_of("01608-1234") == place_of(WORCESTER)
    assert place_of((42.0, -71.0)) == (42.0, -71.0)
    assert place_of("00000") is None
    assert place_of("") is None
    assert place_of(None) is None


def test_the_nearest_comes_first(three):
    nearby = search(WORCESTER)
    assert names(nearby) == ["Worcester", "Boston", "New York"]
    assert [round(near.distance_km, -1) for near in nearby.found] == [0, 60, 250]
    assert names(search((40.72, -74.0))) == ["New York", "Worcester", "Boston"]


def test_each_has_a_first_free_time(three):
    ClaimFactory(resource=three["Boston"].resource, blocked=span(NOW, 90))
    found = {near.provider.name: near.next_free.start for near in search(WORCESTER).found}
    assert found == {"Worcester": NOW, "New York": NOW, "Boston": NOW + timedelta(minutes=90)}
    kind = VisitTypeFactory(notice_minutes=24 * 60)
    assert {near.next_free.start for near in search(WORCESTER, visit_type=kind).found} == {NOW + timedelta(days=1)}


def test_who_has_nothing_free_in_four_weeks_is_shown_without_a_time(three):
    ClaimFactory(resource=three["Boston"].resource, blocked=span(NOW, 60 * 24 * 40))
    assert {near.provider.name for near in search(WORCESTER).found if near.next_free is None} == {"Boston"}


@pytest.mark.parametrize("postal_code", ["", "00000", "K1A 0B1"])
def test_a_site_without_a_known_place_comes_last_and_says_so(three, postal_code):
    bookable_provider(SiteFactory(postal_code=postal_code), name="Anywhere")
    nearby = search(WORCESTER)
    assert names(nearby) == ["Worcester", "Boston", "New York", "Anywhere"]
    assert nearby.found[-1].distance_km is None
    assert nearby.found[-1].next_free is not None


@pytest.mark.parametrize("near", [None, "00000"])
def test_without_a_known_place_they_come_by_name(three, near):
    nearby = search(near)
    assert nearby.place is None
    assert names(nearby) == ["Boston", "New York", "Worcester"]
    assert {found.distance_km for found in nearby.found} == {None}


def test_a_provider_of_two_sites_is_shown_at_both(three):
    site = SiteFactory(postal_code=NEW_YORK)
    with as_the_system():
        three["Boston"].sites.add(site)
    found = [near for near in search(BOSTON).found if near.provider.name == "Boston"]
    assert [round(near.distance_km, -1) for near in found] == [0, 300]
    assert [near.next_free is None for near in found] == [False, True]


def test_only_the_specialty_that_is_asked_for(three):
    bookable_provider(SiteFactory(postal_code=BOSTON), name="Heart", specialty="Cardiology")
    assert names(search(WORCESTER, specialty="Cardiology")) == ["Heart"]
    assert names(search(WORCESTER, visit_type=VisitTypeFactory(specialty="Cardiology"))) == ["Heart"]
    assert names(search(WORCESTER, specialty="Astrology")) == []


def test_not_who_left_has_no_hours_or_works_where_it_is_closed(three):
    with as_the_system():
        three["Boston"].ended_at = NOW
        three["Boston"].save()
        site = three["New York"].sites.get()
        site.closed_at = NOW
        site.save()
        ProviderFactory(name="No hours").sites.add(SiteFactory())
    assert names(search(WORCESTER)) == ["Worcester"]


def test_who_takes_no_new_patients_is_shown_to_their_own(clinic, three):
    clinic.book()
    with as_the_system():
        clinic.provider.accepting = False
        clinic.provider.save()
    stranger = PatientFactory()
    assert clinic.provider.name in names(search(WORCESTER, clinic.rosa, patient=clinic.patient))
    assert clinic.provider.name not in names(search(WORCESTER, clinic.rosa, patient=stranger))
    assert clinic.provider.name not in names(search(WORCESTER, clinic.rosa))


def test_no_more_than_asked_for(three):
    assert names(search(WORCESTER, at_most=1)) == ["Worcester"]


def test_the_queries_are_the_same_for_many(three, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr("scheduling.queries.cached.breaker.attempt", lambda _ask, otherwise: otherwise)
    kind = VisitTypeFactory()
    for _time in range(2):
        with acting_as(None), django_assert_num_queries(3):
            nearest_providers(near=WORCESTER, visit_type=kind, now=NOW, by_patient=True)
        for _provider in range(10):
            bookable_provider(SiteFactory(postal_code=BOSTON))
