"""What each role may do, and what a grant to the people of a role at a site opens."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, check_can, edits_of, scopes_of
from healthcare.accounts.actions.auditing import note
from healthcare.accounts.events import TeamChanged
from healthcare.accounts.models import RightsChange, RoleEdit, Team, User
from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.roles import ROLES
from healthcare.accounts.rules import edited, may_edit
from healthcare.events import publish


@transaction.atomic
def edit_role(
    *, by: User, role: str, reason: str, add: Iterable[Permission] = (), take: Iterable[Permission] = ()
) -> RightsChange | None:
    """Give permissions to a role and take others, from the next request on, web and token alike. Scopes stay.

    Raises NotAllowed, also for what is bound to one role or opens nothing in it. None when nothing differs from before.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    wanted = {permission: True for permission in add} | {permission: False for permission in take}
    if role not in ROLES or not all(may_edit(role, permission, held=held) for permission, held in wanted.items()):
        raise NotAllowed(_("This permission cannot be edited for this role."))
    before = edited(role, edits_of(role))
    changed = {permission: held for permission, held in wanted.items() if (permission in before) != held}
    for permission, held in changed.items():
        RoleEdit.objects.update_or_create(
            role=role, permission=permission.value, defaults={"held": held, "made_by": by}
        )
    return _keep(by, "accounts.edit_role", role, None, reason, changed)


@transaction.atomic
def change_team(
    *, by: User, team: Team, reason: str, add: Iterable[Scope] = (), take: Iterable[Scope] = ()
) -> RightsChange | None:
    """Widen and narrow what grants to this team open, within what the role can hold at all.

    Raises NotAllowed. None when nothing differs from before.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    wanted = {scope: True for scope in add} | {scope: False for scope in take}
    if not {scope for scope, held in wanted.items() if held} <= scopes_of(team.role):
        raise NotAllowed(_("This role can never see that part of a chart."))
    team = Team.objects.select_for_update().get(pk=team.pk)
    changed = {scope: held for scope, held in wanted.items() if (scope.value in team.scopes) != held}
    team.scopes = sorted((set(team.scopes) | {s.value for s in changed}) - {s.value for s in changed if not changed[s]})
    change = _keep(by, "accounts.change_team", team.role, team, reason, changed)
    if change is not None:
        team.save(update_fields=["scopes", "updated_at"])
        publish(TeamChanged(team_id=team.pk, site_id=team.site_id))
    return change


def _keep(
    by: User,
    action: str,
    role: str,
    team: Team | None,
    reason: str,
    changed: dict[Permission, bool] | dict[Scope, bool],
) -> RightsChange | None:
    if not changed:
        return None
    added = sorted(name.value for name, held in changed.items() if held)
    taken = sorted(name.value for name, held in changed.items() if not held)
    change = RightsChange(role=role, team=team, added=added, taken=taken, reason=reason, made_by=by)
    change.save(force_insert=True)
    note(action, by=by, about=team or change, detail={"role": role, "added": added, "taken": taken})
    return change
