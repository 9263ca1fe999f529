"""Who opened a record is read with its health parts: not by whoever acts for the patient in visits or bills alone."""

from django.db import migrations

READS = """(SELECT app.acting_role()) = 'patient' AND patient_id IS NOT NULL
AND app.reaches(patient_id, '{scope}')"""
CHANGE = "ALTER POLICY patient_reads_own ON audit_auditevent USING ({condition})"


class Migration(migrations.Migration):
    dependencies = [("patients", "0017_disclosures"), ("audit", "0002_append_only")]
    operations = [
        migrations.RunSQL(
            CHANGE.format(condition=READS.format(scope="clinical")),
            CHANGE.format(condition=READS.format(scope="identity")),
        ),
    ]
