"""The places and colleagues of the synthetic load, and what its plan refuses."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from healthcare.accounts.models import Membership, Provider, Site, Team, TOTPDevice, User
from healthcare.accounts.roles import STAFF_ROLES
from patients.synthetic.plan import Plan
from tests.accounts.test_sign_in import give_code, give_password
from tests.roles import as_the_system
from tests.synthetic import clinic, proofs, tiny

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def plan(django_db_setup: None, django_db_blocker: Any) -> Iterator[Plan]:
    with clinic("accounts", django_db_blocker) as made:
        yield made


def test_every_site_has_its_teams_and_somebody_of_each_role(plan: Plan) -> None:
    with as_the_system():
        sites = list(Site.objects.order_by("slug"))
        assert len(sites) == plan.sites == 2
        for site in sites:
            assert site.slug.startswith(plan.mark)
            assert set(Membership.objects.filter(site=site).values_list("role", flat=True)) == set(STAFF_ROLES)
            assert Team.objects.filter(site=site).count() == 5
            assert Provider.objects.filter(sites=site).exists()


def test_as_many_as_were_asked_for(plan: Plan) -> None:
    assert all(proofs("accounts", plan).values())
    with as_the_system():
        assert User.objects.count() == plan.providers + plan.staff
        assert Provider.objects.exclude(specialty="").count() == plan.providers == 12
        assert set(Provider.objects.values_list("npi", flat=True)) == {""}, "nobody gets the number of a real person"


def test_somebody_less_is_noticed(plan: Plan) -> None:
    with as_the_system():
        TOTPDevice.objects.filter(user__email__startswith="nurse").update(confirmed=False, confirmed_at=None)
    assert proofs("accounts", plan)["sites and staff as planned"] is False


def test_each_can_sign_in(plan: Plan) -> None:
    client, email = Client(), "doctor0001@synthetic.example"
    give_password(client, email, plan.password)
    code = TOTPDevice(key=plan.totp_key).code_at(timezone.now())
    with as_the_system():
        assert TOTPDevice.objects.get(user__email=email).key == plan.totp_key
    assert give_code(client, code).status_code in (200, 302)


def test_the_plan_grows_with_its_providers() -> None:
    full = tiny(patients=50_000, providers=2_000, appointments=1_000_000, entries=2_000_000)
    assert (full.sites, full.staff, full.heavy) == (20, 500, 5_000)
    assert full.refusal() == ""
    assert tiny().refusal() == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"patients": 40}, "at least 50 patients"),
        ({"providers": 9}, "10 providers"),
        ({"appointments": 8_001, "entries": 50_000}, "do not fit"),
        ({"providers": 10, "patients": 900, "appointments": 10_001, "entries": 50_000}, "do not fit"),
        ({"entries": 899}, "1.5 entries"),
    ],
)
def test_what_cannot_be_made_is_refused(changes: dict[str, int], words: str) -> None:
    assert words in tiny(**changes).refusal()


def test_secrets_do_not_show() -> None:
    made = tiny()
    assert made.password not in repr(made)
    assert made.totp_key not in repr(made)
