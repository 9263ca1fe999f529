"""The list of places as an open page asks for it again: with what waits, for the page it stands on."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from healthcare.accounts.models import Session
from tests.accounts.conftest import colleague, sign_in

pytestmark = pytest.mark.django_db


def test_it_is_the_list_of_the_page_that_asks() -> None:
    client: Any = sign_in(colleague("doctor"))
    answer = client.get(
        "/live/places", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/alerts/?x=1"}
    )
    assert answer.status_code == 200
    html = answer.content.decode()
    assert html.lstrip().startswith('<nav class="nav" id="nav"')
    assert 'hx-get="/live/places"' in html
    assert '<a href="/alerts/" aria-current="page"' in html


def test_a_page_that_asks_by_itself_keeps_no_session_alive() -> None:
    client: Any = sign_in(colleague("doctor"))
    earlier = timezone.now() - timedelta(minutes=5)
    Session.objects.update(last_action_at=earlier)
    assert client.get("/live/places", headers={"X-Background": "1"}).status_code == 200
    assert Session.objects.get().last_action_at == earlier
