"""The list of allergies says the codes beside the words: a safety check knows a substance by either."""

from django.db import migrations

BEFORE = "jsonb_build_object('id', e.id, 'display', e.display, "
AFTER = f"{BEFORE}'code', e.code, 'code_system', e.code_system, "
REPLACE = """
DO $do$
DECLARE
    body text := pg_get_functiondef('app.allergies_of(uuid[])'::regprocedure);
BEGIN
    IF position(%(there)s IN body) = 0 THEN
        RAISE EXCEPTION 'app.allergies_of is not as this migration knows it';
    END IF;
    EXECUTE replace(body, %(there)s, %(then)s);
END $do$;
"""


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Migration(migrations.Migration):
    dependencies = [("records", "0005_told")]
    operations = [
        migrations.RunSQL(
            REPLACE % {"there": literal(BEFORE), "then": literal(AFTER)},
            REPLACE % {"there": literal(AFTER), "then": literal(BEFORE)},
        )
    ]
