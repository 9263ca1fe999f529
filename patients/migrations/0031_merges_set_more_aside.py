"""Of two records of one person both often have the same telephone number: what would stand twice is set aside."""

from django.db import migrations

BEFORE = "patients_deathreport"
AFTER = "patients_deathreport'', ''patients_contactpoint'', ''patients_contactpreference'', ''patients_proposedchange"
REPLACE = f"""
DO $do$
DECLARE
    body text := pg_get_functiondef(
        'app.merge_patients(uuid, uuid, uuid, uuid, jsonb, text, timestamptz)'::regprocedure);
BEGIN
    IF position('{BEFORE}' IN body) = 0 THEN
        RAISE EXCEPTION 'the merge is not in the words that this expects';
    END IF;
    EXECUTE replace(body, '{BEFORE}', '{AFTER}');
END $do$;
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0025_reads_of_merges"), ("patients", "0030_proposals")]
    operations = [migrations.RunSQL(REPLACE, migrations.RunSQL.noop)]
