"""First prescriptions by the day on which their days to be collected are over, and those that nobody came for."""

import django.db.models.deletion
from django.db import migrations, models

import healthcare.db.uuids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_row_security"),
        ("analytics", "0001_initial"),
    ]
    operations = [
        migrations.CreateModel(
            name="MedicineDay",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("day", models.DateField()),
                ("ready", models.PositiveIntegerField()),
                ("not_collected", models.PositiveIntegerField()),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.provider"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.site"
                    ),
                ),
            ],
            options={
                "verbose_name": "medicines of a day",
                "verbose_name_plural": "medicines of days",
                "constraints": [
                    models.UniqueConstraint(fields=("day", "site", "provider"), name="medicine_day_once"),
                    models.CheckConstraint(
                        condition=models.Q(("ready__gte", models.F("not_collected"))),
                        name="medicine_day_ready_is_all",
                    ),
                ],
            },
        ),
    ]
