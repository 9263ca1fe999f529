"""From resources read to rows: in batches, parents first, and one that is bad is found and left out alone."""

import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby, islice
from typing import IO, Any

from django.db import DatabaseError, connection, transaction

from healthcare.audit import record
from healthcare.db.context import acting_as_system
from healthcare.fhir.reading import Read
from healthcare.fhir.resources import (
    DIRECTORY,
    Home,
    Incoming,
    Key,
    Ledger,
    Outcome,
    Resource,
    Unfit,
    Unmatched,
    fallback,
    key_of,
    order_of,
    resources,
    unmatched,
)
from healthcare.fhir.unpacking import Rejection
from patients.importing.arrays import write_arrays_quickly
from patients.importing.elements import many
from patients.importing.sources import Directory, look_up, remember

PURPOSE = "fhir_import"
FORBIDDEN = "42501"  # insufficient_privilege
SOME, MOST, MOST_CHARACTERS = 1_000, 3_000, 16 << 20  # resources in a batch: at a document's end, anywhere; their JSON
REFERENCE = re.compile(r'"reference":"((?:[^"\\]|\\.)+)"')
# Where a resource says whom it is about; the first that leads to somebody's row decides.
ABOUT = ("subject", "patient", "beneficiary", "individual", "for", "participant", "target", "encounter")


@dataclass
class Report:
    """Counts are of resources read: the same one twice in a run counts twice."""

    imported: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    unmatched: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0
    rejected: list[Rejection] = field(default_factory=list)


class Import:
    """One run. `take_all` reads to the end; what it did is in `report`."""

    def __init__(self, ledger: Ledger, *, dry_run: bool = False, again: bool = False) -> None:
        """`again`: take also what says nothing new, since it may have another home now."""
        self.ledger, self.dry_run, self.again, self.report = ledger, dry_run, again, Report()
        self.directory = Directory()
        self.waiting: dict[int, IO[str]] = defaultdict(_spool)
        self.here: dict[tuple[str, str], str] = {}  # the types of the batch, for references that do not say it
        self.last_chance = False

    def take_all(self, read: Iterable[Read]) -> None:
        """Take every resource. Each batch commits by itself; a dry run does all of it and rolls back."""
        write_arrays_quickly()
        with transaction.atomic() if self.dry_run else nullcontext():
            self._take_in_batches(read)
            self.last_chance = True
            for order in sorted(self.waiting):
                self._take_in_batches(_spooled(self.waiting[order]))
            with acting_as_system(PURPOSE):
                record("fhir.import", by=None, target=("fhir.import", self.ledger.run), detail=self._totals())
            if self.dry_run:
                transaction.set_rollback(True)

    def _totals(self) -> dict[str, int]:
        report = self.report
        counts = {"imported": report.imported.total(), "kept": report.kept.total()}
        waiting = {"unmatched": report.unmatched.total()} if report.unmatched else {}
        return counts | waiting | {"unchanged": report.unchanged, "rejected": len(report.rejected)}

    # == Batches ==
    def _take_in_batches(self, read: Iterable[Read]) -> None:
        batch: dict[Key, Incoming] = {}
        again: list[Incoming] = []
        size = 0
        for item in read:
            if isinstance(item, Rejection):
                self.report.rejected.append(item)
            elif item is not None and (earlier := batch.get(item.key)) and earlier.digest == item.digest:
                again.append(item)
            elif item is not None:
                if item.key in batch or len(batch) >= MOST or size >= MOST_CHARACTERS:
                    self._take_batch(batch, again)
                    size = 0
                batch[item.key] = item
                size += len(item.text)
            elif len(batch) >= SOME:
                self._take_batch(batch, again)
                size = 0
        self._take_batch(batch, again)

    def _take_batch(self, batch: dict[Key, Incoming], again: list[Incoming]) -> None:
        for items in (list(batch.values()), again):
            if items:
                with acting_as_system(PURPOSE):
                    self._take(items)
        batch.clear()
        again.clear()

    def _take(self, items: Sequence[Incoming]) -> None:
        """One transaction: leave out what is known, then type by type, parents first."""
        self.ledger.forget()
        self.here = {(item.system, item.source_id): item.type for item in items}
        known = look_up(self.ledger, items, (key for item in items for key in references(item)))
        new = []
        for item in items:
            source = known.get(item.key)
            if source and source.digest == item.digest and not self.again:
                self._count_again(item, source.run == self.ledger.run, source.kept)
                continue
            item.before = Home(source.model, source.row_id, source.patient_id) if source else None
            new.append(item)
        new.sort(key=lambda item: (order_of(item.type), item.type))
        for kind, group in groupby(new, key=lambda item: item.type):
            doubtful: list[Incoming] = []
            ready = [item for item in group if self._is_ready(item, doubtful)]
            self._place(self._home_of(kind), ready)
            unmatched().settled([item for item in ready if self.ledger.at(item.key)], self.ledger)
            self._place(unmatched(), doubtful)

    def _count_again(self, item: Incoming, this_run: bool, kept: bool) -> None:
        if this_run:
            (self.report.kept if kept else self.report.imported)[item.type] += 1
        else:
            self.report.unchanged += 1

    # == One type ==
    def _home_of(self, kind: str) -> Resource:
        return resources().get(kind) or (self.directory if kind in DIRECTORY else fallback())

    def _is_ready(self, item: Incoming, doubtful: list[Incoming]) -> bool:
        """Whom it is about is known, and so is all it rests on; else it waits, is doubtful, or is rejected."""
        if not self.last_chance and any(self._waits_for(item, key) for key in references(item)):
            spool = self.waiting[order_of(item.type)]
            spool.write(_spool_line(item))
            return False
        item.patient_id = self._patient_of(item)
        if unmatched().doubts(item, self.ledger):
            doubtful.append(item)
            return False
        if item.type != "Patient" and item.type not in DIRECTORY and item.patient_id is None:
            self._reject(item, "The patient it speaks about is not here, or it speaks of none.")
            return False
        if item.before and item.before.patient_id != item.patient_id and item.type != "Patient":
            self._reject(item, "It spoke of another patient when it was imported before.")
            return False
        return True

    def _waits_for(self, item: Incoming, key: Key) -> bool:
        kind = key[1] or self.here.get((key[0], key[2]), "")
        rests_on = not kind or kind == "Medication" or kind in resources()
        return rests_on and self.ledger.at(key) is None and (order_of(kind) if kind else 0) < order_of(item.type)

    def _patient_of(self, item: Incoming) -> Any:
        if item.type == "Patient":
            return item.before.patient_id if item.before else None
        for name in ABOUT:
            said = item.resource.get(name)
            if name == "participant":
                said = [part.get("actor") for part in many(item.resource, name)]
            home = self.ledger.home(item, said) if said else None
            if home and home.patient_id:
                return home.patient_id
        return None

    def _place(self, resource: "Resource | Unmatched", items: Sequence[Incoming]) -> None:
        """Take them in one savepoint; where that fails, halve them until the bad one is alone."""
        if not items:
            return
        try:
            with transaction.atomic():
                outcomes = resource.take(items, self.ledger, None)
                remember(self.ledger, zip(items, outcomes, strict=True))
                _check_deferred()
        except Exception as problem:
            if isinstance(problem, DatabaseError) and (_sqlstate(problem) == FORBIDDEN or not connection.is_usable()):
                raise  # this login may not import, or the server is gone: no resource's fault
            if len(items) == 1:
                self._reject(items[0], _reason(problem))
                return
            middle = len(items) // 2
            self._place(resource, items[:middle])
            self._place(resource, items[middle:])
            return
        self._count(items, outcomes)
        homeless = [i for i, found in zip(items, outcomes, strict=True) if found.state == "homeless"]
        if self.again:
            self.report.unchanged += len(homeless)  # they are kept whole already
        else:
            self._place(fallback(), homeless)

    def _count(self, items: Sequence[Incoming], outcomes: Sequence[Outcome]) -> None:
        for item, found in zip(items, outcomes, strict=True):
            if found.state in ("imported", "kept", "unmatched"):
                getattr(self.report, found.state)[item.type] += 1
            elif found.state == "unchanged":
                self.report.unchanged += 1
            elif found.state == "rejected":
                self._reject(item, found.reason)

    def _reject(self, item: Incoming, reason: str) -> None:
        self.report.rejected.append(Rejection(item.file, f"{item.type}/{item.source_id}", reason))


def references(item: Incoming) -> list[Key]:
    """Every source it points at, read from the text: much faster than a walk."""
    found = (key_of(item, text) for text in REFERENCE.findall(item.text))
    return [key for key in found if key]


def _check_deferred() -> None:
    """A key that leads nowhere shall fail here, where it is known whose it is, and not at the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def _sqlstate(problem: Exception) -> str:
    return getattr(problem.__cause__, "sqlstate", None) or ""


def _reason(problem: Exception) -> str:
    """Never the values: the database's own message holds them."""
    if isinstance(problem, Unfit):
        return str(problem)
    if isinstance(problem, DatabaseError):
        constraint = getattr(getattr(problem.__cause__, "diag", None), "constraint_name", None)
        return f"The database refused it ({' '.join(filter(None, [_sqlstate(problem), constraint]))})."
    return f"It has a shape that is not understood ({type(problem).__name__})."


# == What waits lies on disk, in a file without a name, until the end of the run ==
def _spool() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8")


def _spool_line(item: Incoming) -> str:
    urls = {url: item.local_urls[url] for url in REFERENCE.findall(item.text) if url in item.local_urls}
    fields = [item.text, item.type, item.system, item.source_id, item.digest, item.file, item.place, urls]
    return json.dumps(fields) + "\n"


def _spooled(spool: IO[str]) -> Iterator[Incoming | None]:
    spool.seek(0)
    while lines := list(islice(spool, SOME)):
        for line in lines:
            text, kind, system, source_id, digest, file, place, urls = json.loads(line)
            resource = json.loads(text, parse_float=Decimal)
            urls = {url: tuple(key) for url, key in urls.items()}
            yield Incoming(resource, kind, system, source_id, text, digest, file, place, urls)
        yield None
    spool.close()
