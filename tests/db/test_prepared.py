"""A prepared queryset finds what the same queryset finds, with one text for all values of a kind."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.test.utils import CaptureQueriesContext

from healthcare.accounts.models import Membership, Site, User
from healthcare.db.prepared import AnyOf, Place, Whole, described, prepared
from healthcare.db.uuids import uuid7
from tests.factories import SiteFactory, staff

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


@prepared
def _members(site: Site, role: str, *, newest_first: bool = False) -> "QuerySet[Membership]":
    rows = Membership.objects.filter(site=site, role=role).select_related("user", "site")
    return rows.annotate(is_nurse=Case(When(role="nurse", then=Value(True)), default=Value(False))).order_by(
        "-created_at" if newest_first else "created_at"
    )


@prepared
def _names(ids: list[UUID]) -> "QuerySet[Site, str]":
    return Site.objects.filter(pk=AnyOf(ids)).order_by("name").values_list("name", flat=True)


@prepared
def _open_since(moment: datetime) -> "QuerySet[Site, tuple[str, str]]":
    return Site.objects.filter(closed_at=None, created_at__gt=moment).order_by("name").values_list("name", "slug")


@prepared
def _number_of(name: str) -> "QuerySet[Site, int]":
    return Site.objects.filter(name__contains=name).values_list(Whole(Count("*")), flat=True)


@prepared
def _nobody(site: Site) -> "QuerySet[Site]":
    return Site.objects.filter(Q(pk__in=[]), pk=site.pk)


def test_rows_come_as_the_queryset_gives_them() -> None:
    site, other = SiteFactory(), SiteFactory()
    nurse, second = staff("nurse", site), staff("nurse", site)
    staff("nurse", other)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = _members(site, "nurse")
        people = [(one.user, one.site, one.is_nurse) for one in found]  # type: ignore[attr-defined]
    assert people == [(nurse, site, True), (second, site, True)]
    assert len(asked) == 1
    assert all(isinstance(one, Membership) and not one._state.adding and one._state.db == "default" for one in found)
    assert [one.user for one in _members(site, "nurse", newest_first=True)] == [second, nurse]


def test_values_are_bound_anew_and_the_text_stays() -> None:
    site, other = SiteFactory(), SiteFactory()
    nurse = staff("nurse", other)
    texts: list[str] = []

    def keep(execute: Any, sql: str, *rest: Any) -> Any:
        texts.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(keep):
        assert _members(site, "nurse") == []
        assert [one.user for one in _members(other, "nurse")] == [nurse]
    assert len(texts) == 2
    assert len(set(texts)) == 1
    assert "'nurse'" in texts[0]


def test_what_a_function_decides_by_makes_another_kind() -> None:
    site = SiteFactory()
    before = len(_members.statements)
    for role in ("doctor", "billing", "doctor"):
        assert _members(site, role) == []
    assert len(_members.statements) - before == 2


def test_lists_and_moments_are_bound() -> None:
    sites = [SiteFactory(name=name, slug=name.lower()) for name in ("Ash", "Birch", "Cedar")]
    assert _names([sites[2].pk, sites[0].pk]) == ["Ash", "Cedar"]
    assert _names([sites[1].pk]) == ["Birch"]
    assert _names([]) == []
    assert ("Ash", "ash") in _open_since(sites[0].created_at - timedelta(seconds=1))
    assert _open_since(sites[2].created_at + timedelta(days=1)) == []


def test_words_of_the_code_stand_in_the_text_whatever_is_in_them() -> None:
    for name in ("100 % 'care'", "%s"):
        SiteFactory(name=name, slug=name.strip("%") or "none")
    assert _number_of("% 'care") == [1]
    assert _number_of("%s") == [1]
    assert _number_of("100") == [1]
    assert _number_of("\\") == [0]


def test_a_queryset_that_finds_nothing_asks_nothing() -> None:
    site = SiteFactory()
    with CaptureQueriesContext(connection) as asked:
        assert _nobody(site) == _nobody(site) == []
    assert len(asked) == 0


def test_kinds_are_given_up_before_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("healthcare.db.prepared.MOST_KINDS", 3)
    for number in range(10):
        _number_of(f"name {number}")
    assert len(_number_of.statements) <= 3


# == What is refused, so that nothing is answered wrongly ==
def test_a_value_that_is_changed_in_the_function_is_found_out() -> None:
    @prepared
    def late(moment: datetime) -> "QuerySet[Site]":
        return Site.objects.filter(created_at__gt=moment + timedelta(days=1))

    with pytest.raises(AssertionError, match="Afresh"):
        late(NOW)


def test_a_decision_by_a_value_is_found_out() -> None:
    @prepared
    def either(site: Site) -> "QuerySet[Site]":
        return Site.objects.filter(pk=site.pk) if isinstance(site, Place) else Site.objects.all()

    with pytest.raises(AssertionError):
        either(SiteFactory())


def test_a_field_of_a_row_is_not_there() -> None:
    @prepared
    def namesakes(site: Site) -> "QuerySet[Site]":
        return Site.objects.filter(name=site.name)

    with pytest.raises(AttributeError):
        namesakes(SiteFactory())


@pytest.mark.parametrize("value", [object(), {"a": 1}, 1.5, {1}])
def test_other_arguments_are_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot take"):
        described(value)


@pytest.mark.parametrize(
    "queryset",
    [
        lambda site: Site.objects.filter(pk=site.pk).values("name"),
        lambda site: Site.objects.filter(pk=site.pk).prefetch_related("teams"),
    ],
)
def test_other_querysets_are_refused(queryset: Any) -> None:
    with pytest.raises(TypeError, match="are prepared"):
        prepared(queryset)(SiteFactory())


def test_who_asks_brings_their_reach_along() -> None:
    """`patients` describes a user: the role and how many teams decide about the text, the rest is bound."""
    site = SiteFactory()
    one, other, elsewhere = staff("nurse", site), staff("nurse", site), staff("doctor", SiteFactory())
    kinds = {described(person).kind for person in (one, other)}
    assert len(kinds) == 1
    assert described(elsewhere).kind not in kinds
    assert described(one).values[0] == one.pk


def test_nobody_in_no_role_reaches_nobody() -> None:
    stand_in = described(User(pk=uuid7())).stand_in(iter([Place(0)]))
    assert (stand_in.acting_role, stand_in.is_active, stand_in.pk) == (None, True, stand_in)


def test_a_converted_column_is_converted() -> None:
    @prepared
    def zones(site: Site) -> "QuerySet[Site, Any]":
        return Site.objects.filter(pk=site.pk).annotate(doubled=F("name")).values_list("pk", "doubled")

    site = SiteFactory()
    assert zones(site) == [(site.pk, site.name)]
