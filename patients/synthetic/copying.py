"""Fill tables by COPY. What costs by the row is taken off for the time, and put back over all rows at once."""

import json
import random
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Any, Self, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from healthcare.db.models import BaseModel

# Partitions follow their parent; what a constraint owns goes with it.
INDEXES = """SELECT i.indexrelid::regclass::text, replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')
FROM pg_index i WHERE i.indrelid = %s::regclass AND NOT i.indisunique
AND i.indexrelid::regclass::text <> ALL (%s)
AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid) ORDER BY 1"""
CONSTRAINTS = """SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %s::regclass AND contype IN ('f', 'x') AND conparentid = 0 ORDER BY contype DESC, 1"""
TRIGGERS = """SELECT quote_ident(tgname) FROM pg_trigger
WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgenabled = 'O' AND tgname <> ALL (%s) ORDER BY 1"""
SETTINGS = "SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL work_mem = '128MB'; SET LOCAL synchronous_commit = off"
DEFERRED, AT_ONCE = "SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS ALL IMMEDIATE"
REST = ""  # stands between both kinds of columns
Row = TypeVar("Row")

Columns = Mapping[Any, str]  # by model
#: Rows and seconds by table: what `Sheets` copied, and the putting back.
Tally = dict[str, list[float]]


@contextmanager
def laid_open(*tables: type[models.Model], keep: tuple[str, ...] = (), tally: Tally | None = None) -> Iterator[None]:
    """Run the block, in the open transaction, with these tables free of all that is asked row by row.

    Foreign keys, exclusion constraints and indexes that are not unique are dropped and made anew afterwards: that reads
    every row, and raises for one that does not fit. Triggers are off meanwhile; what they guard the caller has to
    prove. `keep` names indexes and triggers that stay. The wall is not forced on the owner, whom PostgreSQL would
    refuse a COPY. For the owner alone, on tables that nobody else uses: they are locked until the transaction ends.
    """
    names = [table._meta.db_table for table in tables]
    _execute(SETTINGS, AT_ONCE, DEFERRED)
    put_back = [_take_off(name, keep) for name in names]
    yield
    for name, statements in zip(names, put_back, strict=True):
        began = time.monotonic()
        _execute(*statements)
        if tally is not None:
            tally.setdefault(name, [0, 0])[1] += time.monotonic() - began
    _execute(AT_ONCE, DEFERRED)


def _take_off(table: str, keep: tuple[str, ...]) -> list[str]:
    """Strip one table; returns the statements that put everything back."""
    indexes, constraints = _ask(INDEXES, table, list(keep)), _ask(CONSTRAINTS, table)
    triggers = [name for (name,) in _ask(TRIGGERS, table, list(keep))]
    forced = _ask("SELECT 1 FROM pg_class WHERE oid = %s::regclass AND relforcerowsecurity", table)
    alter = f'ALTER TABLE "{table}"'
    _execute(
        *(f"{alter} DROP CONSTRAINT {name}" for name, _definition in constraints),
        *(f"DROP INDEX {name}" for name, _definition in indexes),
        *(f"{alter} DISABLE TRIGGER {name}" for name in triggers),
        *([f"{alter} NO FORCE ROW LEVEL SECURITY"] if forced else []),
    )
    return [
        *([f"{alter} FORCE ROW LEVEL SECURITY"] if forced else []),
        *(definition for _name, definition in indexes),
        *(f"{alter} ADD CONSTRAINT {name} {definition}" for name, definition in constraints),
        *(f"{alter} ENABLE TRIGGER {name}" for name in triggers),
    ]


def _ask(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


class Sheets(dict[type[models.Model], list[str]]):
    """Lines that wait for their COPY, by table: the values of the columns named, with tabs between, `\\N` for NULL.

    What is not named takes the default of its field, the same in every line. The key comes first, and with it, in our
    own tables, when the row was made and changed.
    """

    def __init__(self, columns: Columns, tally: Tally, bar: Any = None) -> None:
        super().__init__({table: [] for table in columns})
        self.heads = {table: _head(table, named.split()) for table, named in columns.items()}
        self.tally, self.bar = tally, bar
        self.writer, self.copying = ThreadPoolExecutor(1, "copy"), Future[None]()
        self.copying.set_result(None)

    def add(self, row: models.Model) -> None:
        """The line of a row that is not saved. A line put together by hand is made five times as fast."""
        head, _end = self.heads[type(row)]
        self[type(row)].append("\t".join(_text(getattr(row, column)) for column in head[: head.index(REST)]))

    def batches(self, rows: Iterator[Row], size: int, *, reads: bool = False) -> Iterator[list[Row]]:
        """The rows in lists; what the block makes of one is copied while the block makes something of the next.

        The block does not ask the database; with `reads` the rows come from there, and wait for the COPY before.
        """
        batch = list(islice(rows, size))
        while batch:
            yield batch
            if reads:
                self.copying.result()
            following = list(islice(rows, size))
            self._turn()
            batch = following

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._turn()
            self.copying.result()
        self.writer.shutdown()

    def _turn(self) -> None:
        """Hand what is written to the other thread, which alone speaks with the database until it is done."""
        full = {table: lines for table, lines in self.items() if lines}
        self.update({table: [] for table in full})
        self.copying.result()
        self.copying = self.writer.submit(self._copy, connection.connection, full)

    def _copy(self, session: Any, full: dict[type[models.Model], list[str]]) -> None:
        for table, lines in full.items():
            began, name = time.monotonic(), table._meta.db_table
            head, end = self.heads[table]
            columns = ", ".join(column for column in head if column != REST)
            with session.cursor() as cursor, cursor.copy(f'COPY "{name}" ({columns}) FROM STDIN') as copy:
                for start in range(0, len(lines), 1000):
                    copy.write(end.join(lines[start : start + 1000]) + end)
            counted = self.tally.setdefault(name, [0, 0])
            counted[0] += len(lines)
            counted[1] += time.monotonic() - began
            if self.bar is not None:
                self.bar.update(len(lines))


def _head(table: type[models.Model], named: list[str]) -> tuple[list[str], str]:
    """The columns of a COPY, those that differ before those that do not, and what every line ends with."""
    named = ["id", *(["created_at", "updated_at"] if issubclass(table, BaseModel) else []), *named]
    rest = {
        str(found.column): "{}" if isinstance(found, ArrayField) else found.get_default()
        for found in table._meta.concrete_fields
        if found.column not in named and found.get_default() is not None
    }
    return [*named, REST, *rest], "".join(f"\t{_text(value)}" for value in rest.values()) + "\n"


def _text(value: Any) -> str:
    if value is None:
        return "\\N"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else str(value)
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


class Keys(random.Random):
    """Chance, and UUIDv7 keys of past moments made of it: the same for the same seed."""

    def _randbelow(self, most: int) -> int:
        return int(self.random() * most)  # twice as fast as the exact way, and as good for this

    def key(self, milliseconds: int) -> str:
        """A key of this moment, in Unix milliseconds, as text."""
        low = self.getrandbits(72)
        ends = f"{low >> 60:03x}-8{low >> 48 & 0xFFF:03x}-{low & 0xFFFFFFFFFFFF:012x}"
        return f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}-7{ends}"
