"""Migration operations that put the second wall round a table."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

SYSTEM = "(SELECT app.system_purpose()) IS NOT NULL"


class ProtectTable(Operation):
    """Enable and force row security, with one policy per act.

    `sees` is an SQL condition for web and worker logins acting as a person; `adds` and `changes` are what a new row has
    to satisfy (default: `sees`); "false" forbids. The system, in worker processes alone, sees every row; the owner sees
    every row for migrations, and nothing else ever signs in as the owner.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str, *, sees: str, adds: str = "", changes: str = "", removes: str = "false") -> None:
        self.table, self.sees = table, sees
        self.adds, self.changes, self.removes = adds, changes, removes

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The wall is not part of Django's state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        for statement in self.statements():
            schema_editor.execute(statement)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        for policy in ("person_sees", "person_adds", "person_changes", "person_removes", "system_acts", "owner_acts"):
            schema_editor.execute(f'DROP POLICY IF EXISTS {policy} ON "{self.table}"')
        schema_editor.execute(f'ALTER TABLE "{self.table}" NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY')

    def statements(self) -> list[str]:
        table = f'"{self.table}"'
        adds, changes = self.adds or self.sees, self.changes or self.sees
        return [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY person_sees ON {table} FOR SELECT TO web, worker USING ({self.sees})",
            f"CREATE POLICY person_adds ON {table} FOR INSERT TO web, worker WITH CHECK ({adds})",
            f"CREATE POLICY person_changes ON {table} FOR UPDATE TO web, worker"
            f" USING ({self.sees}) WITH CHECK ({changes})",
            f"CREATE POLICY person_removes ON {table} FOR DELETE TO web, worker USING ({self.removes})",
            f"CREATE POLICY system_acts ON {table} TO system_actor USING ({SYSTEM}) WITH CHECK ({SYSTEM})",
            f"CREATE POLICY owner_acts ON {table} TO owner USING (true) WITH CHECK (true)",
        ]

    def describe(self) -> str:
        return f"Protect {self.table} by row security"


class CompositeParentKey(Operation):
    """A child's patient must be its parent's patient: `(parent_id, patient_id)` references the parent's two columns.

    In Django's state the key stays the parent's `id`; this adds the pair in SQL, with the unique key it needs.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str, column: str, parent: str, *, patient: str = "patient_id") -> None:
        self.table, self.column, self.parent, self.patient = table, column, parent, patient

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The pair is not part of Django's state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        schema_editor.execute(
            f'CREATE UNIQUE INDEX IF NOT EXISTS "{self.parent}_id_patient" ON "{self.parent}" (id, {self.patient})'
        )
        schema_editor.execute(
            f'ALTER TABLE "{self.table}" ADD CONSTRAINT "{self.name}" FOREIGN KEY ({self.column}, {self.patient})'
            f' REFERENCES "{self.parent}" (id, {self.patient}) DEFERRABLE INITIALLY DEFERRED'
        )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        schema_editor.execute(f'ALTER TABLE "{self.table}" DROP CONSTRAINT "{self.name}"')

    @property
    def name(self) -> str:
        return f"{self.table}_{self.column}_same_patient"

    def describe(self) -> str:
        return f"Tie {self.table}.{self.column} to the same patient as its parent"
