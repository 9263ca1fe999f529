"""Every address refuses the anonymous and refuses Charlie, or stands on the short public list."""

import ast

import pytest
from django.contrib.admin import site as admin_site
from django.test import Client

from healthcare.accounts.permissions import DESCRIPTIONS, Permission
from healthcare.accounts.roles import ROLES
from tests.architecture.tree import DOORS, name, parsed, rooms, sources
from tests.architecture.urls import Door, doors, label, own_doors
from tests.factories import PatientFactory

OWN = own_doors()
OF_A_PATIENT = [door for door in OWN if "<uuid:patient_id>" in door.route]
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
    "messaging/twilio/<uuid:message_id>/": "the carrier's report, signed by it",
}
# Views left of accounts cannot name a permission; each asks something of its own besides a sign-in.
ASKS_ITS_OWN = {"storage/<str:token>/": "a link signed for the very person"}
MARKS = ("is_public", "is_while_signing_in", "is_for_anyone_signed_in")
REFUSALS = {301, 302, 401, 403, 404, 405}


def mark(door: Door) -> str:
    found = [found for found in MARKS if getattr(door.view, found, False)]
    return found[0] if found else ""


@pytest.mark.parametrize("door", OWN, ids=label)
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


@pytest.mark.parametrize("door", [door for door in OWN if mark(door) != "is_public"], ids=label)
@pytest.mark.django_db
def test_strangers_from_outside_are_sent_to_the_sign_in(door):
    for method in ("get", "post"):
        response = getattr(Client(raise_request_exception=False), method)(door.address())
        assert response.status_code in {302, 401, 404, 405}, (
            f"/{door.route} answers {response.status_code} to a stranger."
        )
        if response.status_code == 302:
            assert "/accounts/" in response["Location"], f"/{door.route} sends a stranger to {response['Location']}."


@pytest.mark.parametrize("door", [door for door in doors() if door.is_admin], ids=label)
@pytest.mark.django_db
def test_the_admin_refuses_strangers(door):
    response = Client(raise_request_exception=False).get(door.address())
    assert response.status_code in {301, 302, 401, 403, 404, 405}, f"/{door.route} answers {response.status_code}."


def test_there_are_doors_of_a_patient():
    assert OF_A_PATIENT


@pytest.mark.parametrize("door", OF_A_PATIENT, ids=label)
@pytest.mark.parametrize("role", ["doctor", "front_desk", "patient", "administrator"])
@pytest.mark.django_db
def test_charlie_gets_nothing_of_a_patient(door, role, signed_in):
    """A stranger inside: with a role, and without a grant. A patient who exists and one who does not look the same."""
    patient = PatientFactory(family_name="Canaryson", given_name="Wilhelmina")
    charlie = signed_in(role)
    for method in ("get", "post"):
        real = getattr(charlie, method)(door.address(patient_id=patient.pk))
        assert real.status_code in REFUSALS, f"/{door.route} answers {real.status_code} to a {role} without a grant."
        assert b"Canaryson" not in real.content
        none = getattr(charlie, method)(door.address())
        assert none.status_code == real.status_code, f"/{door.route} tells whether a patient exists."


@pytest.mark.parametrize("door", [door for door in OWN if door not in OF_A_PATIENT], ids=label)
@pytest.mark.django_db
def test_charlies_other_pages_name_no_patient(door, signed_in):
    PatientFactory(family_name="Canaryson", given_name="Wilhelmina")
    response = signed_in("doctor").get(door.address())
    assert response.status_code < 500, f"/{door.route} ends in {response.status_code} for a doctor without patients."
    if not response.streaming:
        assert b"Canaryson" not in response.content, f"/{door.route} shows a patient to a doctor without a grant."


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
