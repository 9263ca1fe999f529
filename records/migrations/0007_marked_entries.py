"""Marked entries show to whoever holds the label, and to who wrote them; the policies say so from here on."""

from django.db import migrations

from patients.rules import opens_marked, sees

STAFF = "(SELECT app.acting_role()) <> 'patient'"
SHOWN = "record_status IN ('final', 'corrected', 'amended') AND superseded_at IS NULL AND released_at IS NOT NULL"
REACHED = f"""({sees("clinical", "records_entry.patient_id")})
AND {opens_marked("records_entry", written_by=("author_id", "enterer_id"))}"""
SEES = f"""
ALTER POLICY person_sees ON records_entry USING ({REACHED} AND ({STAFF} OR ({SHOWN})));
ALTER POLICY person_changes ON records_entry USING ({REACHED} AND ({STAFF} OR ({SHOWN})))
    WITH CHECK ({REACHED} AND {STAFF});
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0006_allergies_with_codes"), ("patients", "0007_deny_wins")]
    operations = [migrations.RunSQL(SEES, migrations.RunSQL.noop)]
