"""The operators' door: `import_fhir PATH… [--dry-run] [--json]`, its counts and its exit codes."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from patients.models import Patient
from tests.factories import SiteFactory
from tests.fhir.samples import bundle, organization, patient, written
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return SiteFactory(slug="main", name="Main Street")


def run(*arguments, stderr=None):
    """The exit code, and what was printed."""
    output, code = StringIO(), 0
    with taking_role("worker"):
        try:
            call_command("import_fhir", *map(str, arguments), stdout=output, stderr=stderr or StringIO())
        except SystemExit as ended:
            code = ended.code
    return code, output.getvalue()


def test_the_report_as_json(site, tmp_path):
    path = written(tmp_path / "a.json", bundle(patient(), organization(), patient("p2", birthDate="1871")))
    code, printed = run(path, "--json")
    assert code == 1
    assert json.loads(printed) == {
        "imported": {"Patient": 1},
        "kept": {"Organization": 1},
        "unchanged": 0,
        "rejected": [
            {
                "file": str(path),
                "resource": "Patient/p2",
                "reason": "Its date of birth lies before 1880.",
            }
        ],
    }


def test_all_is_well(site, tmp_path):
    path = written(tmp_path / "a.json", bundle(patient(), organization()))
    assert run(path, "--json")[0] == 0
    assert json.loads(run(path, "--json")[1])["unchanged"] == 2


def test_the_report_for_people(site, tmp_path):
    path = written(tmp_path / "a.json", bundle(patient(), *[patient(f"b{n}", name=[]) for n in range(21)]))
    code, printed = run(path)
    assert code == 1
    assert [line.split() for line in printed.splitlines()[:3]] == [
        ["imported", "kept"],
        ["Patient", "1", "0"],
        ["together", "1", "0"],
    ]
    assert "0 unchanged, 21 rejected." in printed
    assert "--json names them all" in printed


def test_a_dry_run(site, tmp_path):
    assert json.loads(run(written(tmp_path / "a.json", patient()), "--json", "--dry-run")[1])["imported"] == {
        "Patient": 1
    }
    with as_the_system():
        assert not Patient.objects.exists()


@pytest.mark.parametrize("name", ["west", "West Side"])
def test_the_site_by_slug_or_name(site, tmp_path, name):
    west = SiteFactory(slug="west", name="West Side")
    run(written(tmp_path / "a.json", patient()), "--site", name)
    with as_the_system():
        assert Patient.objects.get().site_id == west.pk


def test_the_first_site_without_one(site, tmp_path):
    SiteFactory()
    run(written(tmp_path / "a.json", patient()))
    with as_the_system():
        assert Patient.objects.get().site_id == site.pk


def test_mapped_sites_must_exist(site, tmp_path):
    path = written(tmp_path / "a.json", patient())
    assert run(path, "--map-site", "g1=main")[0] == 0
    with pytest.raises(CommandError, match="no open site nowhere"):
        run(path, "--map-site", "g1=nowhere")


def test_without_a_site_nothing_is_tried(tmp_path):
    with pytest.raises(CommandError, match="add one first") as refused:
        run(written(tmp_path / "a.json", patient()))
    assert refused.value.returncode == 2


def test_a_path_that_is_not_there(site, tmp_path):
    with pytest.raises(CommandError, match="There is no"):
        run(tmp_path / "nowhere")


def test_folders_say_what_was_passed_over_and_what_was_refused(site, tmp_path):
    written(tmp_path / "a.json", patient())
    (tmp_path / "manifest.tsv").write_text("x")
    (tmp_path / "link.json").symlink_to("/etc/passwd")
    told = StringIO()
    code, printed = run(tmp_path, "--json", stderr=told)
    assert code == 1
    assert json.loads(printed)["rejected"][0]["reason"] == "It is a link or a device, not a file."
    assert "manifest.tsv" in told.getvalue()
