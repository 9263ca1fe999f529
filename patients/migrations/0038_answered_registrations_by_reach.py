"""A registration that became somebody's record is read by who reaches that record, and by nobody else of the desk: who
is kept out of the chart is kept out of what was told for it.
"""

from django.db import migrations

REACHED = "(became IS NOT NULL AND (SELECT app.acting_role()) <> 'patient' AND app.reaches(became, 'identity'))"
QUEUE = """((SELECT app.may_review_registrations()) AND state <> 'unconfirmed'{waits}
AND (site_id IS NULL OR site_id = ANY ((SELECT app.site_ids())::uuid[])))"""
SEES = "ALTER POLICY person_sees ON patients_selfregistration USING ({queue} OR {reached})"


class Migration(migrations.Migration):
    dependencies = [("patients", "0037_emergencies_are_ones_own")]
    operations = [
        migrations.RunSQL(
            SEES.format(queue=QUEUE.format(waits=" AND became IS NULL"), reached=REACHED),
            SEES.format(queue=QUEUE.format(waits=""), reached=REACHED),
        )
    ]
