"""Grants of one patient are found by scope, and `app.reaches` asks who acts once.

Each row of each protected table asks for the grants of its patient. There are some twenty of them, and two or three of
the scope that is asked for. In `app.reaches` the functions stood where each grant asked them again.
"""

from django.conf import settings
from django.db import migrations, models

FUNCTIONS = """
CREATE OR REPLACE FUNCTION app.reaches(patient uuid, scope text) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    permission integer := app.scope_permission(scope);
    people uuid[] := app.stood_for();
    acting text := app.acting_role();
    me uuid := app.user_id();
BEGIN
    RETURN (
        EXISTS (SELECT 1 FROM patients_usergrant g WHERE g.content_object_id = patient
            AND g.user_id = ANY (people) AND g.role = acting AND g.permission_id = permission
            AND (g.alone IS NULL OR NOT g.alone @> statement_timestamp() OR g.user_id = me)
            AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())
        OR EXISTS (SELECT 1 FROM patients_groupgrant g WHERE g.content_object_id = patient
            AND g.group_id = ANY ((SELECT app.group_ids())::integer[]) AND g.permission_id = permission
            AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())
    ) AND patient <> ALL ((SELECT app.closed_patient_ids())::uuid[]);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("patients", "0039_site_numbers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        *(
            operation
            for model, name in (("usergrant", "usergrant_by_patient"), ("groupgrant", "groupgrant_by_patient"))
            for operation in (
                migrations.RemoveIndex(model, name),
                migrations.AddIndex(model, models.Index(fields=["content_object", "permission"], name=name)),
            )
        ),
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
    ]
