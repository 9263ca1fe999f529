"""One request, one transaction, one signed context; what fails leaves nothing behind."""

import uuid

import pytest
from django.db import OperationalError, connection

from healthcare.accounts.models import Site
from healthcare.db.context import NOBODY, current_actor
from healthcare.ops import middleware
from tests.factories import UserFactory, staff

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.ops.urls")]
NOBODY_AT_ALL = "None None"


def written() -> bool:
    return Site.objects.filter(slug="written").exists()


@pytest.mark.parametrize("then", ["raise", "404", "403", "503", "return-500", "return-503"])
def test_what_was_raised_and_every_5xx_rolls_back(visitor, then):
    response = visitor.post(f"/write/{then}")
    assert response.status_code >= 400
    assert not written()


@pytest.mark.parametrize("status", [200, 302, 400, 404, 409, 422])
def test_what_was_returned_commits_even_a_refusal(visitor, status):
    """Counters of failed sign-ins and denials must stand."""
    assert visitor.post(f"/write/return-{status}").status_code == status
    assert written()


@pytest.mark.parametrize("method", ["get", "head"])
def test_reading_requests_cannot_write(visitor, method):
    assert getattr(visitor, method)("/write/return-200").status_code == 500
    assert not written()


def test_a_stranger_has_no_context(visitor):
    assert visitor.get("/who").content.decode() == NOBODY_AT_ALL


def test_after_the_request_nobody_acts(visitor):
    visitor.get("/who")
    assert current_actor() == NOBODY
    assert not getattr(connection, "context", None)


def test_signing_in_changes_who_acts_within_the_request(visitor):
    user = UserFactory()
    answer = visitor.post(f"/in/{user.pk}/nurse").content.decode()
    assert answer == f"{NOBODY_AT_ALL} -> {user.pk} nurse"


def test_between_two_factors_nobody_acts(visitor):
    user = UserFactory()
    assert visitor.post(f"/in/{user.pk}/none").content.decode() == f"{NOBODY_AT_ALL} -> {NOBODY_AT_ALL}"


def test_signing_out_ends_the_context_within_the_request(visitor):
    visitor.post(f"/in/{UserFactory().pk}/nurse")
    assert visitor.post("/out").content.decode() == NOBODY_AT_ALL


def test_a_sign_in_outside_a_request_leaves_the_test_alone(client):
    client.force_login(staff("doctor"), backend="django.contrib.auth.backends.ModelBackend")
    assert current_actor() == NOBODY


def test_the_answer_is_drawn_inside(visitor, monkeypatch):
    from django.template.response import TemplateResponse

    seen, draw = [], TemplateResponse.render

    def watch(response):
        seen.append(connection.in_atomic_block)
        return draw(response)

    monkeypatch.setattr(TemplateResponse, "render", watch)
    assert visitor.get("/lazily").status_code == 200
    assert seen == [True]


def test_a_streamed_answer_enters_the_context_anew(visitor):
    response = visitor.get("/streamed")
    assert response.streaming
    assert b"".join(response.streaming_content).decode() == f"{NOBODY_AT_ALL} {NOBODY_AT_ALL}"
    assert current_actor() == NOBODY


def test_a_file_is_streamed_as_it_is(visitor):
    response = visitor.get("/downloaded")
    assert response.status_code == 200
    assert b"".join(response.streaming_content).startswith(b'"""Views')


def test_async_views_are_refused(client):
    with pytest.raises(Exception, match="write the view as def"):
        client.get("/async")


def test_a_database_that_goes_away_is_a_503_without_details(visitor):
    response = visitor.get("/away")
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert b"Canary" not in response.content


def test_a_statement_that_takes_too_long_is_a_503(visitor):
    assert visitor.get("/slow").status_code == 503


def test_a_database_that_is_away_before_the_view_is_a_503(visitor, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("the server is down")

    monkeypatch.setattr(middleware, "acting_as", refuse)
    assert visitor.get("/who").status_code == 503


def test_a_database_that_is_away_while_the_session_is_read_is_a_503(visitor, monkeypatch):
    from healthcare.accounts.sessions import SessionStore

    def refuse(*_: object) -> None:
        raise OperationalError("the server is down")

    visitor.cookies["sessionid"] = "a" * 32
    monkeypatch.setattr(SessionStore, "load", refuse)
    assert visitor.get("/who").status_code == 503


def test_no_audit_no_answer(visitor):
    response = visitor.post("/write/503")
    assert response.status_code == 503
    assert not written()


@pytest.mark.parametrize("path", ["/livez", "/robots.txt", "/favicon.ico"])
def test_what_machines_ask_needs_no_transaction(visitor, path, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert visitor.get(path).status_code in {200, 302}


def test_a_page_that_does_not_exist_is_not_found(visitor):
    assert visitor.get(f"/nowhere/{uuid.uuid4()}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_across_real_commits(visitor):
    """Without the test's own transaction round it."""
    assert visitor.post("/write/raise").status_code == 500
    assert not written()
    assert visitor.post("/write/return-422").status_code == 422
    assert written()
    assert not connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
def test_streaming_across_real_commits(visitor):
    response = visitor.get("/streamed")
    assert b"".join(response.streaming_content).decode() == f"{NOBODY_AT_ALL} {NOBODY_AT_ALL}"
    assert not connection.in_atomic_block
