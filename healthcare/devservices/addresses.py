"""Where the embedded servers are, as environment variables. Standard library only: settings call it before Django."""

import json
import os

from healthcare.devservices.folder import Folder, chosen
from healthcare.devservices.postgres import DATABASE


def embedded_environment(folder: Folder | None = None) -> dict[str, str]:
    """The variables that settings need and that are not set yet; makes secrets and chooses ports where none exist.

    The addresses hold whether or not the servers run. Raises Problem when the data folder cannot be used.
    """
    folder = folder or Folder(chosen())
    if all(os.environ.get(name) for name in NAMES):
        return {}
    folder.prepare()
    addresses = all_addresses(folder)
    if os.environ.get("REDIS_URL"):
        addresses["BROKER_URL"] = os.environ["REDIS_URL"]  # one server given serves for both
    return {name: value for name, value in addresses.items() if not os.environ.get(name)}


NAMES = ("DATABASE_URL", "DATABASE_ROLES_FILE", "REDIS_URL", "BROKER_URL", "SECRET_KEY_FILE", "FIELD_KEYS_FILE")


def all_addresses(folder: Folder) -> dict[str, str]:
    ports, password = folder.ports(), folder.secret("valkey")
    return {
        "DATABASE_URL": f"postgresql://127.0.0.1:{ports['postgres']}/{DATABASE}",
        "DATABASE_ROLES_FILE": str(folder.secrets / "database-roles.json"),
        "REDIS_URL": f"redis://:{password}@127.0.0.1:{ports['cache']}/0",
        "BROKER_URL": f"redis://:{password}@127.0.0.1:{ports['broker']}/0",
        "SECRET_KEY_FILE": str(folder.secrets / "secret-key"),
        "FIELD_KEYS_FILE": str(folder.secrets / "field-keys.json"),
    }


def passwords(environment: dict[str, str]) -> dict[str, str]:
    """The password of each database login."""
    with open(environment["DATABASE_ROLES_FILE"]) as file:
        return dict(json.load(file))
