"""Nobody changes a grant, whatever they see of it: no login may, and now no policy lets it. And a function goes that
nothing asks any more since app.closed_patient_ids knows one's own chart itself.
"""

from django.db import migrations

CHANGES = "ALTER POLICY person_changes ON {table} USING ({condition}) WITH CHECK ({condition})"
SEEN = {
    "patients_usergrant": "user_id = ANY ((SELECT app.stood_for())::uuid[])",
    "patients_groupgrant": "group_id = ANY ((SELECT app.group_ids())::integer[])",
}
OWN = """
CREATE FUNCTION app.own_patient_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT r.patient_id FROM patients_carerelationship r
    WHERE r.kind = 'self' AND r.user_id = app.user_id() AND r.validity @> statement_timestamp()
    AND app.acting_role() <> 'patient'
$$;
REVOKE ALL ON FUNCTION app.own_patient_id() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.own_patient_id() TO owner, web, worker, backup, system_actor;
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0040_grants_by_scope")]
    operations = [
        *(
            migrations.RunSQL(
                CHANGES.format(table=table, condition="false"), CHANGES.format(table=table, condition=seen)
            )
            for table, seen in SEEN.items()
        ),
        migrations.RunSQL("DROP FUNCTION app.own_patient_id()", OWN),
    ]
