"""Pages by key: each row once, whatever comes and goes; a cursor shows nothing and fits one list."""

import uuid

import pytest

from healthcare.accounts.models import Provider
from healthcare.api.pages import page
from healthcare.api.problems import Problem
from healthcare.db.fields import encrypt
from tests.factories import ProviderFactory

pytestmark = pytest.mark.django_db
KEY = ("specialty", "name", "id")


def providers():
    return Provider.objects.all()


def walk(limit: int, **how):
    found, cursor = [], ""
    while True:
        rows = page(providers(), cursor=cursor, limit=limit, **how)
        assert len(rows.items) <= limit
        found += [row.pk for row in rows.items]
        if rows.next is None:
            return found
        cursor = rows.next


@pytest.fixture
def some():
    return [ProviderFactory(specialty=name, name="x") for name in ("b", "a", "a", "c", "b", "a")]


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 100])
@pytest.mark.parametrize("descending", [True, False])
def test_every_row_once_and_in_order(some, limit, descending) -> None:
    expected = sorted(some, key=lambda one: (one.specialty, one.name, one.pk), reverse=descending)
    assert walk(limit, key=KEY, descending=descending) == [one.pk for one in expected]


def test_the_newest_come_first_unless_said_otherwise(some) -> None:
    assert walk(2) == [one.pk for one in reversed(some)]


def test_a_full_last_page_has_no_next(some) -> None:
    rows = page(providers(), cursor="", limit=6)
    assert (len(rows.items), rows.next) == (6, None)


def test_no_rows_are_a_page(db) -> None:
    rows = page(Provider.objects.none(), cursor="", limit=5)
    assert (list(rows.items), rows.next) == ([], None)


def test_what_came_before_the_cursor_meanwhile_changes_nothing(some) -> None:
    first = page(providers(), cursor="", limit=3, key=KEY, descending=False)
    ProviderFactory(specialty="0")
    rest = page(providers(), cursor=first.next, limit=10, key=KEY, descending=False)
    assert {row.pk for row in rest.items} == {one.pk for one in some} - {row.pk for row in first.items}


def test_a_cursor_says_nothing_of_what_is_in_it(some) -> None:
    ProviderFactory(specialty="z", name="Wilhelmina Canaryson")
    cursor = page(providers(), cursor="", limit=6, key=KEY, descending=True).next or ""
    assert "anaryson" not in cursor
    assert cursor == page(providers(), cursor="", limit=6, key=KEY).next or cursor  # a nonce makes each another


OURS = "cursor.accounts.provider.specialty.name.id.False"


@pytest.mark.parametrize("cursor", ["x", "v1.a.b.c", "....", "é", "v1." + "A" * 40])
def test_any_other_text_is_refused(some, cursor) -> None:
    refused(cursor)


@pytest.mark.parametrize(
    ("content", "binding"),
    [
        ('["a","b","x"]', OURS),
        ('["a"]', OURS),
        ('["a","b"', OURS),
        (f'["a","b","{uuid.UUID(int=1)}"]', OURS.replace("accounts.provider", "patients.patient")),
    ],
)
def test_what_we_encrypted_for_something_else_is_refused(some, content, binding) -> None:
    refused(encrypt(content, binding))


def refused(cursor: str) -> None:
    with pytest.raises(Problem) as refusal:
        page(providers(), cursor=cursor, limit=2, key=KEY, descending=False)
    assert refusal.value.kind.status == 422
    assert refusal.value.extra["errors"][0]["field"] == "cursor"


def test_a_cursor_of_another_order_is_refused(some) -> None:
    cursor = page(providers(), cursor="", limit=2, key=KEY, descending=False).next
    with pytest.raises(Problem):
        page(providers(), cursor=cursor, limit=2, key=KEY, descending=True)


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"cursor": "nonsense"}])
def test_through_the_door_a_bad_page_is_422(api, query) -> None:
    from tests.factories import staff

    answer = api(staff("doctor")).read("/patients", query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == list(query)
