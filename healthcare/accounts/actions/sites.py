"""Places of the clinic, and what each role may do."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, check_can, scopes_of
from healthcare.accounts.actions.auditing import note
from healthcare.accounts.events import SiteOpened, TeamChanged
from healthcare.accounts.models import RoleEdit, Site, Team, User
from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import ROLES, STAFF_ROLES
from healthcare.accounts.rules import may_edit
from healthcare.events import publish

SITE_FIELDS = ("name", "time_zone", "line", "city", "state", "postal_code", "phone")


@transaction.atomic
def open_site(*, by: User | None, name: str, slug: str, **details: str) -> Site:
    """Open a place of the clinic, with a team for each role that can open charts.

    `details` are the other fields of Site. Raises NotAllowed. `by` is None for the system alone.
    """
    if by is not None:
        check_can(by, Permission.MANAGE_ACCOUNTS)
    site = Site(name=name, slug=slug, **details)
    site.save(force_insert=True)
    for role in STAFF_ROLES:
        if scopes_of(role):
            group = Group.objects.create(name=f"{slug}: {role}")
            Team(site=site, role=role, group=group, scopes=sorted(scopes_of(role))).save(force_insert=True)
    note("accounts.open_site", by=by, about=site)
    publish(SiteOpened(site_id=site.pk))
    return site


@transaction.atomic
def change_site(*, by: User, site: Site, values: Mapping[str, Any]) -> None:
    """Write the fields of `SITE_FIELDS` that are given. Raises NotAllowed."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    changed = [name for name in SITE_FIELDS if name in values and getattr(site, name) != values[name]]
    for name in changed:
        setattr(site, name, values[name])
    site.save(update_fields=[*changed, "updated_at"])
    note("accounts.change_site", by=by, about=site, detail={"fields": changed})


@transaction.atomic
def close_site(*, by: User, site: Site) -> None:
    """Nothing new happens here from now on; what happened stays. Raises NotAllowed."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    now = timezone.now()
    if Site.objects.filter(pk=site.pk, closed_at=None).update(closed_at=now, updated_at=now):
        site.closed_at = now
        note("accounts.close_site", by=by, about=site)


@transaction.atomic
def change_team(*, by: User, team: Team, scopes: Iterable[str]) -> None:
    """Narrow or widen what grants to this team open, within what the role can hold at all. Raises NotAllowed."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    wanted = sorted(set(scopes))
    if not set(wanted) <= {scope.value for scope in scopes_of(team.role)}:
        raise NotAllowed(_("This role can never see that part of a chart."))
    team.scopes = wanted
    team.save(update_fields=["scopes", "updated_at"])
    note("accounts.change_team", by=by, about=team, detail={"scopes": wanted})
    publish(TeamChanged(team_id=team.pk, site_id=team.site_id))


@transaction.atomic
def edit_role(*, by: User, role: str, permission: Permission, held: bool) -> RoleEdit:
    """Give a permission to a role or take it, over what was delivered. Scopes stay: they bound every role.

    Raises NotAllowed, also for what is bound to one role.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    if role not in ROLES or not may_edit(role, permission, held=held):
        raise NotAllowed(_("This permission cannot be edited for this role."))
    edit, _made = RoleEdit.objects.update_or_create(
        role=role, permission=permission.value, defaults={"held": held, "made_by": by}
    )
    note("accounts.edit_role", by=by, about=edit, detail={"role": role, "permission": permission, "held": held})
    return edit
