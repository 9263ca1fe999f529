"""The strict fixtures themselves: each silent mistake is made once, and must be loud."""

import random
import socket
import warnings
from datetime import datetime

import pytest
from django.db import connection
from django.template import engines
from django.template.base import Origin, Template
from django.utils import timezone
from pytest_socket import SocketConnectBlockedError

from healthcare.accounts.models import Site, User
from tests import strict
from tests.architecture.tree import ROOT
from tests.factories import SiteFactory, UserFactory

pytestmark = pytest.mark.django_db


def draw(text: str, folder: str = "templates", **given: object) -> str:
    from django.template import Context

    template = Template(text, origin=Origin(str(ROOT / folder / "tried.html")), engine=engines["django"].engine)
    return template.render(Context(given))


@pytest.mark.parametrize("text", ["{{ unknown }}", "{{ known.unknown }}", "{{ unknown|default:'x' }}"])
def test_an_unknown_variable_fails(text):
    with pytest.raises(pytest.fail.Exception, match=r"templates/tried.html uses"):
        draw(text, known={})


@pytest.mark.parametrize("text", ["{{ known }}", "{% if unknown %}x{% endif %}", "{{ known.part }}"])
def test_a_known_one_and_a_question_do_not(text):
    draw(text, known={"part": 1})


def test_other_peoples_templates_may_lean_on_missing_ones():
    assert draw("{{ unknown }}", folder=".venv/lib/site-packages/somebody") == ""


def test_an_unordered_queryset_comes_shuffled():
    for _ in range(12):
        UserFactory()
    orders = {tuple(user.pk for user in User.objects.all()) for _ in range(5)}
    assert len(orders) > 1


def test_an_ordered_one_does_not():
    sites = [SiteFactory(name=f"{letter}") for letter in "cab"]
    for _ in range(5):
        random.random()
        assert [site.name for site in Site.objects.filter(pk__in=[s.pk for s in sites]).order_by("name")] == [
            "a",
            "b",
            "c",
        ]


def test_a_post_form_without_a_token_fails():
    with pytest.raises(pytest.fail.Exception, match="CSRF"):
        strict.check_forms('<form method="post" action="/x"><input name="a"></form>', "/x")


@pytest.mark.parametrize(
    "form",
    [
        '<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="x"></form>',
        '<form method="get"></form>',
        "<form></form>",
    ],
)
def test_other_forms_do_not(form):
    strict.check_forms(form, "/x")


def test_a_naive_datetime_fails():
    with pytest.raises(RuntimeWarning, match="naive datetime"):
        Site.objects.filter(closed_at=datetime(2026, 1, 1)).exists()  # noqa: DTZ001


def test_warnings_are_errors():
    with pytest.raises(UserWarning):
        warnings.warn("as anybody might", stacklevel=1)


@pytest.mark.parametrize("address", ["192.0.2.1", "198.51.100.7"])
def test_the_network_ends_at_loopback(address):
    with pytest.raises((SocketConnectBlockedError, UserWarning)):
        socket.create_connection((address, 80), timeout=0.2)


def test_loopback_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_a_budget_counts_the_pages_own_queries(assert_queries):
    with assert_queries(at_most=1) as queries, connection.cursor() as cursor:
        cursor.execute("SAVEPOINT a")
        cursor.execute("SELECT 1")
        cursor.execute("RELEASE SAVEPOINT a")
    assert len(queries) == 1


def test_a_budget_leaves_out_the_grants_that_are_asked_for_once(assert_queries):
    asked = "SELECT 1 FROM accounts_membership m JOIN accounts_team t ON t.site_id = m.site_id"
    with assert_queries(at_most=1) as queries, connection.cursor() as cursor:
        cursor.execute(asked)
        cursor.execute(asked)
    assert queries == [asked]


def test_a_budget_that_is_passed_says_by_what(assert_queries):
    with pytest.raises(pytest.fail.Exception, match="FROM"), assert_queries(at_most=0):
        Site.objects.exists()


def test_the_tests_run_as_the_web_login():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("web",)
    assert timezone.now().tzinfo is not None
