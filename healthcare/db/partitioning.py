"""A migration operation that hash-partitions the table of a model by patient."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

INDEXES = """SELECT pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = %s::regclass AND NOT indisprimary ORDER BY indexrelid"""
CONSTRAINTS = """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %s::regclass AND contype = 'f' ORDER BY conname"""


class PartitionByPatient(Operation):
    """Turn the empty table of a model into `parts` hash partitions by patient, with the key `(patient_id, id)`.

    In Django's state nothing changes: the key stays `id`, which a UUIDv7 keeps unique. Checks, indexes and foreign keys
    come along under their names; a unique index has to hold the patient. Run it before the walls and triggers, in the
    app's first migrations; keys that lead to the table are pairs (`CompositeParentKey`, `db_constraint=False`).
    """

    reduces_to_sql = False  # it reads the table that the migration before made
    reversible = True

    def __init__(self, table: str, *, parts: int, patient: str = "patient_id") -> None:
        self.table, self.parts, self.patient = table, parts, patient

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Partitions are not part of Django's state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        table, plain = self.table, f"{self.table}_plain"
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(INDEXES, [table])
            indexes = [row[0] for row in cursor.fetchall()]
            cursor.execute(CONSTRAINTS, [table])
            keys = cursor.fetchall()
        statements = [
            f'ALTER TABLE "{table}" RENAME TO "{plain}"',
            f'CREATE TABLE "{table}" (LIKE "{plain}" INCLUDING DEFAULTS INCLUDING CONSTRAINTS)'
            f" PARTITION BY HASH ({self.patient})",
            f'DROP TABLE "{plain}"',
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_pkey" PRIMARY KEY ({self.patient}, id)',
            *indexes,
            *(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}' for name, definition in keys),
        ]
        for part in range(self.parts):
            name = f'"{table}_{part:02d}"'
            statements += [
                f'CREATE TABLE {name} PARTITION OF "{table}" FOR VALUES WITH (MODULUS {self.parts}, REMAINDER {part})',
                # Nobody reads a partition by its own name; without a policy not even a login to come could.
                f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
            ]
        for statement in statements:
            schema_editor.execute(statement)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """The whole table goes in the migration before this one, with its partitions."""

    def describe(self) -> str:
        return f"Partition {self.table} by patient"
