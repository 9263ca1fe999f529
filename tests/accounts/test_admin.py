"""Django's admin: behind the second factor and the role, every save a verb, nothing deleted."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.models import Membership, Provider, RoleEdit, Session, Site, Team, User
from healthcare.accounts.roles import ROLES
from tests.accounts.conftest import audited, code_of, colleague, person, sign_in
from tests.accounts.test_passwords import fresh
from tests.accounts.test_sign_in import where
from tests.factories import RecoveryCodeFactory, SessionFactory, SiteFactory, TOTPDeviceFactory

pytestmark = pytest.mark.django_db
OURS = sorted((m for m in admin.site._registry if m._meta.app_label == "accounts"), key=lambda m: m.__name__)


@pytest.fixture
def browser() -> Any:
    return sign_in(colleague("administrator"))


def page(model: Any, name: str = "changelist", *more: Any) -> str:
    return reverse(f"admin:accounts_{model._meta.model_name}_{name}", args=more)


# == The door ==
@pytest.mark.parametrize("role", sorted(set(ROLES) - {"administrator"}))
def test_only_administrators_get_in(role: str) -> None:
    user = person(is_superuser=True) if role == "patient" else colleague(role, is_superuser=True)
    client = sign_in(user, role=role)
    for address in (reverse("admin:index"), page(User), page(Site, "add")):
        assert client.get(address).status_code == 403


def test_without_a_second_factor_nobody_gets_in() -> None:
    client = sign_in(colleague("administrator"), verified=False)
    assert where(client.get(reverse("admin:index"))) == reverse("accounts:continue")


def test_the_proof_of_identity_is_asked_for_anew_after_half_an_hour() -> None:
    user = colleague("administrator")
    client = sign_in(user)
    Session.objects.filter(user=user).update(stepped_up_at=timezone.now() - timedelta(minutes=29))
    assert client.get(reverse("admin:index")).status_code == 200
    Session.objects.filter(user=user).update(stepped_up_at=timezone.now() - timedelta(minutes=31))
    assert where(client.get(page(User))).startswith(reverse("accounts:step_up"))
    answer = client.post(page(User, "change", user.pk), {"full_name": "X", "step_up_answer": code_of(user)})
    assert answer.status_code == 302


def test_its_own_sign_in_and_password_pages_are_ours(browser: Any) -> None:
    assert where(browser.get(reverse("admin:login"))) == reverse("admin:index")
    assert where(browser.get(reverse("admin:password_change"))) == reverse("accounts:change_password")
    browser.post(reverse("admin:logout"))
    assert len(audited("accounts.sign_out")) == 1


def test_third_party_pages_are_not_there() -> None:
    for model in admin.site._registry:
        assert model.__module__.split(".")[0] in settings.OWN_LOGGERS, model
    assert apps.get_model("auth.Group") not in admin.site._registry


# == What it shows ==
@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_page_draws_itself_and_deletes_nothing(browser: Any, model: Any) -> None:
    TOTPDeviceFactory()
    RecoveryCodeFactory()
    assert browser.get(page(model)).status_code == 200
    row = model._default_manager.order_by("pk").first()
    if row is not None and model is not User:
        assert browser.get(page(model, "change", row.pk)).status_code == 200
    request = browser.get(page(model)).wsgi_request
    assert not admin.site._registry[model].has_delete_permission(request)


def test_keys_and_hashes_are_nowhere(browser: Any) -> None:
    device, session, code = TOTPDeviceFactory(), SessionFactory(), RecoveryCodeFactory()
    for row, secrets in ((device, [device.key]), (session, [session.digest]), (code, [code.digest])):
        for address in (page(type(row)), page(type(row), "change", row.pk)):
            body = browser.get(address).content.decode()
            assert not any(secret in body for secret in secrets)


def test_portal_accounts_are_not_listed(browser: Any) -> None:
    patient = person(full_name="Rosa Delgado")
    assert "Rosa Delgado" not in browser.get(page(User)).content.decode()
    assert browser.get(page(User, "change", patient.pk)).status_code == 302


# == What it does ==
def test_a_colleague_is_renamed_closed_and_opened(browser: Any) -> None:
    doctor = colleague("doctor", full_name="Old Name")
    address = page(User, "change", doctor.pk)
    browser.post(address, {"full_name": "Newer Name", "is_active": "on"})
    assert fresh(doctor).is_active
    browser.post(address, {"full_name": "New Name"})
    changed = fresh(doctor)
    assert (changed.full_name, changed.is_active) == ("New Name", False)
    browser.post(address, {"full_name": "New Name", "is_active": "on"})
    assert fresh(doctor).is_active
    verbs = ["rename_user", "deactivate_user", "reactivate_user"]
    assert [len(audited(f"accounts.{verb}", target_id=doctor.pk)) for verb in verbs] == [2, 1, 1]
    assert browser.get(page(User, "history", doctor.pk)).status_code == 200
    kept = LogEntry.objects.order_by("pk").first()
    assert kept is not None
    assert "Name" not in kept.object_repr


def test_nobody_closes_themselves() -> None:
    user = colleague("administrator")
    answer = sign_in(user).post(page(User, "change", user.pk), {"full_name": user.full_name}, follow=True)
    assert "your own account" in answer.content.decode()
    assert fresh(user).is_active
    assert not LogEntry.objects.exists()


def test_a_site_opens_changes_and_closes(browser: Any) -> None:
    typed = {"name": "Harbor", "slug": "harbor", "time_zone": "America/New_York"}
    assert browser.post(page(Site, "add"), typed).status_code == 302
    site = Site.objects.get(slug="harbor")
    assert Team.objects.filter(site=site).exists()
    browser.post(page(Site, "change", site.pk), {**typed, "phone": "+15085550110"})
    site.refresh_from_db()
    assert site.phone == "+15085550110"
    browser.post(page(Site), {"action": "close", "_selected_action": [site.pk]})
    site.refresh_from_db()
    assert site.closed_at is not None


def test_a_zone_that_does_not_exist_is_refused(browser: Any) -> None:
    answer = browser.post(page(Site, "add"), {"name": "X", "slug": "x", "time_zone": "Mars/Olympus"})
    assert "IANA" in answer.content.decode()


def test_memberships_begin_and_end(browser: Any) -> None:
    doctor, site = colleague("doctor"), SiteFactory()
    typed = {"user": doctor.pk, "site": site.pk, "role": "nurse"}
    assert browser.post(page(Membership, "add"), typed).status_code == 302
    membership = Membership.objects.get(user=doctor, role="nurse")
    again = browser.post(page(Membership, "add"), typed, follow=True)
    assert "already" in again.content.decode()
    browser.post(page(Membership), {"action": "end", "_selected_action": [membership.pk]})
    assert not Membership.objects.current().filter(pk=membership.pk).exists()


def test_ones_own_membership_is_not_ended() -> None:
    user = colleague("administrator")
    own = Membership.objects.get(user=user)
    address = page(Membership)
    answer = sign_in(user).post(address, {"action": "end", "_selected_action": [own.pk]}, follow=True)
    assert "your own account" in answer.content.decode()
    assert Membership.objects.current().filter(pk=own.pk).exists()


def test_a_team_is_narrowed(browser: Any) -> None:
    team = Team.objects.get(site=SiteFactory(), role="billing")
    browser.post(page(Team, "change", team.pk), {"scopes": ["identity"]})
    team.refresh_from_db()
    assert team.scopes == ["identity"]
    assert browser.post(page(Team, "change", team.pk), {"scopes": ["clinical"]}).status_code == 200


def test_a_role_is_edited_within_its_bounds(browser: Any) -> None:
    typed = {"role": "nurse", "permission": "patients.register", "held": ""}
    browser.post(page(RoleEdit, "add"), typed)
    edit = RoleEdit.objects.get(role="nurse")
    browser.post(page(RoleEdit, "change", edit.pk), {"permission": edit.permission, "held": "on"})
    edit.refresh_from_db()
    assert edit.held
    wrong = {"role": "nurse", "permission": "accounts.manage", "held": "on"}
    assert "cannot be edited" in browser.post(page(RoleEdit, "add"), wrong, follow=True).content.decode()


def test_providers_are_added_and_changed(browser: Any) -> None:
    typed = {"name": "Aaron Feld", "credentials": "MD", "specialty": "Cardiology", "npi": "", "accepting": "on"}
    browser.post(page(Provider, "add"), typed)
    provider = Provider.objects.get(name="Aaron Feld")
    browser.post(page(Provider, "change", provider.pk), {**typed, "accepting": ""})
    provider.refresh_from_db()
    assert not provider.accepting
