"""The memory of imports in the database: where each source lives, and the directory of what is nobody's."""

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection

from healthcare.db.uuids import uuid7
from healthcare.fhir.resources import ANYWHERE, DIRECTORY, Home, Incoming, Key, Ledger, Outcome
from patients.importing.elements import many, text
from patients.models import DirectoryResource, ImportedSource

ASKED = "system, resource_type, source_id, model, row_id, patient_id, kept, digest, run, identifiers"
BY_ID = f"""
SELECT {ASKED} FROM patients_importedsource JOIN unnest(%s::text[], %s::text[]) AS asked (its_system, its_id)
ON system = its_system AND source_id = its_id
"""  # noqa: S608
BY_IDENTIFIER = f"SELECT {ASKED} FROM patients_importedsource WHERE identifiers <> '{{}}' AND identifiers && %s"  # noqa: S608
KEEP = """
INSERT INTO patients_directoryresource (id, created_at, updated_at, resource_type, content)
SELECT row.id, now(), now(), row.kind, row.content::jsonb
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS row (id, kind, content)
ON CONFLICT (id) DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at
"""
# Not through the ORM: four thousand rows a second of columns that this module alone writes.
REMEMBER = f"""
INSERT INTO patients_importedsource (id, created_at, updated_at, run, {ASKED.replace(" run,", "")})
SELECT row.id, statement_timestamp(), statement_timestamp(), %s, row.system, row.resource_type, row.source_id,
    row.model, row.row_id, row.patient_id, row.kept, row.digest,
    coalesce(string_to_array(nullif(row.said, ''), E'\\n'), '{{}}')
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::uuid[], %s::uuid[], %s::bool[], %s::text[],
    %s::text[])
    AS row (id, system, resource_type, source_id, model, row_id, patient_id, kept, digest, said)
ON CONFLICT (system, source_id, resource_type) DO UPDATE SET model = excluded.model, row_id = excluded.row_id,
    patient_id = excluded.patient_id, kept = excluded.kept, digest = excluded.digest, run = excluded.run,
    identifiers = excluded.identifiers, updated_at = excluded.updated_at
"""  # noqa: S608
DIRECTORY_MODEL = DirectoryResource._meta.label_lower


def look_up(ledger: Ledger, items: Sequence[Incoming], references: Iterable[Key]) -> dict[Key, ImportedSource]:
    """What is known of these resources, by key; and the ledger learns where they and their references live."""
    keys = {item.key for item in items} | set(references)
    found: dict[Key, ImportedSource] = {}
    plain = sorted({(system, source_id) for system, _type, source_id in keys if system != ANYWHERE})
    queries: list[tuple[str, list[Any]]] = [(BY_ID, [list(column) for column in zip(*plain, strict=True)])]
    if identifiers := sorted(source_id for system, _type, source_id in keys if system == ANYWHERE):
        queries.append((BY_IDENTIFIER, [identifiers]))
    with connection.cursor() as cursor:
        for query, parameters in queries:
            cursor.execute(query, parameters)
            for row in cursor.fetchall():
                source = ImportedSource(**dict(zip(ASKED.split(", "), row, strict=True)))
                key = source.system, source.resource_type, source.source_id
                found[key] = source
                ledger.note(key, Home(source.model, source.row_id, source.patient_id), source.identifiers)
    known = [source.row_id for source in found.values() if source.model == DIRECTORY_MODEL]
    for row in DirectoryResource.objects.filter(pk__in=known) if known else []:
        ledger.note_content(row.pk, row.content)
    return found


def remember(ledger: Ledger, taken: Iterable[tuple[Incoming, Outcome]]) -> None:
    """Write down where these live from now on. What became of a record is audited by whoever wrote it."""
    rows = []
    for item, outcome in taken:
        if home := outcome.home:
            identifiers = identifiers_of(item) if item.type in DIRECTORY else []
            ledger.note(item.key, home, identifiers)
            source = uuid7(), *item.key, home.model, home.id, home.patient_id, outcome.state == "kept", item.digest
            rows.append((*source, "\n".join(identifiers)))
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(REMEMBER, [ledger.run, *(list(column) for column in zip(*rows, strict=True))])


def identifiers_of(item: Incoming) -> list[str]:
    pairs = ((text(part, "system"), text(part, "value")) for part in many(item.resource, "identifier"))
    return sorted({" ".join(f"{system}|{value}".split())[:300] for system, value in pairs if value})


class Directory:
    """The home of resources that are nobody's and that no class stands for."""

    type, order = "", 0

    def take(self, batch: Sequence[Incoming], ledger: Ledger, by: Any) -> list[Outcome]:
        """Keep each whole. No patient stands in it, so the run's own audit event is enough."""
        homes = [Home(DIRECTORY_MODEL, item.before.id if item.before else uuid7()) for item in batch]
        with connection.cursor() as cursor:
            columns = [home.id for home in homes], [item.type for item in batch], [item.text for item in batch]
            cursor.execute(KEEP, [list(column) for column in columns])
        for home, item in zip(homes, batch, strict=True):
            ledger.note_content(home.id, item.resource)
        return [Outcome.kept(home) for home in homes]


def told_again(source: ImportedSource, content: str, **known: Any) -> Incoming:
    """The resource as its source told it, from the JSON that was kept; `known`: what else is said of it."""
    return Incoming(
        resource=json.loads(content, parse_float=Decimal),
        type=source.resource_type,
        system=source.system,
        source_id=source.source_id,
        text=content,
        digest=source.digest,
        file="",
        place="",
        **known,
    )
