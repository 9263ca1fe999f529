"""When patients take a medicine, by their own word, and what became of each dose."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0041_grants_change_by_projection_alone"),
        ("prescriptions", "0020_walls_of_sheets"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DosePlan",
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
                    "times",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TimeField(), help_text="On the clock of the zone.", size=None
                    ),
                ),
                ("time_zone", models.CharField(max_length=64)),
                ("first_day", models.DateField(help_text="From which the days between two doses are counted.")),
                ("every", models.PositiveSmallIntegerField(default=1, help_text="Days from one dose day to the next.")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
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
                    "prescription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dose_plans",
                        to="prescriptions.prescription",
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "times of a medicine",
                "verbose_name_plural": "times of medicines",
            },
        ),
        migrations.CreateModel(
            name="DoseMark",
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
                ("at", models.TimeField()),
                ("state", models.CharField(choices=[("taken", "Taken"), ("skipped", "Skipped")], max_length=7)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("forgot", "I forgot"),
                            ("side_effects", "Side effects"),
                            ("too_ill", "I was too ill to take it"),
                            ("felt_well", "I felt well without it"),
                            ("ran_out", "I have none left"),
                            ("told_to", "A doctor or nurse told me to"),
                            ("other", "Another reason"),
                        ],
                        max_length=12,
                    ),
                ),
                ("marked_at", models.DateTimeField()),
                (
                    "marked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="marks", to="prescriptions.doseplan"
                    ),
                ),
            ],
            options={
                "verbose_name": "mark of a dose",
                "verbose_name_plural": "marks of doses",
            },
        ),
        migrations.AddIndex(
            model_name="doseplan",
            index=models.Index(fields=["patient", "ends_at"], name="doseplan_by_patient"),
        ),
        migrations.AddConstraint(
            model_name="doseplan",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ends_at", None)), fields=("prescription",), name="doseplan_one_per_prescription"
            ),
        ),
        migrations.AddConstraint(
            model_name="doseplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("times__len__gte", 1), ("times__len__lte", 6)), name="doseplan_one_to_six_times"
            ),
        ),
        migrations.AddConstraint(
            model_name="doseplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("every__gte", 1), ("every__lte", 28)), name="doseplan_plausible_days"
            ),
        ),
        migrations.AddConstraint(
            model_name="doseplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_by", None), ("ends_at", None)),
                    models.Q(
                        ("ended_by__isnull", False), ("ends_at__gte", models.F("starts_at")), ("ends_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="doseplan_ended_says_by_whom",
            ),
        ),
        migrations.AddIndex(
            model_name="dosemark",
            index=models.Index(fields=["patient", "day"], name="dosemark_by_patient"),
        ),
        migrations.AddConstraint(
            model_name="dosemark",
            constraint=models.UniqueConstraint(fields=("plan", "day", "at"), name="dosemark_one_a_dose"),
        ),
        migrations.AddConstraint(
            model_name="dosemark",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reason", ""), ("state", "taken")),
                    models.Q(("state", "skipped"), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="dosemark_skipped_says_why",
            ),
        ),
    ]
