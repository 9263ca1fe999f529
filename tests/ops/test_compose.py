"""The compose file names nothing that is not there: every command, variable, path, queue and address is held here.

No container engine runs it; what it would run is asked of the code itself.
"""

import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from celery.app.base import Celery
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.urls import resolve
from django.utils.module_loading import import_string

from healthcare.devservices import programs
from healthcare.events.queues import QUEUES
from healthcare.ops import views
from healthcare.settings import environment

ROOT = Path(settings.BASE_DIR)
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if str(service["image"]).startswith("healthcare:")}
LASTING = {name: service for name, service in SERVICES.items() if service["restart"] == "unless-stopped"}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
UID = 10001
#: Names that other programs than ours read.
NOT_OURS = {"HOME", "PGPASSFILE"}


def services(kept: dict[str, dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("service", kept.values(), ids=kept.keys())


def managing(service: dict[str, Any]) -> list[str]:
    return service["command"][2:] if service["command"][:2] == ["python", "manage.py"] else []


def variables_of_the_code() -> set[str]:
    """What healthcare/settings reads, and what the variables are called that it is given as a whole name."""
    text = "".join(path.read_text() for path in (ROOT / "healthcare" / "settings").glob("*.py"))
    return set(re.findall(r'"([A-Z][A-Z0-9_]+)"', text))


# == Commands ==


@services({name: service for name, service in OURS.items() if managing(service)})
def test_every_command_of_ours_exists_and_takes_its_arguments(service):
    name, *arguments = managing(service)
    assert name in get_commands()
    command = load_command_class(get_commands()[name], name)
    parser = command.create_parser("manage.py", name)
    if arguments != ["--help"]:
        parser.parse_args(arguments)


@services({name: service for name, service in OURS.items() if service["command"][0] == "gunicorn"})
def test_the_web_server_finds_its_application(service):
    from gunicorn.config import Config

    module, *arguments = service["command"][1:]
    assert callable(import_string(f"{module}.application"))
    taken = Config().parser().parse_args([module, *arguments])
    assert taken.bind == ["0.0.0.0:8000"]


WORKERS = {name: service for name, service in OURS.items() if "worker" in service["command"]}


def queues_of(service: dict[str, Any]) -> str:
    (given,) = [part.partition("=")[2] for part in service["command"] if part.startswith("--queues=")]
    return str(given)


def test_the_workers_serve_every_queue_once_and_nothing_else():
    served = [queue for service in WORKERS.values() for queue in queues_of(service).split(",")]
    assert sorted(served) == sorted(QUEUES)
    assert {queues_of(service) for service in WORKERS.values()} == set(programs.WORKERS)


@services({name: service for name, service in OURS.items() if service["command"][0] == "celery"})
def test_celery_finds_its_app_and_takes_its_options(service):
    from celery.bin.celery import celery

    (app,) = [part.partition("=")[2] for part in service["command"] if part.startswith("--app=")]
    assert isinstance(import_string(f"{app}.app"), Celery)
    kind = next(part for part in service["command"] if part in {"worker", "beat"})
    options = service["command"][service["command"].index(kind) + 1 :]
    known = {name for parameter in celery.commands[kind].params for name in parameter.opts}
    assert {option.partition("=")[0] for option in options} <= known


def test_the_processes_are_those_of_the_demo():
    """One list, told twice: whoever adds a process to one is reminded of the other."""
    folder = type("Folder", (), {"path": Path("/tmp")})()
    demo = {
        " ".join(part for part in program.command if part in WORDS)
        for program in [programs.live({"live": 8010}), *programs.others(folder, {})]
    }
    here = {" ".join(part for part in service["command"] if part in WORDS) for service in OURS.values()}
    assert demo <= here


WORDS = {
    "relay",
    "live",
    "seal_audit",
    "--forever",
    "worker",
    "beat",
    *(f"--queues={queues}" for queues in programs.WORKERS),
}


def test_what_the_image_starts_with_is_the_web_process():
    command = re.findall(r'"([^"]+)"', DOCKERFILE.rpartition("CMD")[2])
    assert command == SERVICES["web"]["command"]


# == Variables ==


@services(OURS)
def test_every_variable_is_read_by_the_settings(service):
    assert not set(service["environment"]) - variables_of_the_code() - NOT_OURS


@services(OURS)
def test_every_variable_that_production_needs_is_set(service):
    text = (ROOT / "healthcare" / "settings" / "production.py").read_text()
    required = set(re.findall(r'^    "([A-Z_]+)",$', text, re.MULTILINE)) | {"SECRET_KEY_FILE", "FIELD_KEYS_FILE"}
    assert len(required) > 7
    assert required <= set(service["environment"])


@services(OURS)
def test_the_process_has_a_login_of_its_own(service):
    assert service["environment"]["HC_PROCESS"] in environment.PROCESSES


def test_only_who_needs_it_holds_a_password():
    holders = {
        secret: {name for name, service in SERVICES.items() if secret in service.get("secrets", [])}
        for secret in COMPOSE["secrets"]
    }
    assert holders["superuser"] == holders["database-roles"] == {"bootstrap", "drill"}
    assert holders["superuser-password"] == {"database"}
    assert holders["database-owner"] == {"migrate"}
    assert holders["database-web"] == {"web", "static", "live"}
    assert holders["backup-key"] == {"backup", "drill"}
    assert "web" not in holders["database-worker"] | holders["database-backup"]


@services(OURS)
def test_the_database_is_asked_to_prove_who_it_is(service, monkeypatch):
    for name in ("DATABASE_URL", "BOOTSTRAP_DATABASE_URL"):
        url = service["environment"].get(name, SERVICES["web"]["environment"]["DATABASE_URL"])
        asked = parse_qs(urlsplit(url).query)
        assert asked["sslmode"] == ["verify-full"]
    monkeypatch.setenv("DATABASE_URL", service["environment"]["DATABASE_URL"])
    assert environment.database("web")["HOST"] == "database"


@pytest.mark.parametrize("variable", ["SITE", "EMAIL_URL"])
def test_what_the_operator_must_say_is_asked_for(variable):
    assert f"${{{variable}:?" in (ROOT / "docker-compose.yml").read_text()
    assert variable in (ROOT / "docs" / "operations.md").read_text()


# == Paths ==


def secrets_in(service: dict[str, Any]) -> set[str]:
    """The names of the secrets that the service's variables, command and checks point to."""
    said = str([service.get(part) for part in ("environment", "command", "healthcheck")])
    return set(re.findall(r"/run/secrets/([\w-]+)", said))


@services(SERVICES)
def test_secrets_are_mounted_where_the_variables_point(service):
    pointed = secrets_in(service)
    mounted = set(service.get("secrets", []))
    if service in OURS.values() and "database-authority" not in mounted:
        pointed -= {"database-authority"}  # `static` opens no connection
    assert pointed == mounted
    assert mounted <= COMPOSE["secrets"].keys()


def test_every_secret_file_is_in_the_walk_through():
    walk = (ROOT / "docs" / "operations.md").read_text()
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].startswith("./secrets/")
        assert Path(secret["file"]).name in walk, secret


def test_no_secret_is_in_the_repository_or_in_the_image():
    ignored = subprocess.run(
        ["git", "check-ignore", "secrets/secret-key", ".env"], cwd=ROOT, capture_output=True, text=True
    )
    assert ignored.stdout.split() == ["secrets/secret-key", ".env"]
    assert (ROOT / ".dockerignore").read_text().splitlines()[0] == "**"
    assert "secrets" not in (ROOT / ".dockerignore").read_text()


@services(SERVICES)
def test_every_volume_is_declared_and_every_folder_of_ours_is_in_the_image(service):
    for volume in service.get("volumes", []):
        name, place = volume.split(":")[:2]
        assert name in COMPOSE["volumes"]
        if service in OURS.values():
            assert f" {place}" in DOCKERFILE, f"{place} must belong to the image's user, or its volume is root's."


def test_every_declared_thing_is_used():
    used = str(SERVICES)
    for part in ("volumes", "secrets", "networks", "configs"):
        for name in COMPOSE[part]:
            assert name in used, f"{part}: {name}"


@services(OURS)
def test_what_the_process_writes_lies_where_it_may(service):
    """The root file system is read-only: a folder that is written is a volume or in memory."""
    writable = [volume.split(":")[1] for volume in service["volumes"] if not volume.endswith(":ro")]
    writable += [place.split(":")[0] for place in service["tmpfs"]]
    said = [part.partition("=")[2] for part in service["command"] if part.startswith("--schedule=")]
    said += [service["environment"]["PULSE_FILE"], service["environment"]["HOME"]]
    if "seal_audit" in service["command"]:
        said.append(service["environment"]["AUDIT_ANCHOR_DIR"])
    if "collectstatic" in service["command"]:
        said.append(re.search(r"DATA_DIR=(\S+)", DOCKERFILE)[1])  # type: ignore[index]
    if "/var/lib/backups" in service["command"]:
        said.append("/var/lib/backups")
    for place in said:
        assert any(Path(place).is_relative_to(root) for root in writable), place


def test_what_the_image_copies_is_there():
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line.startswith("!"):
            assert (ROOT / line[1:]).exists(), line


def test_the_image_holds_every_app():
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    apps = {app.split(".")[0] for app in settings.INSTALLED_APPS if (ROOT / app.split(".")[0]).is_dir()}
    assert apps | {"templates", "static", "manage.py"} <= kept


def test_the_image_has_the_server_s_own_version_of_pg_dump():
    (major,) = re.findall(r"postgresql-client-(\d+)", DOCKERFILE)
    assert SERVICES["database"]["image"].startswith(f"postgres:{major}.")


# == Health ==


@services(LASTING)
def test_every_lasting_process_has_a_health_check(service):
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["healthcheck"]["interval"]


def test_health_addresses_lead_to_the_health_views():
    found = re.findall(
        r"http://127\.0\.0\.1:(\d+)(/\w+)", str([service.get("healthcheck") for service in LASTING.values()])
    )
    assert len(found) >= 3
    assert found.count(("8010", "/livez")) == 1, "the stream's own"
    for port, path in found:
        if port == "8010":
            continue
        assert resolve(path).func in {views.livez, views.readyz}
        assert f":{port}" in str(SERVICES["web"]["command"]) + COMPOSE["configs"]["proxy"]["content"]


def test_whoever_gives_signs_of_life_is_asked_for_them():
    for name in (*WORKERS, "relay", "sealer", "beat"):
        assert SERVICES[name]["environment"]["PULSE_FILE"] in str(SERVICES[name]["healthcheck"]["test"])


def test_the_health_check_s_own_address_is_allowed():
    """It asks 127.0.0.1 by that name; a host that is not allowed is answered with 400."""
    assert "127.0.0.1" in SERVICES["web"]["environment"]["ALLOWED_HOSTS"].split(",")


@services(SERVICES)
def test_what_is_waited_for_can_come(service):
    for name, wanted in service.get("depends_on", {}).items():
        other = SERVICES[name]
        if wanted["condition"] == "service_healthy":
            assert "healthcheck" in other
        else:
            assert (wanted["condition"], other["restart"]) == ("service_completed_successfully", "no")


# == Hardening ==


@services(LASTING)
def test_no_lasting_process_is_root(service):
    user, _, group = service["user"].partition(":")
    assert int(user) > 0
    assert int(group) > 0


@services(SERVICES)
def test_the_root_file_system_is_read_only_and_nothing_can_be_gained(service):
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")


@services(OURS)
def test_the_user_is_the_one_of_the_image(service):
    assert service["user"] == f"{UID}:{UID}"
    assert f"--uid {UID} " in DOCKERFILE
    assert DOCKERFILE.rindex("USER clinic") > DOCKERFILE.rindex("RUN ")


@services(SERVICES)
def test_images_are_pinned_by_version(service):
    _, _, version = service["image"].partition(":")
    assert re.search(r"\d+\.\d+|RELEASE\.\d{4}", version), service["image"]


def test_only_the_proxy_is_reached_from_outside():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"]
    inside = {"database", "cache", "broker", "storage"}
    assert all(SERVICES[name]["networks"] == ["inside"] for name in inside)
    assert "outside" not in SERVICES["web"]["networks"]


@pytest.mark.parametrize(("name", "policy"), [("cache", "allkeys-lfu"), ("broker", "noeviction")])
def test_the_cache_may_forget_and_the_broker_may_not(name, policy):
    command = SERVICES[name]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == policy
    assert ("--appendonly" in command) == (name == "broker")


def test_the_addresses_are_those_of_the_services():
    for service in OURS.values():
        for variable in ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "S3_ENDPOINT_URL"):
            host = urlsplit(service["environment"][variable]).hostname
            assert host in SERVICES
            assert set(SERVICES[str(host)]["networks"]) & set(service["networks"])
