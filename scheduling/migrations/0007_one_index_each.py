"""An index that another one begins with, or that nobody asks along, is written for nothing at every booking.

By SQL and by name: AlterField would take every index of the column alone with it, and unique ones are such.
"""

import django.db.models.deletion
from django.db import migrations, models

WRITTEN_FOR_NOTHING = (
    ("scheduling_appointment_patient_id_1a2fb708", "scheduling_appointment", "patient_id"),
    ("scheduling_patientclaim_appointment_id_2f4c4207", "scheduling_patientclaim", "appointment_id"),
    (
        "scheduling_appointment_idempotency_key_fd174f46_like",
        "scheduling_appointment",
        "idempotency_key varchar_pattern_ops",
    ),
)


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0012_one_index_each"),
        ("scheduling", "0006_claims_by_patient"),
    ]

    operations = [
        *(
            migrations.RunSQL(f"DROP INDEX {name}", f"CREATE INDEX {name} ON {table} ({column})")
            for name, table, column in WRITTEN_FOR_NOTHING
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="appointment",
                    name="patient",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
                migrations.AlterField(
                    model_name="patientclaim",
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
