"""Nothing stands in the way of a reader on any page of accounts: axe, the console, no sideways scroll."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from healthcare.accounts.models import TOTPDevice
from tests.accounts.conftest import colleague, person, sign_in
from tests.factories import OneTimeLinkFactory, SecondFactorResetFactory, SiteFactory
from tests.journeys.accounts.conftest import Open

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
LONG = "Dr. Maximiliana Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


@pytest.fixture
def look(open_page: Open, violations: Callable[[Page], list[str]]) -> Callable[..., None]:
    def looked(*names: str, client: Any = None, scheme: str = "light") -> None:
        found = []
        for name in names:
            address = name if name.startswith("/") else reverse(f"accounts:{name}")
            for width in (1280, 360):
                page: Any = open_page(address, client=client, width=width, scheme=scheme)
                where = f"{name} at {width}"
                found += [f"{where}: {problem}" for problem in violations(page)]
                # A page that is refused by its status is said by the browser, too; that is not our script's word.
                found += [f"{where}: {said}" for said in page.errors if "Failed to load resource" not in said]
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append(f"{where}: scrolls sideways")
        assert found == []

    return looked


def test_public_pages(look: Callable[..., None]) -> None:
    link = OneTimeLinkFactory(user=person(), purpose="reset_password")
    page = reverse("accounts:reset_password", args=[link.token()])
    look("sign_in", "request_reset", "request_account", page, page.replace(".", "x"))


def test_pages_in_the_dark(look: Callable[..., None]) -> None:
    look("sign_in", scheme="dark")
    look("account", "enrol", client=sign_in(colleague("doctor")), scheme="dark")


def test_ones_own_account(look: Callable[..., None]) -> None:
    names = ("account", "rename", "change_password", "change_email", "enrol", "renew_codes", "switch_role", "step_up")
    look(*names, client=sign_in(colleague("doctor", full_name=LONG)))
    look("account", "enrol", "change_password", client=sign_in(person(full_name=LONG)))


def test_the_waiting_key(look: Callable[..., None]) -> None:
    doctor = colleague("doctor")
    TOTPDevice(user=doctor, name="app", confirmed=False).save(force_insert=True)
    look("enrol", client=sign_in(doctor))


def test_pages_of_administrators(look: Callable[..., None]) -> None:
    site = SiteFactory(name="Alder Street")
    admin, other = colleague("administrator", site=site), colleague("administrator", site=site)
    doctor = colleague("doctor", site=site, full_name=LONG)
    SecondFactorResetFactory(user=doctor, requested_by=other, reason="Came in person, I know her")
    about = [reverse(f"accounts:{name}", args=[doctor.pk]) for name in ("colleague", "deactivate")]
    look("/", "staff", "invite", *about, client=sign_in(admin))


def test_pages_of_the_privacy_officer(look: Callable[..., None]) -> None:
    client = sign_in(colleague("privacy_officer"))
    look("/", "audit", reverse("accounts:audit") + "?patient=x", client=client)


def test_the_refusal(look: Callable[..., None]) -> None:
    look("audit", client=sign_in(colleague("doctor")))


@pytest.mark.parametrize("name", ["index", "accounts_user_changelist", "accounts_site_add", "accounts_team_changelist"])
def test_the_admin_breaks_no_policy(open_page: Open, name: str) -> None:
    page: Any = open_page(reverse(f"admin:{name}"), client=sign_in(colleague("administrator")))
    assert page.errors == []
