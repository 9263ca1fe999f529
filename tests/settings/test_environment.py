"""What the environment may say, and what it is told when it says something else."""

import os
import subprocess
import sys

import psycopg
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from healthcare.settings import environment


@pytest.mark.parametrize(
    ("value", "address"), [("/dev/log", "/dev/log"), ("loghost:514", ("loghost", 514)), ("::1:514", ("::1", 514))]
)
def test_an_address_is_a_path_or_a_host_and_a_port(monkeypatch, value, address) -> None:
    monkeypatch.setenv("AUDIT_ANCHOR_SYSLOG", value)
    assert environment.address("AUDIT_ANCHOR_SYSLOG") == address


@pytest.mark.parametrize("value", ["", "loghost", "loghost:", ":514", "loghost:port"])
def test_any_other_address_is_refused(monkeypatch, value) -> None:
    monkeypatch.setenv("AUDIT_ANCHOR_SYSLOG", value)
    with pytest.raises(ImproperlyConfigured, match="host:port"):
        environment.address("AUDIT_ANCHOR_SYSLOG")


def test_anchors_go_to_the_log_host_that_is_named() -> None:
    code = "from django.conf import settings as s; print(s.LOGGING['handlers']['anchors']['address'])"
    told = os.environ | {"AUDIT_ANCHOR_SYSLOG": "127.0.0.1:5514", "DJANGO_SETTINGS_MODULE": "healthcare.settings.test"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=told, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "('127.0.0.1', 5514)"


@pytest.mark.parametrize(
    "missing",
    ["DATABASE_URL", "REDIS_URL", "BROKER_URL", "EMAIL_URL", "PUBLIC_URL", "SECRET_KEY_FILE", "FIELD_KEYS_FILE"],
)
def test_production_refuses_to_start_without(missing: str) -> None:
    told = os.environ | {
        "DJANGO_SETTINGS_MODULE": "healthcare.settings.production",
        "ALLOWED_HOSTS": "clinic.example",
        "EMAIL_URL": "smtps://127.0.0.1:465",
        "PUBLIC_URL": "https://clinic.example",
    }
    told.pop(missing, None)
    done = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; settings.DEBUG"],
        env=told,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert missing in done.stderr.splitlines()[-1]


def test_the_database_is_asked_for_the_tls_that_its_address_names(monkeypatch) -> None:
    url = "postgresql://db:5432/clinic?sslmode=verify-full&sslrootcert=/run/secrets/ca.pem"
    options = environment.database("web", url)["OPTIONS"]
    assert (options["sslmode"], options["sslrootcert"]) == ("verify-full", "/run/secrets/ca.pem")
    assert "sslmode" not in environment.database("web", "postgresql://db:5432/clinic")["OPTIONS"]


@pytest.mark.parametrize("query", ["sslmode=allow", "sslmode=on", "user=postgres", "options=-csuperuser"])
def test_nothing_else_comes_in_by_the_address(query) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL takes"):
        environment.database("web", f"postgresql://db/clinic?{query}")


def test_a_server_without_tls_is_refused_when_tls_is_asked_for() -> None:
    """The embedded server has none; what asks for it must not fall back to clear text."""
    known = settings.DATABASES["default"]
    url = f"postgresql://{known['HOST']}:{known['PORT']}/postgres?sslmode=verify-full"
    asked = environment.database("tester", url)
    with pytest.raises(psycopg.OperationalError, match=r"does not support SSL|root certificate"):
        psycopg.connect(
            host=asked["HOST"],
            port=asked["PORT"],
            user="tester",
            sslmode=asked["OPTIONS"]["sslmode"],
            dbname="postgres",
        )


def test_children_get_no_secret(monkeypatch) -> None:
    monkeypatch.setenv("SECRET_KEY_FILE", "/somewhere")
    monkeypatch.setenv("PGPASSFILE", "/elsewhere")
    told = environment.for_children()
    assert "SECRET_KEY_FILE" not in told
    assert told["PGPASSFILE"] == "/elsewhere"
