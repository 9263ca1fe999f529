"""Two programs of the sample clinic: one on people's own devices, and one service that acts by itself."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Membership, Site, User
from healthcare.api.actions import register_application
from healthcare.api.models import Application
from healthcare.db.context import acting_as_system
from healthcare.devservices.folder import write_privately

ROLE = "front_desk"


def tell() -> None:
    """Register both. Runs once in the life of the demo's data, in a worker."""
    with acting_as_system("demo"):
        kiosk = User(email="kiosk@alderstreet.example", full_name="Kiosk in the hall")
        kiosk.set_unusable_password()
        kiosk.save(force_insert=True)
        for site in Site.objects.order_by("slug"):
            validity = TimestamptzRange(timezone.now(), None)
            Membership(user=kiosk, site=site, role=ROLE, validity=validity).save(force_insert=True)
        people = {
            "name": "Pocket record",
            "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
            "client_type": Application.CLIENT_PUBLIC,
            "redirect_uris": "http://127.0.0.1/callback",
            "scopes": ["read", "write"],
        }
        itself = {
            "name": "Kiosk in the hall",
            "authorization_grant_type": Application.GRANT_CLIENT_CREDENTIALS,
            "client_type": Application.CLIENT_CONFIDENTIAL,
            "scopes": ["identity.read", "schedule.read", "schedule.write"],
            "user": kiosk,
            "role": ROLE,
        }
        made = [register_application(by=None, values=values) for values in (people, itself)]
    told = [
        {
            "name": application.name,
            "client_id": application.client_id,
            "client_secret": secret,
            "scopes": application.scopes,
            "redirect_uri": application.redirect_uris,
        }
        for application, secret in made
    ]
    write_privately(_path(), json.dumps(told, indent=2))


def oauth_clients() -> list[dict[str, Any]]:
    """`name, client_id, client_secret, scopes, redirect_uri`; a program on people's devices has no secret."""
    try:
        return list(json.loads(_path().read_text()))
    except OSError:
        return []


def _path() -> Path:
    return Path(settings.DATA_DIR) / "demo-programs.json"
