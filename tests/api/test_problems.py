"""Problem documents: one shape, a type that can be looked up, and never a value of what was sent."""

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import RequestFactory
from ninja.errors import HttpError, ValidationError

from healthcare.accounts.access import NotAllowed
from healthcare.api import problems
from healthcare.api.problems import KINDS, TRANSLATIONS, Problem, answer_raised, answer_status, invalid, problem_for


class TimeGone(Exception):
    pass


class TimeGoneForGood(TimeGone):
    pass


@pytest.fixture(autouse=True)
def _as_before():
    kinds, translations = dict(KINDS), dict(TRANSLATIONS)
    yield
    for kept, before in ((KINDS, kinds), (TRANSLATIONS, translations)):
        kept.clear()
        kept.update(before)


def document(raised: Exception) -> dict:
    request = RequestFactory().get("/v1/x")
    request.id = "K7QFP-2M9DX"
    answer = answer_raised(request, raised)
    assert answer["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert body["status"] == answer.status_code
    assert body["request_id"] == "K7QFP-2M9DX"
    return body


def test_an_apps_exception_becomes_a_type_of_its_own_with_its_sentence() -> None:
    problem_for(TimeGone, status=409, title="The time is gone", extra=lambda problem: {"alternatives": [1, 2]})
    body = document(TimeGone("Somebody was quicker."))
    assert body | {"request_id": ""} == {
        "type": "/v1/problems/time-gone",
        "title": "The time is gone",
        "status": 409,
        "detail": "Somebody was quicker.",
        "request_id": "",
        "alternatives": [1, 2],
    }
    assert document(TimeGoneForGood("Never."))["type"] == "/v1/problems/time-gone", "and so do its kinds"


def test_without_a_title_it_is_the_general_type_of_its_status() -> None:
    problem_for(TimeGone, status=409)
    assert document(TimeGone("Gone."))["type"] == "/v1/problems/conflict"


@pytest.mark.parametrize(
    ("raised", "slug", "detail"),
    [
        (Http404("Rosa Delgado"), "not-found", str(problems.NOT_FOUND.detail)),
        (NotAllowed("Your role does not include this."), "forbidden", "Your role does not include this."),
        (PermissionDenied(), "forbidden", str(problems.FORBIDDEN.detail)),
        (HttpError(400, "Cannot parse Rosa"), "bad-request", str(problems.BAD_REQUEST.detail)),
        (HttpError(418, "Rosa"), "other", "I'm a Teapot"),
        (Problem(problems.CHANGED), "changed-meanwhile", str(problems.CHANGED.detail)),
    ],
)
def test_what_everybody_raises(raised, slug, detail) -> None:
    body = document(raised)
    assert body["type"] == f"/v1/problems/{slug}"
    assert body["detail"] == detail


def test_what_nobody_translates_is_raised_again() -> None:
    with pytest.raises(ZeroDivisionError):
        document(ZeroDivisionError())


@pytest.mark.parametrize(
    ("found", "field", "message"),
    [
        ({"loc": ("query", "limit"), "type": "missing", "msg": "Field required"}, "limit", "This is required."),
        (
            {"loc": ("body", "data", "at"), "type": "extra_forbidden", "msg": "Extra inputs"},
            "at",
            "There is no such field.",
        ),
        ({"loc": ("body", "data"), "type": "value_error", "msg": "Value error, Too early."}, "data", "Too early."),
        (
            {"loc": ("path", "x"), "type": "uuid_parsing", "msg": "Input should be a valid UUID, found `R` at 1"},
            "x",
            "Input should be a valid UUID",
        ),
    ],
)
def test_a_field_that_is_not_valid_is_named_and_its_value_is_not(found, field, message) -> None:
    assert document(ValidationError([found]))["errors"] == [{"field": field, "message": message}]


def test_an_operation_may_refuse_a_field_itself() -> None:
    assert document(invalid("start", "Choose a later time."))["errors"] == [
        {"field": "start", "message": "Choose a later time."}
    ]


def test_headers_go_along_and_a_wait_is_always_said() -> None:
    request = RequestFactory().get("/v1/x")
    assert answer_raised(request, Problem(problems.TOO_MANY, headers={"Retry-After": "7"}))["Retry-After"] == "7"
    assert answer_status(request, 429)["Retry-After"] == "60"
    assert answer_status(request, 503)["Retry-After"] == "10"
    assert "Retry-After" not in answer_status(request, 404)


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"{", b'{"a": NaN}', b'{"a": "\\ud800"}', b'{"a": "\\u0000"}', b"\xff", b""])
def test_a_body_that_is_no_json_is_400(api, body) -> None:
    from tests.factories import staff

    answer = api(staff("front_desk")).post("/v1/appointments", body, content_type="application/json")
    assert answer.status_code in {400, 422}, answer.content
    assert answer["Content-Type"] == "application/problem+json"
