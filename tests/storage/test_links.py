"""A signed link opens one object for one person for a short time, and every opening is audited."""

import uuid
from types import SimpleNamespace

import pytest
import time_machine
from django.http import Http404
from django.test import RequestFactory, override_settings
from django.urls import include, path

from healthcare.audit import AuditUnavailable, recording
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as, acting_as_system
from healthcare.storage import views
from healthcare.storage.links import BadLink, read_link, signed_link
from healthcare.storage.objects import put, rescan
from tests.roles import taking_role
from tests.storage.conftest import PDF

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.storage.test_links")]
urlpatterns = [path("objects/", include("healthcare.storage.urls"))]


def stored(content: bytes = PDF, content_type: str = "application/pdf", name: str = "Ana López.pdf"):
    return put(content, content_type=content_type, name=name)


def token_of(link: str) -> str:
    return link.removeprefix("/objects/").removesuffix("/")


def get(link: str):
    return views.open_link(RequestFactory().get(link), token_of(link))


def test_a_link_opens_its_object_and_the_opening_is_audited(as_alice):
    row = stored()
    link = signed_link(row.pk)
    response = get(link)
    assert response.content == PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''Ana%20L")
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert (response["X-Content-Type-Options"], response["Cache-Control"]) == ("nosniff", "private, no-store")
    with acting_as(as_alice, using="audit"):
        event = AuditEvent.objects.using("audit").get(action="storage.open")
    assert (event.actor_id, event.target_id) == (as_alice.pk, row.pk)


def test_pictures_are_shown_in_place(as_alice):
    row = stored(b"\x89PNG\r\n\x1a\n...", "image/png", "scan.png")
    assert get(signed_link(row.pk))["Content-Disposition"] == 'inline; filename="scan.png"'


def test_without_the_audit_nothing_leaves(as_alice, monkeypatch):
    link = signed_link(stored().pk)
    monkeypatch.setattr(recording, "INSERT_NOW", "SELECT 1 / 0")
    with pytest.raises(AuditUnavailable):
        get(link)


def test_a_link_ends(as_alice):
    row = stored()
    with time_machine.travel("2026-11-21T10:00:00Z", tick=False) as clock:
        link = signed_link(row.pk, seconds=60)
        clock.shift(59)
        assert read_link(token_of(link), as_alice.pk) == row.pk
        clock.shift(1)
        with pytest.raises(BadLink, match="expired"):
            read_link(token_of(link), as_alice.pk)


def test_a_link_is_one_persons(as_alice):
    link = signed_link(stored().pk)
    bob = SimpleNamespace(pk=uuid.uuid4(), acting_role="nurse")
    with acting_as(bob), pytest.raises(Http404):
        get(link)
    with pytest.raises(BadLink, match="another"):
        read_link(token_of(link), None)


@pytest.mark.parametrize("spoil", [lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"), lambda token: "x"])
def test_a_forged_link_opens_nothing(as_alice, spoil):
    link = signed_link(stored().pk)
    with pytest.raises(Http404):
        get(f"/objects/{spoil(token_of(link))}/")


def test_a_link_made_with_another_secret_opens_nothing(as_alice):
    link = signed_link(stored().pk)
    with override_settings(SECRET_KEY="y" * 50), pytest.raises(BadLink, match="forged"):
        read_link(token_of(link), as_alice.pk)


def test_a_link_to_what_is_gone_or_infected_opens_nothing(as_alice, settings):
    with pytest.raises(Http404):
        get(signed_link(uuid.uuid4()))
    row = stored(PDF + b"X5O!P%@AP")
    settings.STORAGE_SCANNER = "tests.storage.test_objects.finds_it"
    with taking_role("worker"):
        assert rescan(row.pk) == "infected"
    with pytest.raises(Http404):
        get(signed_link(row.pk))


@pytest.mark.parametrize("seconds", [0, -1, 3601])
def test_a_link_lasts_between_a_second_and_an_hour(as_alice, seconds):
    with pytest.raises(ValueError, match="hour"):
        signed_link(uuid.uuid4(), seconds=seconds)


def test_a_link_is_made_for_a_person():
    with pytest.raises(ValueError, match="person"):
        signed_link(uuid.uuid4())
    with acting_as_system("test"), pytest.raises(ValueError, match="person"):
        signed_link(uuid.uuid4())


def test_a_link_only_reads(as_alice):
    link = signed_link(stored().pk)
    assert views.open_link(RequestFactory().post(link), token_of(link)).status_code == 405
