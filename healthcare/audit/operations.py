"""For the migrations of apps to the right: who else may read the audit of a patient."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class AuditReaders(Operation):
    """Add a policy by which more people read audit rows, such as patients those about themselves.

    The audit knows no patients, so an app that does says who: `sees` is an SQL condition on the row's `patient_id` and
    `actor_id`, for example `(SELECT app.acting_role()) = 'patient' AND patient_id IN (SELECT …)`. Policies add up, so
    this can only let more people see. With `changes`, it covers the field-by-field changes as well.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, name: str, *, sees: str, changes: bool = False) -> None:
        self.name, self.sees, self.changes = name, sees, changes

    @property
    def tables(self) -> tuple[str, ...]:
        return ("audit_auditevent", "audit_change") if self.changes else ("audit_auditevent",)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """A policy is not part of Django's state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        for table in self.tables:
            schema_editor.execute(
                f'CREATE POLICY "{self.name}" ON {table} FOR SELECT TO web, worker USING ({self.sees})'
            )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        for table in self.tables:
            schema_editor.execute(f'DROP POLICY "{self.name}" ON {table}')

    def describe(self) -> str:
        return f"Let {self.name} read audit rows"
