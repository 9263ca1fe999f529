"""The sample clinic's people, and what operators do from the command line."""

import re
import stat
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts import demo
from healthcare.accounts.leaving import get_stand_ins
from healthcare.accounts.models import (
    FailureCount,
    Membership,
    OneTimeLink,
    Provider,
    RightsChange,
    RoleEdit,
    Session,
    Site,
    User,
)
from healthcare.accounts.rights import get_roles
from healthcare.accounts.roles import ROLES
from healthcare.accounts.tasks import sweep_accounts
from healthcare.accounts.templatetags.accounts import browser, join_words
from tests.accounts.conftest import PASSWORD, audited, person, sign_in
from tests.accounts.test_sign_in import give_code, give_password, where
from tests.factories import FailureCountFactory, OneTimeLinkFactory, SiteFactory
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
AT_ONCE = reverse("accounts:demo_sign_in")


@pytest.fixture
def told(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    settings.DEMO = True
    with taking_role("worker"):
        demo.tell()
    return Path(settings.DATA_DIR)


# == The sample clinic ==
def test_every_role_has_somebody_who_can_sign_in(told: Path) -> None:
    accounts = demo.accounts()
    assert {account["role"] for account in accounts} == set(ROLES)
    assert all(set(account) == {"role", "email", "password", "totp_secret"} for account in accounts)
    for account in {account["email"]: account for account in accounts}.values():
        client = Client()
        give_password(client, account["email"], account["password"])
        if account["totp_secret"]:
            choice = next(c for c in demo.sign_in_choices() if c["email"] == account["email"])
            assert re.fullmatch(r"[0-9]{6}", choice["code"])
            give_code(client, choice["code"])
        assert where(client.get(reverse("accounts:continue"))) in {"/", reverse("accounts:choose_role")}


def test_what_administrators_did_can_be_read(told: Path) -> None:
    left = User.objects.get(email=demo.WHO_LEFT[1])
    assert (left.is_active, [cover.cover.full_name for cover in get_stand_ins(left)]) == (False, ["Priya Raman, RN"])
    assert RoleEdit.objects.get().held is False
    changes = RightsChange.objects.select_related("made_by", "team__site").order_by("created_at")
    assert [(c.role, c.added, c.taken, c.made_by.full_name) for c in changes] == [
        ("nurse", ["scheduling.block_time"], [], "Alice Moreau"),
        ("nurse", [], ["scheduling.block_time"], "Ben Castellano"),
        ("front_desk", [], ["billing"], "Ben Castellano"),
    ]
    for line in get_roles():
        assert line.edits == 0


def test_three_sites_two_administrators_and_providers(told: Path) -> None:
    assert Site.objects.values("postal_code").distinct().count() == 3
    assert Provider.objects.count() == 12
    assert Provider.objects.values("specialty").distinct().count() == 6
    for site in Site.objects.order_by("pk"):
        assert site.providers.count() >= 4
        working = set(Membership.objects.current().filter(site=site).values_list("role", flat=True))
        assert {"front_desk", "nurse", "doctor", "pharmacist", "billing"} <= working, site.slug
    assert Membership.objects.current().filter(role="administrator").values("user").distinct().count() == 2
    assert {p.credentials for p in Provider.objects.order_by("pk")} == {"MD", "NP"}
    assert all(provider.sites.count() for provider in Provider.objects.order_by("pk"))


def test_passwords_are_made_anew_and_kept_from_others(told: Path, settings: Any) -> None:
    path = told / "demo-accounts.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len({account["password"] for account in demo.accounts()}) > 10
    settings.DATA_DIR = told / "elsewhere"
    assert demo.accounts() == []
    assert demo.sign_in_choices() == []


def test_the_sign_in_page_lists_them(told: Path, settings: Any) -> None:
    page = Client().get(reverse("accounts:sign_in")).content.decode()
    assert "Dr. Maren Okafor" in page
    assert demo.accounts()[0]["password"] in page
    settings.DEMO = False
    assert "Okafor" not in Client().get(reverse("accounts:sign_in")).content.decode()


def test_one_press_signs_in_with_role(told: Path) -> None:
    client = Client()
    typed = {"email": "sam.adeyemi@alderstreet.example", "role": "billing", "next": "/accounts/"}
    assert where(client.post(AT_ONCE, typed)) == "/accounts/"
    assert client.get("/accounts/").status_code == 200
    assert Session.objects.get(user__email=typed["email"]).acting_role == "billing"
    assert audited("accounts.sign_in")[-1].detail == {"step": "demo", "role": "billing"}
    again = Client()
    again.post(AT_ONCE, {**typed, "role": "king"})
    assert again.get("/accounts/").status_code == 200


def test_one_press_is_for_the_invented_people_of_the_demo_alone(told: Path, settings: Any) -> None:
    assert Client().post(AT_ONCE, {"email": person().email}).status_code == 404
    settings.DEMO = False
    assert Client().post(AT_ONCE, {"email": "maren.okafor@alderstreet.example"}).status_code == 404


# == Operators ==
def create(*arguments: str) -> str:
    out = StringIO()
    with taking_role("worker"):
        call_command("create_administrator", *arguments, stdout=out)
    return out.getvalue().strip()


def test_the_first_administrator_comes_by_a_link(settings: Any) -> None:
    settings.PUBLIC_URL = "https://clinic.example"
    link = create("alice@clinic.example", "Alice Moreau", "--site", "Alder Street")
    assert link.startswith("https://clinic.example/accounts/invitation/")
    assert Site.objects.get().slug == "alder-street"
    page = link.removeprefix("https://clinic.example")
    client = Client()
    assert where(client.post(page, {"full_name": "Alice", "new_password": PASSWORD})) == reverse("accounts:continue")
    assert Membership.objects.get(user__email="alice@clinic.example").role == "administrator"
    assert audited("accounts.create_administrator")[0].purpose == "create_administrator"


def test_a_site_that_is_there_is_used() -> None:
    site = SiteFactory()
    create("alice@clinic.example", "Alice Moreau")
    assert Membership.objects.get(user__email="alice@clinic.example").site == site


def test_the_command_says_what_is_wrong() -> None:
    person(email="alice@clinic.example")
    with pytest.raises(CommandError, match="has an account already"):
        create("alice@clinic.example", "Alice Moreau")
    with pytest.raises(CommandError, match="not an e-mail address"):
        create("alice", "Alice Moreau")


# == The sweep ==
def test_what_is_over_is_removed_and_the_rest_stays() -> None:
    user, now = person(), timezone.now()
    sign_in(user)
    kept, spent = OneTimeLinkFactory(), OneTimeLinkFactory(expires_at=now - timedelta(days=31))
    FailureCountFactory(window_start=now - timedelta(days=2))
    counted = FailureCountFactory()
    for email in ("a@x.example", "b@x.example"):
        give_password(Client(), email, "wrong password here")
    AccessAttempt.objects.filter(username="a@x.example").update(attempt_time=now - timedelta(hours=1))
    with taking_role("worker"):
        sweep_accounts()
    assert OneTimeLink.objects.filter(pk__in=[kept.pk, spent.pk]).get() == kept
    assert FailureCount.objects.filter(pk=counted.pk).exists()
    assert FailureCount.objects.filter(window_start__lt=now - timedelta(days=1)).count() == 0
    assert [attempt.username for attempt in AccessAttempt.objects.all()] == ["b@x.example"]
    assert Session.objects.filter(user=user).exists()
    with time_machine.travel(now + timedelta(minutes=16)), taking_role("worker"):
        sweep_accounts()
    assert not Session.objects.filter(user=user).exists()


# == Words ==
@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_browsers_have_names(agent: str, said: str) -> None:
    assert browser(agent) == said


def test_details_are_words() -> None:
    assert (join_words(["a", 1]), join_words("a"), join_words(3)) == ("a, 1", "a", "3")


@pytest.mark.parametrize("letter", sorted(path.stem for path in Path("templates/messaging/accounts").glob("*.txt")))
def test_every_letter_can_be_read(letter: str) -> None:
    from healthcare.messaging.templating import render

    words = render(f"accounts/{letter}", "email", {"name": "Rosa", "link": str(OneTimeLinkFactory().pk)}, "en-us")
    assert "Alder Street Clinic" in words.subject
    assert "Rosa" in words.text or letter == "open_account"
    assert ("/accounts/" in words.text) == (letter not in {"address_changed", "second_factor_reset", "handed_over"})


def test_addresses_are_one_account_whatever_their_case() -> None:
    from django.db import IntegrityError, transaction

    person(email="Rosa@mail.example")
    with pytest.raises(IntegrityError), transaction.atomic(), as_the_system():
        User(email="rosa@MAIL.example", full_name="X").save(force_insert=True)
