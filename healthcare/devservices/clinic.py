"""The demo: servers, database, sample clinic, processes, in this order; and all of them gone at the end."""

import contextlib
import http.client
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from healthcare.devservices.addresses import NAMES, embedded_environment, passwords
from healthcare.devservices.environment import Problem
from healthcare.devservices.folder import Folder, chosen, port_is_free, read_json, write_privately
from healthcare.devservices.postgres import Cluster
from healthcare.devservices.processes import Stopped, Supervisor
from healthcare.devservices.programs import carriers, live, mail_catcher, others, prepare, web
from healthcare.devservices.valkey import BROKER, CACHE, Valkey

SHOWN_LOGINS = ("web", "worker", "owner")
PATIENCE = 300  # seconds for a machine that does much else; a web process that ended is noticed at once


def run_demo(*, port: int, reset: bool, bundles: Sequence[Path]) -> int:
    """Open the clinic and keep it open until asked to stop. Raises Problem."""
    started = time.monotonic()
    missing = [str(path) for path in bundles if not path.exists()]
    if missing:
        raise Problem(f"There is nothing at {', '.join(missing)}: name existing FHIR bundles after --bundles.")
    if not port_is_free(port):
        raise Problem(f"Port {port} is taken: stop what uses it, or choose another with --port.")
    with _opened("A demo", reset) as (folder, supervisor, environment):
        ports = folder.ports()
        os.environ.update(environment | surroundings(folder, port, ports))
        (folder.path / "demo.json").unlink(missing_ok=True)
        supervisor.start(mail_catcher(folder, ports))
        supervisor.start(carriers(ports))
        say("Preparing the database and the sample clinic." if _is_new(folder) else "Bringing the database up to date.")
        supervisor.run_once(prepare(folder, bundles))
        site, stream = supervisor.start(web(port)), supervisor.start(live(ports))
        supervisor.wait_for(lambda: answers(port), site, PATIENCE)
        supervisor.wait_for(lambda: answers(ports["live"]), stream, PATIENCE)
        for program in others(folder, ports):
            supervisor.start(program)
        description = describe(folder, port, ports)
        write_privately(folder.path / "demo.json", json.dumps(description, indent=2) + "\n")
        say(greeting(description, time.monotonic() - started))
        supervisor.watch()
    return 0


def surroundings(folder: Folder, port: int, ports: dict[str, int]) -> dict[str, str]:
    """What the demo's processes are told besides the addresses of the servers: nothing leaves this machine."""
    return {
        "HC_DEMO": "1",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LIVE_URL": f":{ports['live']}/live/stream",
        "EMAIL_URL": f"smtp://127.0.0.1:{ports['smtp']}",
        "TWILIO_BASE_URL": f"http://127.0.0.1:{ports['carriers']}",
        "TWILIO_ACCOUNT_SID": f"AC{'0' * 32}",
        "TWILIO_AUTH_TOKEN": folder.secret("twilio"),
        "TWILIO_FROM": "+15005550006",
        "VAPID_KEY_FILE": str(push_key(folder)),
    }


def push_key(folder: Folder) -> Path:
    """The key that signs web pushes (RFC 8292), made once: an elliptic curve key on P-256."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    path = folder.secrets / "vapid.pem"
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        coding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        write_privately(path, key.private_bytes(coding, form, serialization.NoEncryption()).decode())
    return path


def run_services(*, reset: bool) -> int:
    """The servers alone, for a developer's own runserver and workers."""
    with _opened("The development servers", reset) as (_, supervisor, _):
        say("PostgreSQL and Valkey are running; every command of manage.py finds them. Ctrl-C stops them.")
        supervisor.watch()
    return 0


@contextlib.contextmanager
def _opened(by: str, reset: bool) -> Iterator[tuple[Folder, Supervisor, dict[str, str]]]:
    """The data folder locked, the servers running, the logins made; on leaving, by whatever way, no child is left."""
    folder = Folder(chosen())
    with folder.locked(by):
        if reset:
            _reset(folder)
        folder.prepare()
        supervisor = Supervisor(folder.logs, say)
        supervisor.listen()
        try:
            environment = start_servers(folder, supervisor)
            yield folder, supervisor, environment
        except Stopped:
            say("Closing.")
        finally:
            supervisor.stop()


def start_servers(folder: Folder, supervisor: Supervisor) -> dict[str, str]:
    """Start what no address is given for, and make the logins. Returns all six addresses. Raises Problem."""
    from healthcare.db.bootstrap import bootstrap

    folder.choose_ports()
    given = {name: os.environ[name] for name in NAMES if os.environ.get(name)}
    environment = {**given, **embedded_environment(folder)}
    waits: list[Callable[[], None]] = []
    admin_url = os.environ.get("BOOTSTRAP_DATABASE_URL", "")
    if "DATABASE_URL" not in given:
        cluster = Cluster(folder, folder.ports()["postgres"])
        admin_url = cluster.superuser_url
        waits.append(cluster.start(supervisor, say))
    elif not admin_url and "DATABASE_ROLES_FILE" not in given:
        raise Problem("DATABASE_URL is set: set DATABASE_ROLES_FILE too, or BOOTSTRAP_DATABASE_URL to make the logins.")
    if "REDIS_URL" not in given:
        waits.append(Valkey(folder, "cache", folder.ports()["cache"], CACHE).start(supervisor))
    if "BROKER_URL" not in given and "REDIS_URL" not in given:
        waits.append(Valkey(folder, "broker", folder.ports()["broker"], BROKER).start(supervisor))
    for wait in waits:
        wait()
    if admin_url:
        bootstrap(admin_url, urlsplit(environment["DATABASE_URL"]).path.lstrip("/"), passwords(environment))
    return environment


def _reset(folder: Folder) -> None:
    if os.environ.get("DATABASE_URL"):
        raise Problem("--reset removes the embedded servers' data, but DATABASE_URL names a server of yours.")
    folder.reset()


def _is_new(folder: Folder) -> bool:
    return not (folder.path / "told.json").exists()


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def describe(folder: Folder, port: int, ports: dict[str, int]) -> dict[str, Any]:
    """What `.data/demo.json` says: where everything is, and with which accounts."""
    return {
        "base_url": f"http://127.0.0.1:{port}",
        "accounts": read_json(folder.path / "told.json").get("accounts", []),
        "oauth_clients": read_json(folder.path / "told.json").get("oauth_clients", []),
        "databases": {login: database_url(login) for login in SHOWN_LOGINS},
        "redis": os.environ["REDIS_URL"],
        "broker": os.environ["BROKER_URL"],
        "mail_catcher": f"http://127.0.0.1:{ports['mail']}/",
        "carriers": f"http://127.0.0.1:{ports['carriers']}/",
    }


def database_url(login: str) -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    password = quote(passwords(dict(os.environ)).get(login, ""), safe="")
    return parts._replace(netloc=f"{login}:{password}@{parts.netloc.rpartition('@')[2]}").geturl()


def greeting(description: dict[str, Any], seconds: float) -> str:
    titles = {"role": "Role", "email": "E-mail", "password": "Password", "totp_secret": "TOTP secret"}
    rows = [titles] + [{key: str(account.get(key) or "-") for key in titles} for account in description["accounts"]]
    widths = {key: max(len(row[key]) for row in rows) for key in titles}
    table = "\n".join("  " + "  ".join(row[key].ljust(widths[key]) for key in titles).rstrip() for row in rows)
    return (
        f"\nThe clinic is open at {description['base_url']} ({seconds:.1f} s); its mail is at"
        f" {description['mail_catcher']}\n\n{table}\n\nAll people are invented. Ctrl-C closes the clinic."
    )


def say(text: str) -> None:
    print(text, flush=True)
