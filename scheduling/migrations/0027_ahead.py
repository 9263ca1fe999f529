"""What patients say before a visit."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME, ROLE = "(SELECT app.user_id())", "(SELECT app.acting_role())"
REACHED = f"({sees('schedule', 'scheduling_aheadanswer.patient_id')})"
OWN = f"{REACHED} AND {ROLE} = 'patient' AND answered_by_id = {ME}"


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0041_grants_change_by_projection_alone"),
        ("scheduling", "0026_anyone"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AheadAnswer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("item", models.SlugField(help_text="The name of the part that asked.", max_length=20)),
                ("right", models.BooleanField(help_text="Otherwise something is different.")),
                (
                    "answered_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "appointment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scheduling.appointment",
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
                "constraints": [
                    models.UniqueConstraint(fields=("appointment", "item"), name="ahead_answer_one_an_item")
                ],
            },
        ),
        CompositeParentKey("scheduling_aheadanswer", "appointment_id", "scheduling_appointment"),
        ProtectTable("scheduling_aheadanswer", sees=REACHED, adds=OWN, changes=OWN),
    ]
