"""Bring in records that come as FHIR R4 Bundles or NDJSON."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from healthcare.accounts.models import Site
from healthcare.db.uuids import uuid7
from healthcare.fhir.reading import Read, resources_of
from healthcare.fhir.resources import Ledger, fallback
from healthcare.fhir.unpacking import Document, Rejection, documents
from patients.importing.run import Import, Report

SHOWN = 20  # rejections that the table for people names; --json names all


class Command(BaseCommand):
    help = (
        "Import FHIR R4 resources from Bundles (.json), NDJSON (.ndjson, .jsonl), these with .gz, archives (.zip .tar"
        " .tar.gz .tar.xz) and folders of them. What is in already is left alone, so it can be run again. Exit code 0:"
        " nothing was rejected; 1: something was, and the rest is in; 2: nothing was tried."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
        parser.add_argument(
            "--kept", default="", metavar="TYPE", help="without PATH: what was kept whole of this type, once more"
        )
        parser.add_argument("--site", default="", help="name or slug of the site that registers new patients")
        parser.add_argument(
            "--system", default="", help="name of the source, where its ids are not unique in the world"
        )
        parser.add_argument(
            "--map-site",
            action="append",
            default=[],
            metavar="ID=SITE",
            help="a Location or Organization of the source",
        )
        parser.add_argument("--dry-run", action="store_true", help="do it all, report, and roll back")
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object")

    def handle(self, *, paths: list[Path], **options: Any) -> None:
        paths, kept = [Path(path) for path in paths], options["kept"]
        if bool(paths) == bool(kept):
            raise CommandError("Name files or folders, or a type with --kept; not both.", returncode=2)
        if missing := [str(path) for path in paths if not path.exists()]:
            raise CommandError(f"There is no {', '.join(missing)}.", returncode=2)
        sites = dict(pair.rpartition("=")[::2] for pair in options["map_site"])
        mapped = {source_id: site_called(name) for source_id, name in sites.items()}
        ledger = Ledger(run=uuid7(), site=site_called(options["site"]), now=timezone.now(), mapped_sites=mapped)
        run = Import(ledger, dry_run=options["dry_run"], again=bool(kept))
        with tqdm(total=sum(map(size_of, paths)), unit="B", unit_scale=True, desc="import_fhir", disable=None) as bar:
            run.take_all(fallback().kept(kept) if kept else self.read(paths, options["system"], bar))
        self.stdout.write(json.dumps(as_json(run.report)) if options["json"] else as_table(run.report))
        if run.report.rejected:
            raise SystemExit(1)

    def read(self, paths: Iterable[Path], system: str, bar: Any) -> Iterator[Read]:
        passed_over: list[str] = []
        for found in documents(paths, on_bytes=bar.update, pass_over=passed_over.append):
            if isinstance(found, Document):
                yield from resources_of(found, system=system)
            elif isinstance(found, Rejection):
                yield found
        if passed_over:
            self.stderr.write(f"Passed over, as no FHIR by its name: {', '.join(passed_over)}")


def size_of(path: Path) -> int:
    return (
        sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.is_dir() else path.stat().st_size
    )


def site_called(name: str) -> Site:
    """By slug or name; without one, the first that was opened. Raises CommandError."""
    sites = Site.objects.filter(closed_at=None)
    found = (
        (sites.filter(slug=name) | sites.filter(name=name)).first() if name else sites.order_by("created_at").first()
    )
    if found is None:
        raise CommandError(f"There is no open site {name or 'at all: add one first'}.", returncode=2)
    return found


def as_json(report: Report) -> dict[str, Any]:
    """`unmatched` stands there only where some results wait for somebody to say whose they are."""
    found: dict[str, Any] = {
        "imported": dict(sorted(report.imported.items())),
        "kept": dict(sorted(report.kept.items())),
        "unchanged": report.unchanged,
        "rejected": [vars(rejection) for rejection in report.rejected],
    }
    return found | ({"unmatched": dict(sorted(report.unmatched.items()))} if report.unmatched else {})


def as_table(report: Report) -> str:
    lines = [f"{'':<24}{'imported':>10}{'kept':>10}"]
    for kind in sorted({*report.imported, *report.kept}):
        lines.append(f"{kind:<24}{report.imported[kind]:>10}{report.kept[kind]:>10}")
    lines.append(f"{'together':<24}{report.imported.total():>10}{report.kept.total():>10}")
    lines += [f"{report.unchanged} unchanged, {len(report.rejected)} rejected."]
    if report.unmatched:
        lines += [
            f"{report.unmatched.total()} results of nobody sure: somebody who enters results says whose they are."
        ]
    lines += [f"  {found.file} {found.resource}: {found.reason}" for found in report.rejected[:SHOWN]]
    if len(report.rejected) > SHOWN:
        lines.append("  … --json names them all.")
    return "\n".join(lines)
