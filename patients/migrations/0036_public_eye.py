"""Who is in the public eye: a close watch that whoever treats them is told of; others do not find them by name."""

from django.db import migrations, models

# The officer who places a watch reaches no patient, so the mark is set by the owner.
MARK = """
CREATE FUNCTION app.mark_public_eye() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE patients_patient p SET public_eye = found.told
    FROM (SELECT one.id, EXISTS (SELECT 1 FROM patients_closewatch w
            WHERE w.patient_id = one.id AND w.ended_at IS NULL AND w.public_eye) AS told
        FROM unnest(array[OLD.patient_id, NEW.patient_id]) AS one(id)) AS found
    WHERE p.id = found.id AND p.public_eye <> found.told;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.mark_public_eye() FROM PUBLIC;
CREATE TRIGGER mark_public_eye AFTER INSERT OR UPDATE OR DELETE ON patients_closewatch
    FOR EACH ROW EXECUTE FUNCTION app.mark_public_eye();
"""
# Whoever is out of reach and in the public eye is found by number or date of birth, and not by a name that all know.
SEARCH = r"""
DO $do$
DECLARE
    found text := pg_get_functiondef('app.find_patients(text,date,text,text,integer)'::regprocedure);
    changed text := replace(found, 'FROM judged j ORDER BY',
        'FROM judged j WHERE j.visible OR NOT j.public_eye OR NOT by_name ORDER BY');
BEGIN
    IF found = changed THEN RAISE EXCEPTION 'the search does not stand as it was expected'; END IF;
    EXECUTE changed;
END $do$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0035_walls_of_self_registrations"),
    ]

    operations = [
        migrations.AddField(
            model_name="closewatch",
            name="public_eye",
            field=models.BooleanField(
                default=False,
                help_text="Who treats the patient is told; who does not finds the record by name no more.",
                verbose_name="in the public eye",
            ),
        ),
        migrations.AddField(
            model_name="patient",
            name="public_eye",
            field=models.BooleanField(default=False, editable=False, help_text="By a close watch, by a trigger."),
        ),
        migrations.RunSQL(MARK + SEARCH, migrations.RunSQL.noop),
    ]
