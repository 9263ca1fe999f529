"""What must never be false of a plan, and what is still to be done by its day."""

from django.db import migrations

THERE = r"""
ALTER TABLE records_entry ADD CONSTRAINT entry_plan_item_says_what CHECK (kind <> 'plan_item' OR display <> ''
    AND clinical_status IN ('active', 'completed', 'revoked')
    AND coalesce(data ->> 'due', '2000-01-01') ~ '^\d{4}-\d\d-\d\d$');
CREATE INDEX entry_plan_item_due ON records_entry (patient_id, (data ->> 'due'))
    WHERE kind = 'plan_item' AND clinical_status = 'active' AND superseded_at IS NULL AND voided_at IS NULL;
"""
GONE = "DROP INDEX entry_plan_item_due; ALTER TABLE records_entry DROP CONSTRAINT entry_plan_item_says_what"


class Migration(migrations.Migration):
    dependencies = [("records", "0014_words")]
    operations = [migrations.RunSQL(THERE, GONE)]
