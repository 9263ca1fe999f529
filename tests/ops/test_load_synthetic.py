"""The command: refuses where people might be, loads all or nothing, proves it, and leaves a note."""

import json
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from tqdm import tqdm

from healthcare.accounts.models import Site, User
from healthcare.audit.anchors import public_hex, signing_key
from healthcare.audit.models import AuditEvent
from healthcare.audit.sealing import SealerBusy, anchor_book, seal_pending
from healthcare.audit.verifying import verify
from healthcare.ops import loading
from patients.models import Patient
from records.models import Entry
from scheduling.models import Appointment, TimeClaim
from tests.audit.conftest import PATIENCE
from tests.factories import PatientFactory, SiteFactory
from tests.roles import as_the_system, taking_role
from tests.synthetic import tiny

pytestmark = pytest.mark.django_db
SIZES = {"patients": 60, "providers": 10, "appointments": 200, "entries": 500, "audit": 300}
CONTENT = """SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (SELECT t::text AS line FROM {} t) AS lines"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    return tmp_path / "data"


@pytest.fixture
def owner() -> Iterator[None]:
    with taking_role("owner"):
        yield


def run(**options: Any) -> str:
    said = StringIO()
    call_command("load_synthetic", **{**SIZES, "quiet": True, **options}, stdout=said)
    return said.getvalue()


def only(monkeypatch: pytest.MonkeyPatch, **modules: Any) -> None:
    monkeypatch.setattr(loading, "parts", lambda: modules)


def a_part(load: Any = lambda plan: None, check: Any = lambda plan: [("all well", True)]) -> Any:
    return SimpleNamespace(load=load, check=check)


# == Refusals ==
def test_only_the_owner_loads() -> None:
    with pytest.raises(CommandError, match="HC_PROCESS=owner"):
        run()


@pytest.mark.usefixtures("owner")
def test_production_needs_a_yes(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SETTINGS_MODULE = "healthcare.settings.production"
    with pytest.raises(CommandError, match="production settings"):
        run()
    only(monkeypatch, one=a_part())
    assert "ok" in run(yes_this_is_not_production=True)


@pytest.mark.usefixtures("owner")
def test_patients_of_anybody_are_left_alone() -> None:
    with as_the_system():
        patient = PatientFactory()
    with pytest.raises(CommandError, match="no load made"):
        run()
    assert list(Patient.objects.order_by("pk")) == [patient]


@pytest.mark.usefixtures("owner")
def test_an_opened_clinic_without_patients_is_left_alone() -> None:
    with as_the_system():
        SiteFactory()
    with pytest.raises(CommandError, match="Nothing was touched"):
        run()


@pytest.mark.usefixtures("owner")
def test_a_load_is_not_laid_over_another() -> None:
    with as_the_system():
        SiteFactory(slug="synthetic-01")
    with pytest.raises(CommandError, match="synthetic load already"):
        run()


@pytest.mark.usefixtures("owner")
def test_sizes_that_cannot_be_are_refused() -> None:
    with pytest.raises(CommandError, match="at least 50 patients"):
        run(patients=3)


# == The whole ==
@pytest.mark.usefixtures("owner")
def test_a_dry_run_says_the_plan_and_loads_nothing() -> None:
    said = run(dry_run=True, today=datetime(2026, 3, 1, tzinfo=UTC).date())
    assert said.startswith("2 sites, 14 staff, 60 patients, 10 providers, 200 appointments, 500 entries, 300 audit;")
    assert "2026-03-01" in said
    assert not Site.objects.exists()


@pytest.mark.usefixtures("owner")
def test_everything_is_loaded_proven_and_told(folder: Path) -> None:
    said = run(password="correct horse battery", today=datetime(2026, 11, 18, tzinfo=UTC).date())
    assert "FAILED" not in said
    assert said.count("\nok ") > 20
    assert "scheduling_appointment" in said
    assert "2 cores" in said or "cores" in said
    counts = [Patient.objects.count(), Appointment.objects.count(), Entry.objects.count()]
    assert counts == [60, 200, 500]
    note = folder / "synthetic.json"
    kept = json.loads(note.read_text())
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert kept["password"] == "correct horse battery"
    assert Patient.objects.filter(pk=kept["longest_chart"]).exists()
    assert User.objects.get(email="patient00001@mail.example").check_password(kept["password"])
    event = AuditEvent.objects.get(action="ops.load_synthetic")
    assert event.detail == {"seed": 1, "patients": 60, "today": "2026-11-18"}


@pytest.mark.usefixtures("owner")
def test_one_seed_and_day_tell_one_story() -> None:
    tables = ("scheduling_appointment", "scheduling_timeclaim", "patients_patient", "billing_ledgerentry")
    tables = (*tables, "records_entry", "prescriptions_prescription", "alerts_reminder", "patients_carerelationship")

    def story(seed: int) -> list[str]:
        found = []
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT story")
            cursor.execute("SELECT setval('patients_mrn_seq', 100)")
            loading.load(tiny(seed=seed, **SIZES), seal=False)
            for table in tables:
                cursor.execute(CONTENT.format(table))
                found.append(cursor.fetchone()[0])
            cursor.execute("ROLLBACK TO SAVEPOINT story")
        return found

    once = story(3)
    again = story(3)
    # Formulary and groups are no part of the story; their keys are made anew.
    fixed = [place for place, table in enumerate(tables) if table != "prescriptions_prescription"]
    assert [once[place] for place in fixed] == [again[place] for place in fixed]
    assert once[0] != story(4)[0]


@pytest.mark.usefixtures("owner")
def test_what_fails_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(plan: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO accounts_site (id) VALUES (gen_random_uuid())")

    whole = dict(loading.parts())
    only(monkeypatch, accounts=whole["accounts"], patients=whole["patients"], broken=a_part(fails))
    with pytest.raises(CommandError, match="Nothing was loaded"):
        run()
    assert not Patient.objects.exists()
    assert not Site.objects.exists()


@pytest.mark.usefixtures("owner")
def test_a_constraint_that_is_not_put_back_undoes_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgets(plan: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE scheduling_timeclaim DROP CONSTRAINT claim_no_overlap")

    only(monkeypatch, forgetful=a_part(forgets))
    with pytest.raises(CommandError, match=r"schema is not what it was before.*claim_no_overlap"):
        run()


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE patients_patient NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE billing_ledgerentry DISABLE TRIGGER append_only",
        "DROP INDEX entry_by_kind",
        "DROP POLICY person_sees ON records_entry",
    ],
)
@pytest.mark.usefixtures("owner")
def test_a_wall_that_is_not_put_back_undoes_the_load(monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    only(monkeypatch, forgetful=a_part(lambda plan: connection.cursor().execute(statement)))
    with pytest.raises(CommandError, match="schema is not what it was before"):
        run()


@pytest.mark.usefixtures("owner")
def test_a_proof_that_fails_is_an_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, one=a_part(check=lambda plan: [("all well", True), ("two and two", False)]))
    said = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("load_synthetic", **SIZES, quiet=True, stdout=said)
    assert caught.value.returncode == 1
    assert "FAILED   one: two and two" in said.getvalue()


@pytest.mark.usefixtures("owner")
def test_a_sealer_that_runs_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy() -> None:
        raise SealerBusy

    only(monkeypatch, one=a_part())
    monkeypatch.setattr(loading, "seal_batch", busy)
    assert "sealing" in run()
    assert "sealing" not in run(seal=False)


def test_long_work_shows_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with tiny(quiet=False).bar("visits", 10) as bar:
        bar.update(10)
    assert isinstance(bar, tqdm)
    assert "visits" in capsys.readouterr().err


# == Committed ==
@pytest.mark.django_db(transaction=True)
def test_the_audit_is_sealed_and_the_verbs_run_on(settings: Any) -> None:
    said, until = "", time.monotonic() + PATIENCE
    with taking_role("owner"):
        said = run(today=datetime(2026, 11, 18, tzinfo=UTC).date())
        trusted = {public_hex(signing_key(settings.SECRET_KEY).public_key())}
        while (report := verify(anchor_book(), trusted, datetime.now(UTC))).unsealed and time.monotonic() < until:
            time.sleep(0.5)
            seal_pending()
    assert "FAILED" not in said
    assert report.ok
    assert report.loaded == SIZES["audit"]
    assert report.unsealed == 0
    with as_the_system():
        assert TimeClaim.objects.count() > 100
