"""Every address says whom it is for, or stands on the short public list. Who gets in is walked in tests/access."""

import ast

import pytest
from django.contrib.admin import site as admin_site
from django.test import Client

from healthcare.accounts.permissions import DESCRIPTIONS, Permission
from healthcare.accounts.roles import ROLES
from tests.architecture.tree import DOORS, name, parsed, rooms, sources
from tests.architecture.urls import Door, label, named, operations, own_doors

OWN = own_doors()
OPERATIONS = operations()
# About the token itself: every one may ask.
WITHOUT_AREA = {"/me"}
# Open to everybody, signed in or not, and why.
PUBLIC = {
    "livez": "a supervisor asks",
    "readyz": "a load balancer asks",
    "metrics": "loopback or the bearer of a token; see the view",
    "robots.txt": "keeps search engines out",
    "favicon.ico": "leads to the icon",
    "accounts/sign-in/": "signing in",
    "accounts/sign-in/demo/": "the invented people of the demo; not there in other settings",
    "accounts/sign-out/": "does nothing to whoever is not signed in",
    "accounts/session/": "says how long the asker's own session lasts",
    "accounts/reset/": "a forgotten password",
    "accounts/reset/<str:token>/": "by a link in a mail",
    "accounts/open/": "asking for an account",
    "accounts/open/<str:token>/": "by a link in a mail",
    "accounts/invitation/<str:token>/": "by a link in a mail",
    "accounts/address/leave/<str:token>/": "by a link in a mail",
    "accounts/address/<str:token>/": "by a link in a mail",
    "portal/register": "who wants to become a patient",
    "portal/register/<str:token>": "by a link in a mail",
    "scheduling/feeds/<str:token>/visits.ics": "a calendar program, by a secret address",
    "scheduling/visits/<str:token>/cancel": "by a link in a mail",
    "scheduling/visits/<str:token>/confirm": "by a link in a mail",
    "scheduling/offers/<str:token>": "by a link in a mail",
    "prescriptions/check/<str:code>": "by the code of a paper, which says how a prescription stands and no more",
    "oauth/token/": "programs, by a code, a renewal or a secret",
    "oauth/revoke/": "programs give a token back",
    "oauth/introspect/": "programs with a secret",
    ".well-known/oauth-authorization-server": "RFC 8414: where the rest is",
    "v1/docs": "documentation; no data in it",
    "v1/openapi.json": "documentation; no data in it",
    "v1/problems/<slug:slug>": "documentation; no data in it",
    "messaging/twilio/<uuid:message_id>/": "the carrier's report, signed by it",
    "messaging/twilio/replies/": "what people write back, signed by the carrier",
}
# Views left of accounts cannot name a permission; each asks something of its own besides a sign-in.
ASKS_ITS_OWN = {"storage/<str:token>/": "a link signed for the very person"}
MARKS = ("is_public", "is_while_signing_in", "is_for_anyone_signed_in")


def is_an_operation(door: Door) -> bool:
    return type(getattr(door.view, "__self__", None)).__name__ == "PathView" or "PathView." in door.view.__qualname__


def mark(door: Door) -> str:
    found = [found for found in MARKS if getattr(door.view, found, False)]
    return found[0] if found else ""


@pytest.mark.parametrize("door", [door for door in OWN if not is_an_operation(door)], ids=label)
def test_every_view_says_whom_it_is_for(door):
    assert getattr(door.view, "permission", None) or mark(door) or door.route in ASKS_ITS_OWN, (
        f"/{door.route}: say @requires(Permission.…), @anyone_signed_in or, out loud, @public."
    )


@pytest.mark.parametrize("door", OWN, ids=label)
def test_only_the_listed_are_public(door):
    if mark(door) == "is_public":
        assert door.route in PUBLIC, f"/{door.route} is open to everybody; if it must be, list it in PUBLIC."


def test_the_public_list_names_nothing_that_is_gone():
    assert PUBLIC.keys() | ASKS_ITS_OWN.keys() <= {door.route for door in OWN}


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_every_operation_says_whom_it_is_for(operation):
    assert hasattr(operation.door, "permissions"), f"{named(operation)}: write @operation(Scope.…, Permission.…)."
    assert (operation.door.permissions and operation.door.area) or operation.path in WITHOUT_AREA, (
        f"{named(operation)}: name the area of the record and a permission."
    )
    assert operation.door.write == (operation.method != "GET"), f"{named(operation)}: write=True is for what changes."


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
@pytest.mark.django_db
def test_an_operation_refuses_the_anonymous_and_cookies(operation, signed_in):
    for client in (Client(raise_request_exception=False), signed_in("doctor")):
        answer = client.generic(operation.method, operation.address(), "{}", "application/json")
        assert answer.status_code == 401, f"{named(operation)} answers {answer.status_code} without a token."
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_every_permission_is_used_by_a_view_and_held_by_a_role():
    used = {
        ast.unparse(node).removeprefix("Permission.")
        for path in [*rooms(*DOORS, "admin", "admin_site"), *sources("patients")]
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("Permission.")
    }
    for permission in Permission:
        assert permission.name in used, f"No view asks for {permission.name}: take it out, or ask."
        assert any(permission in role.permissions for role in ROLES.values()), f"No role holds {permission.name}."
        assert permission in DESCRIPTIONS, f"Describe {permission.name} in words for people."


def test_the_admin_is_the_clinics_own_behind_the_second_factor():
    assert type(admin_site._wrapped if hasattr(admin_site, "_wrapped") else admin_site).__module__.startswith(
        "healthcare."
    )


def test_no_view_is_async():
    for path in rooms(*DOORS):
        assert not [n for n in ast.walk(parsed(path)) if isinstance(n, ast.AsyncFunctionDef)], (
            f"{name(path)}: write def."
        )
