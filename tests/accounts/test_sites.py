"""Places, teams, and what each role may do."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from healthcare.accounts import actions
from healthcare.accounts.access import NotAllowed, can, check_can, permissions_of, scopes_of
from healthcare.accounts.events import SiteOpened
from healthcare.accounts.models import Membership, RoleEdit, SecondFactorReset, Site, Team
from healthcare.accounts.permissions import DESCRIPTIONS, Permission, Scope
from healthcare.accounts.roles import ROLES, STAFF_ROLES
from healthcare.db.context import acting_as
from tests.accounts.conftest import audited, colleague, only, person
from tests.factories import ALWAYS, SecondFactorResetFactory, SiteFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


# == Sites ==
def test_a_site_opens_with_a_team_for_each_role_that_opens_charts(announced: Any) -> None:
    admin = colleague("administrator")
    with acting_as(admin):
        site = actions.open_site(by=admin, name="Alder Street", slug="alder", time_zone="America/New_York")
    teams = {team.role: set(team.scopes) for team in Team.objects.filter(site=site).order_by("role")}
    assert teams == {role: {s.value for s in scopes_of(role)} for role in STAFF_ROLES if scopes_of(role)}
    assert only(SiteOpened, announced()) == [SiteOpened(site_id=site.pk)]
    assert audited("accounts.open_site")[0].target_id == site.pk


def test_a_site_changes_and_closes() -> None:
    admin, site = colleague("administrator"), SiteFactory(phone="")
    with acting_as(admin):
        actions.change_site(by=admin, site=site, values={"phone": "+15085550110", "slug": "ignored"})
        actions.close_site(by=admin, site=site)
        actions.close_site(by=admin, site=site)
    site.refresh_from_db()
    assert (site.phone, site.slug != "ignored", site.closed_at is not None) == ("+15085550110", True, True)
    assert audited("accounts.change_site")[0].detail == {"fields": ["phone"]}
    assert len(audited("accounts.close_site")) == 1


def test_providers_are_added_and_changed() -> None:
    admin = colleague("administrator")
    with acting_as(admin):
        provider = actions.add_provider(by=admin, values={"name": "Aaron Feld", "specialty": "Cardiology"})
        actions.change_provider(by=admin, provider=provider, values={"accepting": False})
    provider.refresh_from_db()
    assert (provider.name, provider.accepting) == ("Aaron Feld", False)
    assert audited("accounts.change_provider")[0].detail == {"fields": ["accepting"]}


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"administrator"}))
def test_only_administrators_do_any_of_this(role: str) -> None:
    somebody = person().in_role("patient") if role == "patient" else colleague(role)
    site = SiteFactory()
    team = Team.objects.filter(site=site).order_by("role")[0]
    with acting_as(somebody):
        for verb, arguments in (
            (actions.open_site, {"name": "X", "slug": "x"}),
            (actions.change_site, {"site": site, "values": {}}),
            (actions.close_site, {"site": site}),
            (actions.change_team, {"team": team, "reason": "x"}),
            (actions.add_provider, {"values": {"name": "X"}}),
            (actions.edit_role, {"role": "nurse", "take": [Permission.OPEN_CHART], "reason": "x"}),
        ):
            with pytest.raises(NotAllowed):
                verb(by=somebody, **arguments)  # type: ignore[operator]


# == Roles as delivered ==
@pytest.mark.parametrize("permission", list(Permission))
def test_every_permission_is_described_and_held_by_a_role(permission: Permission) -> None:
    assert str(DESCRIPTIONS[permission])
    assert any(permission in role.permissions for role in ROLES.values())


def test_administrators_and_superusers_open_no_chart() -> None:
    admin = staff("administrator", is_superuser=True)
    assert not can(admin, Permission.OPEN_CHART)
    assert scopes_of("administrator") == frozenset()
    assert scopes_of("king") == frozenset()


@pytest.mark.parametrize("broken", [{"acting_role": None}, {"acting_role": "king"}, {"is_active": False}])
def test_without_a_role_or_an_open_account_nothing_is_held(broken: dict[str, Any]) -> None:
    doctor = staff("doctor")
    for name, value in broken.items():
        setattr(doctor, name, value)
    assert permissions_of(doctor) == frozenset()


def test_a_refusal_is_a_sentence() -> None:
    with pytest.raises(NotAllowed, match=r"Your role does not include this: read who did what, for every record\."):
        check_can(staff("doctor"), Permission.READ_AUDIT)


# == The second wall ==
def test_the_database_lets_only_administrators_open_doors() -> None:
    """A view without its check, or SQL injected through one, grants nobody a role."""
    doctor, site = colleague("doctor"), SiteFactory()
    group = Team.objects.filter(site=site).order_by("role")[0].group
    rows = [
        Membership(user=doctor, site=site, role="administrator", validity=ALWAYS),
        RoleEdit(role="doctor", permission="audit.read", held=True, made_by=doctor),
        SecondFactorReset(user=person(), requested_by=doctor, reason="x", expires_at=ALWAYS.lower),
        Team(site=site, role="researcher", group=group, scopes=["clinical"]),
    ]
    for row in rows:
        with acting_as(doctor), pytest.raises(DatabaseError), transaction.atomic():
            row.save(force_insert=True)


def test_the_database_lets_nobody_sign_for_another() -> None:
    admin, other = colleague("administrator"), colleague("administrator")
    edit = RoleEdit(role="nurse", permission="patients.register", held=False, made_by=other)
    with acting_as(admin), pytest.raises(DatabaseError), transaction.atomic():
        edit.save(force_insert=True)
    reset = SecondFactorResetFactory(requested_by=other)
    with acting_as(admin), pytest.raises(DatabaseError), transaction.atomic():
        SecondFactorReset.objects.filter(pk=reset.pk).update(
            approved_by=colleague("administrator"), approved_at=ALWAYS.lower, closed_at=ALWAYS.lower
        )


def test_the_web_deletes_no_person_site_or_membership() -> None:
    doctor = colleague("doctor")
    for model in (Membership, Site, Team):
        with acting_as(doctor), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            model.objects.all()._raw_delete("default")


def test_scopes_are_the_six() -> None:
    with as_the_system():
        assert {scope for team in Team.objects.order_by("pk") for scope in team.scopes} <= {s.value for s in Scope}
