"""The twenty invented people of the shared data, as they are exported: every resource of the manifest comes in."""

import csv
import json
import tarfile
import time
from collections import Counter
from contextlib import nullcontext
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils.html import escape

from patients.models import Patient
from records.models import Entry
from records.queries.lines import line_of
from records.queries.resources import contents_of
from records.rules.vitals import PRESSURE
from tests.accounts.conftest import sign_in
from tests.factories import SiteFactory, portal_user, staff
from tests.records.downloading import downloaded, entries_of, facts, imported, release_all, well
from tests.roles import as_the_system, taking_role

FOLDER = Path(settings.BASE_DIR).parent / "shared" / "data" / "synthea"
BUNDLES = FOLDER / "synthea_r4_dev_20patients.tar.xz"
# Kinds of entries → the types of resources that they come from.
KINDS = {
    "condition": "Condition",
    "allergy": "AllergyIntolerance",
    "immunization": "Immunization",
    "procedure surgical_history": "Procedure",
    "diagnostic_report": "DiagnosticReport",
    "plan_item": "CarePlan Goal",
    "laboratory_result vital_signs observation social_history": "Observation",
}
AS_THEY_CAME = ("Claim", "ExplanationOfBenefit", "ImagingStudy")
pytestmark = [pytest.mark.shared_data, pytest.mark.django_db]


def run(*paths, code=0):
    output = StringIO()
    ends = pytest.raises(SystemExit, check=lambda ended: ended.code == code) if code else nullcontext()
    with taking_role("worker"), ends:
        call_command("import_fhir", *map(str, paths), "--json", stdout=output, stderr=StringIO())
    return json.loads(output.getvalue())


def manifest():
    with (FOLDER / "manifest_r4.tsv").open(newline="") as file:
        return sum((Counter(json.loads(row["counts"])) for row in csv.DictReader(file, delimiter="\t")), Counter())


def test_all_twenty_come_in_and_come_in_once(request):
    SiteFactory(time_zone="UTC")
    begun = time.perf_counter()
    first = run(FOLDER)
    seconds = time.perf_counter() - begun
    expected = manifest()
    rate = f"{expected.total()} resources in {seconds:.1f} s, {expected.total() / seconds:.0f} a second"
    request.config.get_terminal_writer().line(f"\n{rate}")
    assert first["rejected"] == []
    assert Counter(first["imported"]) + Counter(first["kept"]) == expected
    assert first["imported"]["Patient"] == 20
    stands_in_the_chart(expected)
    can_be_shown()
    second = run(FOLDER)
    assert second == {"imported": {}, "kept": {}, "unchanged": expected.total(), "rejected": []}
    with as_the_system():
        assert Patient.objects.count() == 20
        assert Patient.objects.filter(deceased=True).count() == 2


def test_each_takes_their_record_along_and_it_is_the_same_elsewhere(tmp_path):
    """Released as a whole, downloaded in the portal, and imported as somebody of whom nothing is known."""
    SiteFactory(time_zone="America/New_York")
    run(FOLDER)
    with as_the_system():
        people = list(Patient.objects.select_related("site").order_by("pk"))
    assert len(people) == 20
    for patient in people:
        release_all(patient)
        bundle = downloaded(sign_in(portal_user(patient)))
        assert well(bundle, *AS_THEY_CAME) == []
        other, report = imported(bundle, tmp_path)
        assert report["rejected"] == []
        assert set(report["kept"]) <= set(AS_THEY_CAME)
        assert Counter(map(facts, entries_of(other))) == Counter(map(facts, entries_of(patient)))


def stands_in_the_chart(expected):
    """As many entries of its kinds as the manifest has resources of the type."""
    with as_the_system():
        rows = Entry.objects.current().exclude(source="").filter(data__has_key="resource")
        kinds = Counter(rows.order_by().values_list("kind", flat=True))
        kept = Counter(rows.of_kind("imported").order_by().values_list("code", flat=True))
        pressures = list(rows.of_kind("vital_signs").filter(code=PRESSURE).order_by("pk"))
        loose = rows.filter(code__in=["8480-6", "8462-4"]).count()
    for kind, types in KINDS.items():
        assert sum(kinds[one] for one in kind.split()) == sum(expected[one] - kept[one] for one in types.split()), kind
    assert set(kept) == {"Claim", "ExplanationOfBenefit", "ImagingStudy"}
    assert all(kept[one] == expected[one] for one in kept)
    assert {tuple(part["display"] for part in row.data["components"]) for row in pressures} == {
        ("Systolic blood pressure", "Diastolic blood pressure")
    }
    assert (len(pressures) > 100, loose) == (True, 0)  # one entry with two components


def can_be_shown():
    """Each has a title, a status and its contents line by line; one of each sort on its page in a browser."""
    with as_the_system():
        rows = list(Entry.objects.current().exclude(source="").select_related("patient__site").order_by("pk"))
        doctor = staff("doctor", rows[0].patient.site)
    sorts = {(row.kind, row.code if row.kind == "imported" else row.code_system): row for row in rows}
    for row in rows:
        line = line_of(row)
        assert line.title, row.kind
        assert line.status
        told = contents_of(row)
        assert told is None if "resource" not in row.data else told and told.lines, row.kind
    client = sign_in(doctor)
    for sort, row in sorts.items():
        answer = client.get(f"/records/{row.patient_id}/entries/{row.pk}/")
        assert answer.status_code == 200, sort
        assert escape(line_of(row).title) in answer.content.decode(), sort


def test_one_corrupted_line_is_rejected_and_the_rest_comes_in(tmp_path):
    SiteFactory()
    with tarfile.open(BUNDLES) as archive:
        names = sorted(member.name for member in archive if member.isfile())
        whole = json.load(archive.extractfile(names[0]))
    lines = [json.dumps(entry["resource"]) for entry in whole["entry"]]
    lines[100] = lines[100][:-20]
    path = tmp_path / "export.ndjson"
    path.write_text("\n".join(lines))
    report = run(path, code=1)
    assert [found["resource"] for found in report["rejected"]] == ["line 101"]
    assert sum(report["imported"].values()) + sum(report["kept"].values()) == len(lines) - 1
