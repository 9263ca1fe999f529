"""The second wall round what is taken by the word of other systems: it comes by import alone, and is never rewritten.

Which columns a login may change at all is said by the model's `database_access`.
"""

from django.db import migrations

from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

TABLE = "prescriptions_medicationstatement"
STAFF = "(SELECT app.acting_role()) <> 'patient'"
REACH = sees("medication", f"{TABLE}.patient_id")
ENDED_BY_ONESELF = "(ended_by_id IS NULL OR ended_by_id = (SELECT app.user_id()))"


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0003_statements"), ("prescriptions", "0002_walls"), ("patients", "0002_walls")]
    operations = [
        ProtectTable(
            TABLE,
            sees=REACH,
            adds="false",
            changes=f"{STAFF} AND {ENDED_BY_ONESELF} AND {REACH}",
        ),
        CompositeParentKey(TABLE, "encounter_id", "records_encounter"),
        CompositeParentKey(TABLE, "supersedes_id", TABLE),
    ]
