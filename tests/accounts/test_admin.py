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
from django.utils.html import escape

from healthcare.accounts.models import Membership, Provider, RightsChange, RoleEdit, Session, Site, Team, User
from healthcare.accounts.roles import ROLES
from tests.accounts.conftest import audited, code_of, colleague, person, sign_in
from tests.accounts.test_passwords import fresh
from tests.accounts.test_sign_in import where
from tests.factories import (
    RecoveryCodeFactory,
    RightsChangeFactory,
    RoleEditFactory,
    SessionFactory,
    SiteFactory,
    TOTPDeviceFactory,
)

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
    typed = {"full_name": "X", "_confirmed": "yes", "step_up_answer": code_of(user)}
    answer = client.post(page(User, "change", user.pk), typed)
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
SAVED = {"_confirmed": "yes"}


def test_a_colleague_is_renamed_after_a_preview(browser: Any) -> None:
    doctor = colleague("doctor", full_name="Old Name")
    address = page(User, "change", doctor.pk)
    asked = browser.post(address, {"full_name": "New Name", "_save": "Save"}).content.decode()
    assert "“Old Name” becomes “New Name”" in asked
    assert 'name="_save" value="Save"' in asked
    assert fresh(doctor).full_name == "Old Name"
    browser.post(address, {"full_name": "New Name", **SAVED})
    assert fresh(doctor).full_name == "New Name"
    assert len(audited("accounts.rename_user", target_id=doctor.pk)) == 1
    assert browser.get(page(User, "history", doctor.pk)).status_code == 200
    kept = LogEntry.objects.order_by("pk").first()
    assert kept is not None
    assert "Name" not in kept.object_repr


def test_nobody_is_closed_or_opened_here_past_the_handover(browser: Any) -> None:
    doctor = colleague("doctor")
    browser.post(page(User, "change", doctor.pk), {"full_name": "New Name", "is_active": "", **SAVED})
    assert fresh(doctor).is_active
    assert reverse("accounts:colleague", args=[doctor.pk]) in browser.get(page(User)).content.decode()


def test_a_refusal_is_a_message_and_no_line_in_the_history() -> None:
    user = colleague("administrator")
    renamed = sign_in(user).post(page(User, "change", user.pk), {"full_name": "Other", **SAVED}, follow=True)
    assert renamed.status_code == 200
    other = colleague("administrator")
    RoleEditFactory(role="administrator", permission="accounts.invite", held=False)
    assert sign_in(other).get(page(User)).status_code == 200


def test_without_a_change_there_is_nothing_to_preview(browser: Any) -> None:
    site = SiteFactory(name="Harbor", time_zone="America/New_York")
    typed = {"name": "Harbor", "time_zone": "America/New_York", "slug": site.slug}
    same = {**typed, "line": site.line, "city": site.city, "state": site.state, "postal_code": site.postal_code}
    assert browser.post(page(Site, "change", site.pk), {**same, "phone": site.phone}).status_code == 302


def test_a_preview_is_for_who_may_save(browser: Any) -> None:
    assert browser.post(page(Membership, "add"), {"role": "nurse"}).status_code == 403
    assert browser.post(page(Site, "change", SiteFactory.build().pk), {"name": "X"}).status_code == 302


def test_a_site_opens_changes_and_closes(browser: Any) -> None:
    typed = {"name": "Harbor", "slug": "harbor", "time_zone": "America/New_York"}
    assert "Harbor" in browser.post(page(Site, "add"), typed).content.decode()
    assert not Site.objects.filter(slug="harbor").exists()
    assert browser.post(page(Site, "add"), {**typed, **SAVED}).status_code == 302
    site = Site.objects.get(slug="harbor")
    assert Team.objects.filter(site=site).exists()
    browser.post(page(Site, "change", site.pk), {**typed, "phone": "+15085550110", **SAVED})
    site.refresh_from_db()
    assert site.phone == "+15085550110"
    chosen = {"action": "close", "_selected_action": [site.pk]}
    assert "“open” becomes “closed”" in browser.post(page(Site), chosen).content.decode()
    site.refresh_from_db()
    assert site.closed_at is None
    browser.post(page(Site), {**chosen, **SAVED})
    site.refresh_from_db()
    assert site.closed_at is not None


def test_a_zone_that_does_not_exist_is_refused(browser: Any) -> None:
    answer = browser.post(page(Site, "add"), {"name": "X", "slug": "x", "time_zone": "Mars/Olympus"})
    assert "IANA" in answer.content.decode()


@pytest.mark.parametrize("model", [Membership, Team, RoleEdit, RightsChange], ids=lambda model: model.__name__)
def test_rights_are_only_looked_at_here_with_the_way_to_their_own_page(browser: Any, model: Any) -> None:
    """No route past the preview, the reason and the lock."""
    colleague("nurse")
    RoleEditFactory()
    RightsChangeFactory()
    request = browser.get(page(model)).wsgi_request
    shown = admin.site._registry[model]
    assert not shown.has_add_permission(request)
    assert not shown.has_change_permission(request)
    assert shown.says
    assert browser.get(page(model), {"q": "nurse"}).status_code == 200
    if model is not RightsChange:
        assert 'href="/accounts/' in browser.get(page(model)).content.decode().partition("result_list")[2]


def test_every_page_of_every_app_has_words_of_help() -> None:
    """But for the post, which stands left of accounts; its list says what it shows by its columns."""
    silent = {m._meta.label for m, shown in admin.site._registry.items() if not getattr(shown, "says", "")}
    assert silent <= {"messaging.Message"}


@pytest.mark.parametrize(
    "model", sorted(admin.site._registry, key=lambda m: m._meta.label), ids=lambda m: m._meta.label
)
def test_every_list_of_every_app_draws_itself(browser: Any, model: Any) -> None:
    name = model._meta.label_lower.replace(".", "_")
    assert browser.get(reverse(f"admin:{name}_changelist")).status_code == 200


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_page_says_what_it_is_for(browser: Any, model: Any) -> None:
    assert escape(str(admin.site._registry[model].says)) in browser.get(page(model)).content.decode()


def test_providers_are_added_and_changed(browser: Any) -> None:
    typed = {"name": "Aaron Feld", "credentials": "MD", "specialty": "Cardiology", "npi": "", "accepting": "on"}
    browser.post(page(Provider, "add"), {**typed, **SAVED})
    provider = Provider.objects.get(name="Aaron Feld")
    site = SiteFactory(name="Harbor Street")
    changed = {**typed, "accepting": "", "sites": [str(site.pk)]}
    assert "Harbor Street" in browser.post(page(Provider, "change", provider.pk), changed).content.decode()
    browser.post(page(Provider, "change", provider.pk), {**changed, **SAVED})
    provider.refresh_from_db()
    assert (provider.accepting, list(provider.sites.all())) == (False, [site])
    again = browser.post(page(Provider, "change", provider.pk), {**changed, "accepting": "on"}).content.decode()
    assert "What would change" in again
    assert "Harbor Street" not in again
