"""Read settings from the environment and from secret files; nothing else in the project does."""

import base64
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# A page that waits longer than these is answered with 503; jobs may take their time.
LIMITS = {"web": "-c jit=off -c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"}
TLS = frozenset({"sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl"})
SSLMODES = ("disable", "prefer", "require", "verify-ca", "verify-full")  # `allow` would begin in clear
PROCESSES = ("web", "worker", "owner", "backup", "tester")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str) -> bool:
    return text(name).lower() in {"1", "true", "yes", "on"}


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def address(name: str) -> str | tuple[str, int]:
    """A socket's path, or `host:port` as a pair. Raises ImproperlyConfigured for anything else."""
    value = text(name)
    host, separator, port = value.rpartition(":")
    if value.startswith("/"):
        return value
    if not (host and separator and port.isdecimal()):
        raise ImproperlyConfigured(f"{name} is a path or host:port.")
    return host, int(port)


def process() -> str:
    """Which database login this process uses: web, worker, owner, backup, or tester in the test suite."""
    name = text("HC_PROCESS", "web")
    if name not in PROCESSES:
        raise ImproperlyConfigured(f"HC_PROCESS is {name!r}; it must be one of {', '.join(PROCESSES)}.")
    return name


def secret(name: str) -> str:
    """The first line of the file named by the variable. Raises ImproperlyConfigured when it is missing or short."""
    try:
        value = Path(text(name)).read_text().strip()
    except OSError as problem:
        raise ImproperlyConfigured(f"{name} must name a readable file that holds a secret.") from problem
    if len(value) < 32:
        raise ImproperlyConfigured(f"The secret in the file named by {name} is shorter than 32 characters.")
    return value


def secrets(name: str) -> list[str]:
    """The secret of the file named by the variable, if it is set: the one before, which verifies and never signs."""
    return [secret(name)] if text(name) else []


def field_keys(name: str = "FIELD_KEYS_FILE") -> dict[str, Any]:
    """`{"current": id, "keys": {id: 32 bytes}}` from a JSON file whose keys are base64 text."""
    try:
        content = json.loads(Path(text(name)).read_text())
        keys = {kid: base64.b64decode(key) for kid, key in content["keys"].items()}
        current = content["current"]
    except (OSError, ValueError, KeyError) as problem:
        raise ImproperlyConfigured(
            f'{name} must name a JSON file: {{"current": id, "keys": {{id: base64}}}}.'
        ) from problem
    if current not in keys or any(len(key) != 32 for key in keys.values()):
        raise ImproperlyConfigured(f"{name}: the current key must exist and every key must be 32 bytes long.")
    return {"current": current, "keys": keys}


def database(login: str, url: str | None = None) -> dict[str, Any]:
    """Django's connection settings for one database login; the address comes from DATABASE_URL, never the login.

    TLS is asked for as libpq names it: `?sslmode=verify-full&sslrootcert=/path` (libpq, "SSL Support").
    """
    parts = urlsplit(url or text("DATABASE_URL"))
    tls = dict(parse_qsl(parts.query))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://host:port/name.")
    if not tls.keys() <= TLS or tls.get("sslmode", SSLMODES[0]) not in SSLMODES:
        raise ImproperlyConfigured(f"DATABASE_URL takes {', '.join(sorted(TLS))} alone; sslmode is {SSLMODES}.")
    return {
        "ENGINE": "healthcare.db.postgresql",
        "NAME": parts.path.lstrip("/"),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or 5432),
        "USER": login,
        "PASSWORD": _password(login),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Parameters bound on the server keep the signed context out of pg_stat_activity, and let plans be reused.
        "OPTIONS": {
            "server_side_binding": True,
            "prepare_threshold": 3,
            "tcp_user_timeout": 5000,  # milliseconds
            "application_name": f"healthcare-{login}",
            "options": LIMITS.get(login, ""),
            **tls,
        },
    }


def _password(login: str) -> str:
    path = text("DATABASE_ROLES_FILE")
    if not path:
        return ""
    try:
        return str(json.loads(Path(path).read_text()).get(login, ""))
    except (OSError, ValueError) as problem:
        raise ImproperlyConfigured("DATABASE_ROLES_FILE must name a JSON file of passwords by login.") from problem


def for_children() -> dict[str, str]:
    """What programs that we start need of our environment; none of our secrets is in it."""
    names = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PGPASSFILE")
    return {name: os.environ[name] for name in names if name in os.environ}


def embedded_programs() -> tuple[str, str, str]:
    """The folder of the embedded PostgreSQL's programs, its superuser's address, and the file of its backup key."""
    from healthcare.devservices.addresses import embedded_superuser

    return embedded_superuser()


def use_embedded_services() -> None:
    """Point this process at the embedded PostgreSQL and Valkey, for every address that is not set already."""
    from healthcare.devservices.addresses import embedded_environment

    os.environ.update(embedded_environment())


def use_test_services() -> None:
    """The servers of the test suite: those named by the environment, else embedded ones started on demand."""
    from healthcare.devservices.testing import ensure_test_services

    os.environ.update(ensure_test_services())


def beside(public: str, url: str) -> list[str]:
    """The origins that ":PORT/path" means on this machine, for the security policy of pages; a path means none."""
    if not url.startswith(":"):
        return []
    scheme, port = urlsplit(public).scheme, url[1:].partition("/")[0]
    return [f"{scheme}://{host}:{port}" for host in ("127.0.0.1", "localhost")]
