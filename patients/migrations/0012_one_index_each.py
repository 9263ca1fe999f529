"""An index that another one begins with, or that nobody asks along, is written for nothing at every booking.

By SQL and by name: AlterField would take every index of the column alone with it, and unique ones are such.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WRITTEN_FOR_NOTHING = (
    ("patients_carerelationship_patient_id_a6ccdef6", "patients_carerelationship", "patient_id"),
    ("patients_carerelationship_user_id_dc3a05b6", "patients_carerelationship", "user_id"),
    ("patients_groupgrant_content_object_id_092739e2", "patients_groupgrant", "content_object_id"),
    ("patients_groupgrant_group_id_9d679817", "patients_groupgrant", "group_id"),
    ("patients_groupgrant_permission_id_fdd89f63", "patients_groupgrant", "permission_id"),
    ("patients_usergrant_content_object_id_93a05f2c", "patients_usergrant", "content_object_id"),
    ("patients_usergrant_permission_id_b75aad8e", "patients_usergrant", "permission_id"),
    ("patients_usergrant_user_id_96f049ff", "patients_usergrant", "user_id"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("patients", "0011_plan_projection_once"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        *(
            migrations.RunSQL(f"DROP INDEX {name}", f"CREATE INDEX {name} ON {table} ({column})")
            for name, table, column in WRITTEN_FOR_NOTHING
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="carerelationship",
                    name="patient",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
                migrations.AlterField(
                    model_name="carerelationship",
                    name="user",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="groupgrant",
                    name="content_object",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
                migrations.AlterField(
                    model_name="groupgrant",
                    name="group",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="auth.group"
                    ),
                ),
                migrations.AlterField(
                    model_name="groupgrant",
                    name="permission",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="auth.permission"
                    ),
                ),
                migrations.AlterField(
                    model_name="usergrant",
                    name="content_object",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
                migrations.AlterField(
                    model_name="usergrant",
                    name="permission",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="auth.permission"
                    ),
                ),
                migrations.AlterField(
                    model_name="usergrant",
                    name="user",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ]
        ),
    ]
