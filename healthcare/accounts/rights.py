"""What a role may do and what its team at a site is granted; and what a change of it would do, before it is done."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.db.models import Count
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from healthcare.accounts.access import edits_of, scopes_of
from healthcare.accounts.models import Membership, RightsChange, RoleEdit, Session, Team, User
from healthcare.accounts.permissions import AREAS, DESCRIPTIONS, Permission, Scope
from healthcare.accounts.roles import ROLES, Role
from healthcare.accounts.rules import Fixed, edited, why_fixed

NEWEST = 20
PART = re.compile(r"<[^>]*>")
WHY_FIXED: dict[Fixed | None, Promise | str] = {
    None: "",
    Fixed.PATIENT: _("A patient's right to their own record is the law's, not ours to edit."),
    Fixed.STAFF: _("Who works here always signs in with a code."),
    Fixed.LOCKED_OUT: _("Without it no administrator could undo anything."),
    Fixed.BOUND: _("The database gives this to one other role alone."),
    Fixed.NO_CHART: _("This role opens no chart, so it would open nothing."),
    Fixed.OUT_OF_SCOPE: _("This role never sees that part of a chart, so it would open nothing."),
}


# == What it is now ==
@dataclass(frozen=True)
class Choice:
    """A permission of a role, or a scope of a team; `why_fixed` is a sentence where it cannot be edited."""

    value: str
    words: Promise
    held: bool
    delivered: bool
    why_fixed: Promise | str = ""


@dataclass(frozen=True)
class Holders:
    """How many people hold the role now, and in how many browsers somebody acts in it."""

    people: int
    browsers: int


@dataclass(frozen=True)
class Rights:
    """Of a role everywhere or, with `team`, of what grants to its people at one site open."""

    role: Role
    team: Team | None
    groups: list[tuple[Promise | str, list[Choice]]]
    holders: Holders
    history: list[tuple[RightsChange, list[Promise], list[Promise]]]
    teams: list[Team]

    @property
    def name(self) -> str:
        return f"{self.role.name}, {self.team.site.name}" if self.team else str(self.role.name)

    @property
    def url(self) -> str:
        return (
            reverse("accounts:team", args=[self.team.pk])
            if self.team
            else reverse("accounts:role", args=[self.role.slug])
        )

    @property
    def edit_url(self) -> str:
        return f"{self.url}edit/"

    def differing(self, wanted: Collection[str]) -> tuple[list[str], list[str]]:
        """What would be given and what taken, if these were held of all that can be edited."""
        free = [choice for _title, choices in self.groups for choice in choices if not choice.why_fixed]
        give = [choice.value for choice in free if choice.value in wanted and not choice.held]
        return give, [choice.value for choice in free if choice.held and choice.value not in wanted]


def get_rights_of_role(role: Role, now: datetime) -> Rights:
    held = edited(role.slug, edits_of(role.slug))
    groups: dict[Promise | str, list[Choice]] = {}
    for permission, words in DESCRIPTIONS.items():
        fixed = why_fixed(role.slug, permission, held=permission not in held)
        choice = Choice(permission.value, words, permission in held, permission in role.permissions, WHY_FIXED[fixed])
        groups.setdefault(_area_of(permission), []).append(choice)
    teams = Team.objects.filter(role=role.slug, site__closed_at=None).select_related("site").order_by("site__name")
    history = RightsChange.objects.filter(role=role.slug, team=None)
    return Rights(role, None, list(groups.items()), get_holders(role.slug, now), _told(history), list(teams))


def get_rights_of_team(team: Team, now: datetime) -> Rights:
    most, role = scopes_of(team.role), ROLES[team.role]
    choices = [
        Choice(
            scope.value,
            words,
            scope.value in team.scopes,
            scope in most,
            "" if scope in most else WHY_FIXED[Fixed.OUT_OF_SCOPE],
        )
        for scope, words in AREAS.items()
    ]
    history = RightsChange.objects.filter(role=team.role, team=team)
    holders = get_holders(team.role, now, site=team.site_id)
    return Rights(role, team, [(_("Parts of a chart"), choices)], holders, _told(history), [])


def get_holders(role: str, now: datetime, *, besides: User | None = None, **at: Any) -> Holders:
    people = (
        Membership.objects.current().filter(role=role, user__is_active=True, **at).values_list("user_id", flat=True)
    )
    if besides is not None:
        people = people.exclude(user=besides)
    browsers = Session.objects.alive(now).filter(acting_role=role, user__in=people)
    return Holders(people.distinct().count(), browsers.count())


def said_of(holders: Holders) -> str:
    """How many are concerned, in words."""
    people = ngettext("%(n)d person holds this role.", "%(n)d people hold this role.", holders.people)
    browsers = ngettext(
        "%(n)d browser is signed in with it now.", "%(n)d browsers are signed in with it now.", holders.browsers
    )
    return f"{people % {'n': holders.people}} {browsers % {'n': holders.browsers}}"


def _area_of(permission: Permission) -> Promise | str:
    label = permission.partition(".")[0]
    return apps.get_app_config(label).verbose_name if label in apps.app_configs else _("Portal")


def _told(changes: Any) -> list[tuple[RightsChange, list[Promise], list[Promise]]]:
    newest = changes.select_related("made_by").order_by("-created_at", "-pk")[:NEWEST]
    return [(change, _words(change.added), _words(change.taken)) for change in newest]


def _words(values: Iterable[str]) -> list[Promise]:
    """Values that later versions know no more are left out."""
    known: Mapping[str, Promise] = {p.value: w for p, w in (*DESCRIPTIONS.items(), *AREAS.items())}
    return [known[value] for value in values if value in known]


@dataclass(frozen=True)
class RoleLine:
    role: Role
    people: int
    edits: int


def get_roles() -> list[RoleLine]:
    """Every role with how many people hold it now, and in how many permissions it differs from how it was delivered."""
    current = Membership.objects.current().filter(user__is_active=True)
    people = dict(current.values_list("role").annotate(Count("user", distinct=True)).order_by())
    edits: dict[str, dict[str, bool]] = {}
    for role, permission, held in RoleEdit.objects.values_list("role", "permission", "held"):
        edits.setdefault(role, {})[permission] = held
    return [
        RoleLine(role, people.get(slug, 0), len(edited(slug, edits.get(slug, {})) ^ role.permissions))
        for slug, role in ROLES.items()
    ]


# == What a change would do ==
@dataclass(frozen=True)
class Effect:
    """`doors` are the pages and operations that ask for it; `nobody_left`: no other role with people in it holds it."""

    words: Promise
    doors: tuple[str, ...] = ()
    nobody_left: bool = False


def get_effects(rights: Rights, values: Iterable[str], *, taken: bool = False) -> list[Effect]:
    if rights.team is not None:
        return [Effect(AREAS[Scope(value)]) for value in values]
    permissions = [Permission(value) for value in values]
    elsewhere = _held_by_others(rights.role.slug) if taken else frozenset(permissions)
    doors = doors_by_permission()
    return [Effect(DESCRIPTIONS[p], doors.get(p, ()), p not in elsewhere) for p in permissions]


def get_effects_of_role(role: str) -> list[Effect]:
    """Everything that the role may do now."""
    doors = doors_by_permission()
    held = edited(role, edits_of(role))
    return [Effect(words, doors.get(p, ())) for p, words in DESCRIPTIONS.items() if p in held]


def _held_by_others(role: str) -> frozenset[Permission]:
    manned = set(Membership.objects.current().filter(user__is_active=True).values_list("role", flat=True)) - {role}
    return frozenset().union(*(edited(other, edits_of(other)) for other in manned))


@lru_cache(maxsize=1)
def doors_by_permission() -> Mapping[Permission, tuple[str, ...]]:
    """Which addresses ask for each permission, as the views and the API's operations say it of themselves."""
    found: dict[Permission, list[str]] = {}
    for address, view in _addresses(get_resolver()):
        for permission in filter(None, (getattr(view, "permission", None),)):
            found.setdefault(permission, []).append(address)
        for operation in _operations(view):
            for permission in getattr(operation.view_func, "permissions", ()):
                found.setdefault(permission, []).append(f"{' '.join(sorted(operation.methods))} {address}")
    return {permission: tuple(sorted(set(doors))) for permission, doors in found.items()}


def _addresses(resolver: Any, prefix: str = "/") -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver) and entry.app_name != "admin":
            yield from _addresses(entry, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield PART.sub("…", prefix + str(entry.pattern)), entry.callback


def _operations(view: Any) -> list[Any]:
    """Those of the API behind one address: its view is a function closed over the object that holds them."""
    held = [cell.cell_contents for cell in getattr(view, "__closure__", None) or ()]
    return [operation for one in held for operation in getattr(one, "operations", ())]
