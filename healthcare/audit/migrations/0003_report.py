from typing import Any

from django.db import migrations, models

# In which sign-in it was done: the session of a browser or the token of a program, neither of which opens anything.
# Rows of before have none; who looks for a session's events finds them by the account and the time.
SESSION = "ALTER TABLE audit_auditevent ADD COLUMN session_id uuid"

# One for each field by which the report is filtered or sorted; patient and account have theirs since the beginning.
# Nearly all events are `ok`, and nearly all are somebody's: those are found along the key.
INDEXES = """
CREATE INDEX auditevent_by_action ON audit_auditevent (action, id DESC);
CREATE INDEX auditevent_by_role ON audit_auditevent (actor_role, id DESC);
CREATE INDEX auditevent_by_address ON audit_auditevent (address, id DESC);
CREATE INDEX auditevent_by_outcome ON audit_auditevent (outcome, id DESC) WHERE outcome <> 'ok';
CREATE INDEX auditevent_by_nobody ON audit_auditevent (id DESC) WHERE actor_id IS NULL;
"""
# As in 0002, and said so that the planner expects many rows for the privacy officer, not the few of a comparison.
READERS = """
ALTER POLICY person_sees ON audit_auditevent USING (
    CASE WHEN (SELECT app.acting_role()) = 'privacy_officer' THEN true ELSE actor_id = (SELECT app.user_id()) END)
"""
READERS_BEFORE = """
ALTER POLICY person_sees ON audit_auditevent USING (
    actor_id = (SELECT app.user_id()) OR (SELECT app.acting_role()) = 'privacy_officer')
"""
BACK = """
DROP INDEX auditevent_by_action, auditevent_by_role, auditevent_by_address, auditevent_by_outcome, auditevent_by_nobody
"""


def index(name: str, *fields: str, condition: Any = None) -> migrations.AddIndex:
    return migrations.AddIndex(
        "auditevent", models.Index(fields=fields, name=f"auditevent_by_{name}", condition=condition)
    )


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(SESSION, "ALTER TABLE audit_auditevent DROP COLUMN session_id"),
                migrations.RunSQL(INDEXES, BACK),
                migrations.RunSQL(READERS, READERS_BEFORE),
            ],
            state_operations=[
                migrations.AddField("auditevent", "session_id", models.UUIDField(null=True)),
                index("action", "action", "-id"),
                index("role", "actor_role", "-id"),
                index("address", "address", "-id"),
                index("outcome", "outcome", "-id", condition=~models.Q(outcome="ok")),
                index("nobody", "-id", condition=models.Q(actor_id__isnull=True)),
            ],
        )
    ]
