"""An index that another one begins with, or that nobody asks along, is written for nothing at every booking.

By SQL and by name: AlterField would take every index of the column alone with it, and unique ones are such.
"""

import django.db.models.deletion
from django.db import migrations, models

WRITTEN_FOR_NOTHING = (("alerts_reminder_appointment_id_d8f71a02", "alerts_reminder", "appointment_id"),)


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0003_handed_over"),
        ("scheduling", "0007_one_index_each"),
    ]

    operations = [
        *(
            migrations.RunSQL(f"DROP INDEX {name}", f"CREATE INDEX {name} ON {table} ({column})")
            for name, table, column in WRITTEN_FOR_NOTHING
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="reminder",
                    name="appointment",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scheduling.appointment",
                    ),
                ),
            ]
        ),
    ]
