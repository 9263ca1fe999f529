"""What must never be false of a conversation in the chart, and where one is found again."""

from django.db import migrations

THERE = r"""
ALTER TABLE records_entry ADD CONSTRAINT entry_conversation_has_its_words CHECK (kind <> 'conversation'
    OR sealed IS NOT NULL AND data ? 'thread' AND data ? 'last' AND (data ->> 'messages')::integer > 0);
CREATE INDEX entry_conversation_of_thread ON records_entry (patient_id, (data -> 'thread'))
    WHERE kind = 'conversation' AND superseded_at IS NULL;
"""
GONE = """
DROP INDEX entry_conversation_of_thread;
ALTER TABLE records_entry DROP CONSTRAINT entry_conversation_has_its_words;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0032_conversations_in_the_chart")]
    operations = [migrations.RunSQL(THERE, GONE)]
