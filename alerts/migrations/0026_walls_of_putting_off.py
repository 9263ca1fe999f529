"""What somebody put off is theirs alone to see and to change."""

from django.db import migrations

from healthcare.db.rowsecurity import ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
STAFF = "(SELECT app.acting_role()) <> 'patient'"


class Migration(migrations.Migration):
    dependencies = [("alerts", "0025_put_off")]
    operations = [
        ProtectTable(
            "alerts_putoff",
            sees=f"{STAFF} AND user_id = {ME} AND ({sees('identity', 'alerts_putoff.patient_id')})",
        )
    ]
