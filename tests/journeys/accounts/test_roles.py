"""The administrator's day: roles, people who leave, and the admin, at both widths, by axe and by keyboard alone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Page, expect

from healthcare.accounts import actions
from healthcare.accounts.models import RightsChange, Team
from healthcare.accounts.permissions import Permission
from healthcare.db.context import acting_as
from tests.accounts.conftest import colleague, person, sign_in
from tests.api.oauth import tokens_for
from tests.factories import ApplicationFactory, FeeFactory, SiteFactory, WorkExceptionFactory, WorkRuleFactory
from tests.journeys.accounts.conftest import Open
from tests.journeys.accounts.test_accessibility import LONG, look  # noqa: F401  (fixture)

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
SET_UP = ["accounts_site", "accounts_provider", "api_application", "billing_fee", "scheduling_visittype"]
SET_UP += ["scheduling_resource", "scheduling_workrule", "scheduling_workexception", "scheduling_qualification"]


@pytest.fixture
def boss() -> Any:
    return colleague("administrator", site=SiteFactory(name="Alder Street"))


def test_pages_of_roles_and_teams(look: Callable[..., None], boss: Any) -> None:  # noqa: F811
    with acting_as(boss):
        actions.edit_role(by=boss, role="nurse", reason=LONG, take=[Permission.REGISTER_PATIENT])
    team = Team.objects.filter(role="nurse").order_by("pk")[0]
    edit = reverse("accounts:edit_role", args=["front_desk"])
    look(
        "roles",
        reverse("accounts:role", args=["nurse"]),
        f"{edit}?held=patients.search&held=patients.grant_access",
        edit + "?" + "&".join(f"held={permission}" for permission in Permission),
        reverse("accounts:team", args=[team.pk]),
        reverse("accounts:change_team", args=[team.pk]) + "?held=identity",
        client=sign_in(boss),
    )


def test_pages_of_somebody_who_leaves(look: Callable[..., None], boss: Any) -> None:  # noqa: F811
    doctor, other = colleague("doctor", full_name=LONG), colleague("doctor", full_name=LONG)
    site = SiteFactory()
    client = sign_in(boss)
    about = [reverse("accounts:deactivate", args=[doctor.pk])]
    about.append(reverse("accounts:grant", args=[doctor.pk]) + f"?site={site.pk}&role=nurse")
    about.append(reverse("accounts:end_membership", args=[doctor.pk, doctor.memberships.get().pk]))
    look(*about, client=client)
    with acting_as(boss):
        actions.deactivate_user(by=boss, user=doctor, to=other)
    look(reverse("accounts:colleague", args=[doctor.pk]), client=client)


def test_pages_of_programs(look: Callable[..., None]) -> None:  # noqa: F811
    for user in (colleague("doctor"), person()):
        look("/oauth/programs/", client=sign_in(user))
        tokens_for(user, ApplicationFactory(name=f"Diary of {user.full_name}"))
        look("/oauth/programs/", client=sign_in(user))


def test_the_admin_is_readable_everywhere(open_page: Open, boss: Any, violations: Callable[[Page], list[str]]) -> None:
    """Every list and every page on which something is added, one after the other in one browser."""
    site = SiteFactory()
    WorkExceptionFactory(resource=WorkRuleFactory().resource)
    FeeFactory()
    page: Any = open_page("/admin/", client=sign_in(boss))
    names = [f"{model._meta.label_lower.replace('.', '_')}_changelist" for model in admin.site._registry]
    addresses = [reverse(f"admin:{name}") for name in (*sorted(names), *(f"{name}_add" for name in SET_UP))]
    addresses += [reverse(f"admin:accounts_site_{name}", args=[site.pk]) for name in ("change", "history")]
    found = []
    for address in addresses:
        page.goto(page.url.partition("/admin/")[0] + address)
        found += [f"{address}: {said}" for said in page.errors]
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"{address} at {width}: {problem}" for problem in violations(page)]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{address} at {width}: scrolls sideways")
        page.errors.clear()  # what axe's own style causes
    assert found == []


def test_a_role_is_edited_and_the_history_says_so(
    open_page: Open, boss: Any, violations: Callable[[Page], list[str]]
) -> None:
    """Given the front desk, when a permission is taken, then a preview comes first and the history after."""
    colleague("front_desk")
    page = open_page(reverse("accounts:roles"), client=sign_in(boss))
    page.get_by_role("link", name="Front desk").click()
    page.get_by_label("Register a new patient").uncheck()
    page.get_by_role("button", name="See what would change").click()
    expect(page.get_by_role("main")).to_contain_text("1 person holds this role")
    expect(page.get_by_role("main")).to_contain_text("nobody will be able to")
    page.get_by_text(re.compile("pages? (or|and) operations? asks? for it")).click()
    expect(page.get_by_role("main")).to_contain_text("/patients/register")
    page.get_by_label("Why?").fill("Nurses register from now on")
    page.get_by_role("button", name="Change it now").click()
    expect(page.locator("#history")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Nurses register from now on")
    expect(page.get_by_label("Register a new patient")).not_to_be_checked()
    assert violations(page) == []
    assert RightsChange.objects.count() == 1


def test_a_preview_in_the_admin_is_readable_and_saves(
    open_page: Open, boss: Any, violations: Callable[[Page], list[str]]
) -> None:
    site = SiteFactory(name="Harbor", phone="")
    page: Any = open_page(reverse("admin:accounts_site_change", args=[site.pk]), client=sign_in(boss))
    page.get_by_label("Name", exact=False).first.fill("Harbour")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#content")).to_contain_text("“Harbor” becomes “Harbour”")
    assert violations(page) == []
    page.get_by_role("button", name="Save it").click()
    expect(page.locator(".messagelist")).to_be_visible()
    site.refresh_from_db()
    assert site.name == "Harbour"
    assert page.errors == []
