"""A row that comes whole is made without Django's detour, and is the same object."""

import pytest
from django.db.models import Model

from healthcare.accounts.models import Membership, Site
from tests.factories import SiteFactory, staff

pytestmark = pytest.mark.django_db


def test_a_whole_row_is_as_django_makes_it() -> None:
    site = SiteFactory()
    names = [field.attname for field in Site._meta.concrete_fields]
    values = [getattr(site, name) for name in names]
    quick, own = Site.from_db("default", names, values), Model.from_db.__func__(Site, "default", names, values)  # type: ignore[attr-defined]
    assert {**vars(quick), "_state": None} == {**vars(own), "_state": None}
    assert (quick._state.adding, quick._state.db) == (own._state.adding, own._state.db)
    assert quick == own


def test_a_part_of_a_row_fetches_the_rest_later() -> None:
    site = SiteFactory()
    part = Site.objects.only("name").get(pk=site.pk)
    assert part.get_deferred_fields() >= {"slug"}
    assert part.slug == site.slug


def test_a_related_row_is_fetched_and_kept() -> None:
    person = staff("nurse", SiteFactory())
    membership = Membership.objects.get(user=person)
    assert membership.user == person
    assert membership.user is membership.user
    membership.site = other = SiteFactory()
    assert membership.site_id == other.pk
