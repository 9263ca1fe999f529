"""Who tried to reach somebody who is to come again, when and how it went; never what was said."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME, STAFF = "(SELECT app.user_id())", "(SELECT app.acting_role()) <> 'patient'"
REACHED = f"({sees('schedule', 'records_recallcall.patient_id')})"


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0041_grants_change_by_projection_alone"),
        ("records", "0027_visits_in_error"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RecallCall",
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
                    "outcome",
                    models.CharField(
                        choices=[
                            ("reached", "Reached"),
                            ("message", "Left a message"),
                            ("no_answer", "Nobody answered"),
                            ("wrong", "The number is wrong"),
                        ],
                        max_length=9,
                    ),
                ),
                ("called_at", models.DateTimeField()),
                (
                    "called_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "recall",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="records.recall",
                    ),
                ),
            ],
            options={
                "verbose_name": "call about a recall",
                "verbose_name_plural": "calls about recalls",
            },
        ),
        CompositeParentKey("records_recallcall", "recall_id", "records_recall"),
        ProtectTable("records_recallcall", sees=REACHED, adds=f"{STAFF} AND called_by_id = {ME} AND {REACHED}"),
    ]
