"""Adding a kind is one folder: made while this runs, outside of the project, and everything knows it."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.test import Client

from healthcare.db.context import acting_as
from healthcare.fhir import resources as fhir
from records import kinds as all_kinds
from records import migrations as all_migrations
from records.actions.entries import record_said
from records.events import AbnormalValueRecorded
from records.kinds import NotOfKind, Said, card_of, kind_of, kinds, part_of
from records.models import Entry
from records.telling.by_kind import resource_of
from tests.factories import portal_user, staff
from tests.records.arriving import NOW, entries, incoming, ledger, take
from tests.records.downloading import downloaded, of
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
FOLDER = {
    "__init__.py": """
from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema

KIND = Kind(
    slug="foot_check", name="Foot check", plural="Foot checks", permission=Permission.RECORD_VITALS,
    summary=lambda entry: f"Feet: {entry.display}", schema=Schema(required={"felt": int}),
    clinical_moves={"due": frozenset({"over"}), "over": frozenset()}, clinical_words={"due": "Due", "over": "Over"},
    urgency=lambda said: "high" if said.data["felt"] < 5 else "",
    exported=lambda entry: entry.data["felt"] != 7,
)
""",
    "form.py": """
from django import forms
from records.forms.kinds import KindForm
from records.kinds import Said

class EntryForm(KindForm):
    hint = "Ten points of each foot."
    finding = forms.CharField(label="What was seen")
    felt = forms.IntegerField(label="Points felt", max_value=10)

    def said(self):
        cleaned = self.cleaned_data
        return Said(display=cleaned["finding"], clinical_status="due", data={"felt": cleaned["felt"]})

    @staticmethod
    def typed(entry):
        return {"finding": entry.display, **entry.data}
""",
    "card.html": "<dt>Points felt</dt><dd>{{ entry.data.felt }} of 10</dd>",
    "fhir.py": """
from records.kinds import Said, Told

TYPES = ("ClinicalImpression",)

def read(resource):
    if "summary" not in resource:
        return None
    return Told(Said(display=resource["summary"], clinical_status="over", data={"felt": 9}), (resource.get("date"),))

def write(entry):
    return {"resourceType": "ClinicalImpression", "summary": entry.display, "status": "completed"}
""",
    "migrations/0999_foot_checks.py": '''
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("records", "0015_plan_items")]
    operations = [migrations.RunSQL("""
        CREATE INDEX entry_foot_due ON records_entry (patient_id, effective_at)
            WHERE kind = 'foot_check' AND clinical_status = 'due';
        ALTER TABLE records_entry ADD CONSTRAINT entry_foot_felt CHECK (kind <> 'foot_check'
            OR (data ->> 'felt')::int BETWEEN 0 AND 10)
    """, "DROP INDEX entry_foot_due; ALTER TABLE records_entry DROP CONSTRAINT entry_foot_felt")]
''',
}


def forget() -> None:
    all_kinds.forget()
    fhir.resources.cache_clear()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder, and its migration as `migrate` applies it; when the test is over nothing is left of either."""
    for name, text in FOLDER.items():
        path = tmp_path / "foot_check" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(all_kinds, "__path__", [*all_kinds.__path__, str(tmp_path)])
    forget()
    with taking_role("owner"):
        loader = MigrationLoader(connection)
        found = loader.get_migration("records", "0999_foot_checks")
        with connection.schema_editor(atomic=False) as editor:
            found.apply(loader.project_state([("records", "0015_plan_items")]), editor)
    yield
    monkeypatch.undo()
    for name in [
        name for name in sys.modules if name.startswith(("records.kinds.foot_check", "records.migrations.0999"))
    ]:
        del sys.modules[name]
    importlib.reload(all_migrations)
    forget()


def test_it_is_listed_entered_shown_corrected_and_voided(rosa, nurse, browser) -> None:
    client: Client = browser(nurse)
    timeline = f"/records/{rosa.pk}/entries/"
    page = client.get(timeline).content.decode()
    assert "Foot checks" in page
    assert f"/records/{rosa.pk}/record/foot_check" in page
    door = f"/records/{rosa.pk}/record/foot_check"
    assert "Ten points of each foot." in client.get(door).content.decode()
    wrong = client.post(door, {"finding": "dry", "felt": "11"})
    assert wrong.status_code == 422
    assert 'value="dry"' in wrong.content.decode()
    shown = client.post(door, {"finding": "dry", "felt": "4"}).headers["Location"]
    page = client.get(shown).content.decode()
    assert "Feet: dry" in page
    assert "<dd>4 of 10</dd>" in page
    assert "Feet: dry" in client.get(f"{timeline}?kind=foot_check").content.decode()
    assert 'value="dry"' in client.get(f"{shown}correct").content.decode()
    newer = client.post(f"{shown}correct", {"finding": "well", "felt": "10"}).headers["Location"]
    assert client.post(f"{newer}change-status", {"status": "over"}).status_code == 302
    first, second, third = entries(rosa, kind="foot_check")
    assert (first.superseded_at is not None, second.record_status, third.record_status) == (
        True,
        "corrected",
        "amended",
    )
    assert (second.supersedes_id, third.supersedes_id) == (first.pk, second.pk)
    assert (third.clinical_status, third.effective_at) == ("over", first.effective_at)
    last = f"/records/{rosa.pk}/entries/{third.pk}/"
    assert client.post(f"{last}void", {"reason": "Another patient"}).status_code == 302
    assert "Another patient" in client.get(last).content.decode()
    assert "Feet:" not in client.get(timeline).content.decode()


def test_it_is_recorded_and_read_by_other_programs(rosa, nurse, api) -> None:
    program = api(nurse)
    body = {"patient": str(rosa.pk), "kind": "foot_check", "data": {"finding": "dry", "felt": 3}}
    answer = program.write("/records", body)
    assert answer.status_code == 201, answer.content
    assert answer.json()["data"] == {"felt": 3}
    found = program.read("/records", {"patient": str(rosa.pk), "kind": "foot_check"}).json()["items"]
    assert [one["display"] for one in found] == ["dry"]
    for data, where in (
        ({"finding": "dry", "felt": "many"}, "felt"),
        ({"finding": "dry", "felt": 1, "toes": 5}, "toes"),
    ):
        refused = program.write("/records", body | {"data": data})
        assert refused.status_code == 422
        assert where in refused.content.decode()


def test_its_own_constraint_and_index_hold(rosa, nurse) -> None:
    with acting_as(nurse), pytest.raises(IntegrityError, match="entry_foot_felt"), transaction.atomic():
        record_said(by=nurse, patient=rosa, kind="foot_check", said=Said(data={"felt": 11}), now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'entry_foot_due'")
        assert "foot_check" in cursor.fetchone()[0]


def test_it_comes_from_fhir_and_goes_there(rosa) -> None:
    home = fhir.resources()["ClinicalImpression"]
    known, kept = take(
        home,
        incoming(rosa, {"resourceType": "ClinicalImpression", "summary": "warm", "date": "2024-05"}),
        incoming(rosa, {"resourceType": "ClinicalImpression"}),
    )
    assert (known.state, kept.state) == ("imported", "kept")
    (row,) = entries(rosa, kind="foot_check")
    assert (row.display, row.data["precision"], row.effective_at.year) == ("warm", "month", 2024)
    assert (
        home.taken_for(incoming(rosa, {"resourceType": "ClinicalImpression", "summary": "x"}), ledger()) == "foot_check"
    )
    told = resource_of(row)
    assert told is not None
    assert told.pop("meta")["versionId"] == str(row.pk)
    assert told == {
        "resourceType": "ClinicalImpression",
        "id": str(row.pk),
        "subject": {"reference": f"Patient/{rosa.pk}"},
        "summary": "warm",
        "status": "completed",
    }
    row.data["felt"] = 7
    assert resource_of(row) is None


def test_its_patient_takes_it_along(rosa, nurse, browser) -> None:
    with acting_as(nurse):
        for felt in (9, 7):
            said = Said(display=f"felt {felt}", clinical_status="over", data={"felt": felt})
            record_said(by=nurse, patient=rosa, kind="foot_check", said=said, now=NOW)
    (found,) = of(downloaded(browser(portal_user(rosa))), "ClinicalImpression")
    assert (found["summary"], found["subject"]) == ("felt 9", {"reference": f"Patient/{rosa.pk}"})


def test_what_is_urgent_is_announced_and_who_may_not_is_refused(rosa, nurse, browser, announced) -> None:
    with acting_as(nurse):
        for felt in (4, 9):
            record_said(by=nurse, patient=rosa, kind="foot_check", said=Said(data={"felt": felt}), now=NOW)
    assert [fact.severity for fact in announced(AbnormalValueRecorded)] == ["high"]
    desk = staff("front_desk", rosa.site)
    assert browser(desk).post(f"/records/{rosa.pk}/record/foot_check", {"finding": "a", "felt": 1}).status_code == 403


def test_a_kind_that_is_one_module_has_no_parts_of_its_own() -> None:
    assert part_of("condition", "form") is None
    assert part_of("nothing", "form") is None
    assert card_of("condition") == ""
    assert card_of("foot_check") == FOLDER["card.html"]
    assert list(kinds()) == sorted(kinds())
    with pytest.raises(NotOfKind):
        kind_of("nothing")
    assert Entry._meta.get_field("kind").max_length >= max(map(len, kinds()))
