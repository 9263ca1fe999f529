"""When somebody else is told of a result that nobody has read."""

import django.db.models.deletion
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

REACHED = f"({sees('clinical', 'records_resultdue.patient_id')})"


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0039_site_numbers"),
        ("records", "0017_answers"),
    ]

    operations = [
        migrations.CreateModel(
            name="ResultDue",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "queue",
                    models.CharField(
                        choices=[
                            ("urgent", "urgent"),
                            ("default", "default"),
                            ("bulk", "bulk"),
                            ("sync", "sync"),
                            ("maintenance", "maintenance"),
                        ],
                        default="default",
                        max_length=12,
                    ),
                ),
                ("next_at", models.DateTimeField(null=True)),
                ("handed_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=80)),
                (
                    "entry",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.entry",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
            ],
            options={
                "verbose_name": "result to be read",
                "verbose_name_plural": "results to be read",
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_at__isnull", False)),
                        fields=["queue", "next_at"],
                        name="resultdue_waiting",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("entry",), name="result_due_once")],
            },
        ),
        CompositeParentKey("records_resultdue", "entry_id", "records_entry"),
        ProtectTable(
            "records_resultdue",
            sees=REACHED,
            adds=f"{REACHED} AND (SELECT app.acting_role()) <> 'patient'",
            changes="false",
        ),
    ]
