"""Every request can be found again by a reference that a person can read out."""

import re

import pytest

from healthcare.audit.request import RequestFacts, request_facts
from healthcare.ops.middleware import ALPHABET, new_reference
from healthcare.ops.reading import client_address

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.ops.urls")]
FORM = re.compile(rf"[{ALPHABET}]{{5}}-[{ALPHABET}]{{5}}")


def test_references_are_short_and_differ():
    made = {new_reference() for _ in range(5_000)}
    assert len(made) == 5_000
    assert all(FORM.fullmatch(reference) for reference in made)


def test_no_sign_can_be_taken_for_another():
    assert not set("0O1IL") & set(ALPHABET)


@pytest.mark.parametrize("path", ["/who", "/nowhere", "/livez", "/echo?a=%00"])
def test_every_answer_carries_it(visitor, path):
    assert FORM.fullmatch(visitor.get(path)["X-Request-Id"])


def test_the_one_a_client_sends_is_not_taken(visitor):
    response = visitor.get("/who", headers={"X-Request-Id": "AAAAA-AAAAA"})
    assert response["X-Request-Id"] != "AAAAA-AAAAA"


@pytest.mark.parametrize("path", ["/boom", "/nowhere", "/echo?a=%00", "/away"])
def test_error_pages_show_it(visitor, path):
    response = visitor.get(path)
    assert response["X-Request-Id"] in response.content.decode()


def test_the_audit_knows_it_during_the_request_and_not_after(visitor, monkeypatch):
    from tests.ops import urls

    seen = []
    monkeypatch.setattr(urls, "who", lambda: str(seen.append(request_facts.get())))
    response = visitor.get("/who")
    assert seen == [RequestFacts(response["X-Request-Id"], "127.0.0.1")]
    assert request_facts.get() == RequestFacts()


# == Where it comes from ==
@pytest.mark.parametrize(
    ("peer", "forwarded", "behind_proxy", "address"),
    [
        ("192.0.2.7", None, False, "192.0.2.7"),
        ("192.0.2.7", "203.0.113.9", False, "192.0.2.7"),
        ("127.0.0.1", "203.0.113.9", True, "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.9", True, "203.0.113.9"),
        ("127.0.0.1", "2001:db8::1", True, "2001:db8::1"),
        ("127.0.0.1", "not an address", True, None),
        ("127.0.0.1", None, True, "127.0.0.1"),
        ("", None, False, None),
    ],
)
def test_the_address_is_the_peers_or_the_one_the_proxy_saw(peer, forwarded, behind_proxy, address):
    meta = {"REMOTE_ADDR": peer} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})
    assert client_address(meta, behind_proxy=behind_proxy) == address


def test_a_forged_header_changes_nothing(visitor):
    response = visitor.get("/echo", headers={"X-Forwarded-For": "203.0.113.9"})
    assert response.content.decode().strip() == "127.0.0.1"


def test_behind_the_proxy_views_and_throttles_see_the_same_address(visitor, settings):
    settings.BEHIND_PROXY = True
    response = visitor.get("/echo", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})
    assert response.content.decode().strip() == "203.0.113.9"


# == What cannot be read ==
@pytest.mark.parametrize("query", ["a=%00", "%00=a", "a=x%00y", "a=%ff", "a=%c3%28", "a=%ed%a0%80", "a=%C0%80"])
def test_unreadable_queries_are_a_400(visitor, query):
    assert visitor.get(f"/echo?{query}").status_code == 400


@pytest.mark.parametrize("body", [b"a=%00", b"a=%ff", b"a=\xff", b"a=\0", b"%00=a"])
def test_unreadable_forms_are_a_400(visitor, body):
    assert visitor.post("/echo", body, content_type="application/x-www-form-urlencoded").status_code == 400


@pytest.mark.parametrize("fields", [{"a": "x\0y"}, {"x\0": "y"}])
def test_unreadable_fields_of_an_upload_are_a_400(visitor, fields):
    assert visitor.post("/echo", fields).status_code == 400


def test_a_path_with_nul_is_a_400(visitor):
    assert visitor.get("/in/%00").status_code == 400


@pytest.mark.parametrize("text", ["Zoë", "אבג", "李", "a b", "%", "😀", "\u202e"])
def test_what_people_are_called_is_readable(visitor, text):
    assert text in visitor.get("/echo", {"a": text}).content.decode()
    assert text in visitor.post("/echo", {"a": text}).content.decode()


def test_an_upload_may_hold_any_byte(visitor):
    from django.core.files.uploadedfile import SimpleUploadedFile

    assert visitor.post("/echo", {"f": SimpleUploadedFile("a.bin", b"\0\xff")}).status_code == 200


def test_too_large_a_form_is_a_400_not_a_500(visitor, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    big = visitor.post("/echo", b"a=" + b"x" * 1000, content_type="application/x-www-form-urlencoded")
    assert big.status_code in {400, 413}
