"""A row of `alerts_alert` names its area: the grant of that one is asked for, and no longer that of each area in turn.

The bell counts these rows on every page, and half of what the count took was asking the same of three areas.
"""

from django.db import migrations

from patients.rules import sees

AREAS = ("clinical", "medication", "schedule")
# Each is looked up once a statement, not once a row.
PERMISSION = " ".join(f"WHEN '{area}' THEN (SELECT app.scope_permission('{area}'))" for area in AREAS)
OF_ITS_AREA = sees("area", "alerts_alert.patient_id").replace(
    "(SELECT app.scope_permission('area'))", f"CASE alerts_alert.area {PERMISSION} END"
)
SEES = f"""
ALTER POLICY person_sees ON alerts_alert USING ((SELECT app.acting_role()) <> 'patient' AND ({OF_ITS_AREA}))
"""


class Migration(migrations.Migration):
    dependencies = [("alerts", "0007_what_patients_refuse"), ("patients", "0021_quick_reach")]
    operations = [migrations.RunSQL(SEES, migrations.RunSQL.noop)]
