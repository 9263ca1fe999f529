"""Two programs come with the sample clinic, and both get tokens."""

import json
from pathlib import Path
from typing import Any

import pytest

from healthcare.api.models import Application
from healthcare.devservices import demo
from tests.accounts.conftest import person
from tests.api.oauth import post_token, tokens_for
from tests.factories import SiteFactory
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


def test_the_demo_has_a_program_for_people_and_a_service(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    assert demo.oauth_clients() == []
    SiteFactory()
    with as_the_system():
        demo.tell()
    pocket, kiosk = demo.oauth_clients()
    assert pocket.keys() == {"name", "client_id", "client_secret", "scopes", "redirect_uri"}
    assert (tmp_path / "demo-programs.json").stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / "demo-programs.json").read_text()) == [pocket, kiosk]
    granted = post_token(grant_type="client_credentials", basic=(kiosk["client_id"], kiosk["client_secret"]))
    assert granted.json()["scope"] == "identity.read schedule.read schedule.write"
    assert pocket["client_secret"] == ""
    assert tokens_for(person(), Application.objects.get(client_id=pocket["client_id"]))["access_token"]
