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

from patients.models import Patient
from tests.factories import SiteFactory
from tests.roles import as_the_system, taking_role

FOLDER = Path(settings.BASE_DIR).parent / "shared" / "data" / "synthea"
BUNDLES = FOLDER / "synthea_r4_dev_20patients.tar.xz"
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
    SiteFactory()
    begun = time.perf_counter()
    first = run(FOLDER)
    seconds = time.perf_counter() - begun
    expected = manifest()
    rate = f"{expected.total()} resources in {seconds:.1f} s, {expected.total() / seconds:.0f} a second"
    request.config.get_terminal_writer().line(f"\n{rate}")
    assert first["rejected"] == []
    assert Counter(first["imported"]) + Counter(first["kept"]) == expected
    assert first["imported"]["Patient"] == 20
    second = run(FOLDER)
    assert second == {"imported": {}, "kept": {}, "unchanged": expected.total(), "rejected": []}
    with as_the_system():
        assert Patient.objects.count() == 20
        assert Patient.objects.filter(deceased=True).count() == 2


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
