"""A program on somebody's own device: it asks, the person agrees or not, and it speaks for them from then on."""

import base64
import hashlib
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.clinic import Clinic
from tests.journeys.conftest import NARROW, LooksRight, SignIn
from tests.journeys.listening import listening

pytestmark = pytest.mark.journey


class Program:
    """As RFC 8252 has it: a listener on a free port of this machine, PKCE, and no secret."""

    def __init__(self, clinic: Clinic, back: str, heard: list[dict[str, str]]) -> None:
        self.clinic, self.back, self.heard = clinic, back, heard
        self.client_id = next(one["client_id"] for one in clinic.programs if not one["client_secret"])
        self.verifier = secrets.token_urlsafe(48)

    def address(self, scope: str, **more: str) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": self.back,
            "scope": scope,
            "state": "s-1",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return f"/oauth/authorize/?{urlencode(asked | more)}"

    def post(self, **form: str) -> dict[str, Any]:
        body = urlencode({"client_id": self.client_id, **form}).encode()
        try:
            with urllib.request.urlopen(f"{self.clinic.base_url}/oauth/token/", data=body, timeout=10) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as refusal:
            return dict(json.load(refusal))

    def me(self, token: str) -> tuple[int, dict[str, Any]]:
        asked = urllib.request.Request(f"{self.clinic.base_url}/v1/me", headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            return refusal.code, {}


@pytest.fixture
def program(clinic: Clinic) -> Iterator[Program]:
    with listening() as (back, heard):
        yield Program(clinic, back, heard)


def test_a_patient_lets_a_program_in(
    new_page: Callable[..., Page], clinic: Clinic, program: Program, sign_in: SignIn, looks_right: LooksRight
) -> None:
    """Given a program on a telephone, when its owner signs in and agrees, then it reads as they do, and renews once."""
    page = sign_in(new_page(viewport=NARROW), "patient", program.address("identity.read schedule.read"))
    expect(page.get_by_role("heading", name="Let Pocket record act for you?")).to_be_visible()
    expect(page.get_by_text("Visits: when, where, with whom and why: read")).to_be_visible()
    looks_right(page)
    page.get_by_role("button", name="Allow", exact=True).click()
    expect(page.get_by_role("heading", name="Back in the program")).to_be_visible()
    assert program.heard[0]["state"] == "s-1"
    tokens = program.post(
        grant_type="authorization_code",
        code=program.heard[0]["code"],
        code_verifier=program.verifier,
        redirect_uri=program.back,
    )
    status, me = program.me(tokens["access_token"])
    assert (status, me["role"], me["scopes"]) == (200, "patient", ["identity.read", "schedule.read"])
    assert me["patient"] is not None
    newer = program.post(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert program.me(newer["access_token"])[0] == 200
    stolen = program.post(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert stolen["error"] == "invalid_grant"
    assert program.me(newer["access_token"])[0] == 401


def test_staff_prove_their_code_before_a_program_may_ask(
    page: Page, clinic: Clinic, program: Program, sign_in: SignIn, looks_right: LooksRight
) -> None:
    """Given staff who are not signed in, when a program sends them, then password and code come first; and no is no."""
    sign_in(page, "tove.lindqvist", program.address("read write"))
    expect(page.get_by_role("heading", name="Let Pocket record act for you?")).to_be_visible()
    expect(page.get_by_text("in the role Doctor")).to_be_visible()
    looks_right(page)
    page.get_by_role("button", name="Do not allow").click()
    expect(page.get_by_role("heading", name="Back in the program")).to_be_visible()
    assert program.heard[0]["error"] == "access_denied"
    page.goto(program.address("read").replace("127.0.0.1", "evil.example"))
    expect(page.get_by_role("heading", name="This program cannot be let in")).to_be_visible()
    looks_right(page)
