"""Every page of this app draws itself for whoever may see it."""

import pytest
from django.urls import reverse

from tests.accounts.conftest import colleague, person, sign_in

pytestmark = pytest.mark.django_db

OWN = ["account", "rename", "change_password", "change_email", "enrol", "renew_codes", "switch_role", "step_up"]


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("role", ["doctor", "administrator", "patient"])
def test_pages_about_oneself_are_for_everybody(name: str, role: str) -> None:
    user = person() if role == "patient" else colleague(role)
    answer = sign_in(user, role=role).get(reverse(f"accounts:{name}"))
    assert answer.status_code == 200, answer.content.decode()[:2000]


@pytest.mark.parametrize("name", ["staff", "invite"])
def test_pages_about_colleagues_are_for_administrators(name: str) -> None:
    colleague("nurse")
    address = reverse(f"accounts:{name}")
    assert sign_in(colleague("administrator")).get(address).status_code == 200
    assert sign_in(colleague("doctor")).get(address).status_code == 403


@pytest.mark.parametrize("role", ["administrator", "privacy_officer", "researcher"])
def test_the_home_page_has_a_card_or_says_why_not(role: str) -> None:
    answer = sign_in(colleague(role)).get("/")
    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["sign_in", "request_reset", "request_account"])
def test_public_pages(client, name: str) -> None:
    assert client.get(reverse(f"accounts:{name}")).status_code == 200
