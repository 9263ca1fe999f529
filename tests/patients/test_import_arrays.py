"""Arrays written quickly say what the driver's own would."""

import uuid

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients.importing.arrays import write_arrays_quickly
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@pytest.fixture
def said():
    """What the server makes of an array, as it comes back."""
    with taking_role("worker"):
        write_arrays_quickly()

        def ask(values, kind):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT %s::{kind}[]", [values])
                return cursor.fetchone()[0]

        yield ask
    connection.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(st.none() | TEXTS))
def test_any_text_comes_back(said, values):
    assert said(values, "text") == values


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["NULL", "null", "", '"', "\\", '{"a": "b\\"c"}', "a,b", "{}", "\n"], "text"),
        ([], "text"),
        ([None, None], "text"),
        ([1, 2, None], "int"),
        ([True, False], "bool"),
        ([uuid.UUID(int=7)], "uuid"),
        ([["a", '"b'], ["c", "d"]], "text"),
    ],
)
def test_so_do_the_odd_ones(said, values, kind):
    assert said(values, kind) == values
