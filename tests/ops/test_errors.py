"""What people see when something is wrong: a sentence, a reference, nothing of anybody."""

import pytest
from django.test import Client, RequestFactory

from healthcare.ops import errors

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.ops.urls")]
HANDLERS = {
    400: errors.bad_request,
    403: errors.forbidden,
    404: errors.not_found,
    500: errors.internal_error,
    503: errors.unavailable,
}


def answer(status: int, **headers: str):
    request = RequestFactory().get("/", headers=headers)
    request.id = "K7QFP-2M9DX"
    return HANDLERS[status](request)


@pytest.mark.parametrize("status", HANDLERS)
def test_each_is_a_whole_page_with_its_status_and_the_reference(status, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = answer(status)
    page = response.content.decode()
    assert response.status_code == status
    assert "<h1>" in page
    assert "</html>" in page
    assert "K7QFP-2M9DX" in page
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("status", HANDLERS)
def test_for_a_part_of_a_page_it_is_a_sentence_that_is_read_out(status):
    response = answer(status, **{"HX-Request": "true"})
    part = response.content.decode()
    assert response.status_code == status
    assert 'role="alert"' in part
    assert "<html" not in part
    assert "K7QFP-2M9DX" in part


def test_a_request_without_a_reference_still_gets_a_page():
    assert errors.internal_error(RequestFactory().get("/")).status_code == 500


def test_what_is_missing_and_what_is_not_yours_look_the_same():
    request = RequestFactory().get("/")
    assert errors.not_found(request, None).content == errors.not_found(request, Exception("secret")).content


def test_a_missing_csrf_token_is_a_403_of_ours():
    visitor = Client(enforce_csrf_checks=True)
    response = visitor.post("/write/return-200")
    assert response.status_code == 403
    assert response["X-Request-Id"] in response.content.decode()


def test_the_exception_never_reaches_the_page(visitor):
    response = visitor.get("/boom")
    assert response.status_code == 500
    assert b"Canary" not in response.content
    assert b"ValueError" not in response.content
