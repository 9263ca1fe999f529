"""A code for the portal is claimed with a date of birth: where none is known to the day, the one that stands there is
nobody's secret, and opens nothing.
"""

from django.db import migrations

CLAIM = """
DO $$
DECLARE
    found text := pg_get_functiondef('app.claim_portal_code(text,date)'::regprocedure);
    changed text := replace(found, 'p.birth_date = born', 'p.birth_date = born AND p.birth_precision = ''day''');
BEGIN
    IF found = changed THEN RAISE EXCEPTION 'the claim does not stand as it was expected'; END IF;
    EXECUTE changed;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0031_merges_set_more_aside")]
    operations = [migrations.RunSQL(CLAIM, migrations.RunSQL.noop)]
