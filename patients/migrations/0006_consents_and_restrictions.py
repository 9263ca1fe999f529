import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0005_sync_by_holder"),
        ("accounts", "0004_covers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="patient",
            options={
                "default_permissions": (),
                "permissions": [
                    ("identity", "identity of a patient"),
                    ("schedule", "schedule of a patient"),
                    ("clinical", "clinical of a patient"),
                    ("medication", "medication of a patient"),
                    ("billing", "billing of a patient"),
                    ("message", "message of a patient"),
                    ("mental_health", "mental_health of a patient"),
                    ("substance_use", "substance_use of a patient"),
                    ("reproductive", "reproductive of a patient"),
                    ("adolescent", "adolescent of a patient"),
                ],
            },
        ),
        migrations.AddField(
            model_name="carerelationship",
            name="labels",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("mental_health", "Mental health"),
                        ("substance_use", "Substance use"),
                        ("reproductive", "Reproductive health"),
                        ("adolescent", "Adolescent"),
                    ],
                    max_length=16,
                ),
                blank=True,
                default=list,
                help_text="Which marked items it opens besides. One's own account and emergency access open all.",
                size=None,
            ),
        ),
        migrations.CreateModel(
            name="Consent",
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
                    "purpose",
                    models.CharField(
                        choices=[
                            ("treatment", "Sharing with others who treat me"),
                            ("substance_use", "Records about substance use"),
                            ("privacy_notice", "Notice of privacy practices"),
                            ("research", "Use for research"),
                        ],
                        max_length=16,
                    ),
                ),
                ("decision", models.CharField(choices=[("permit", "Agreed"), ("deny", "Refused")], max_length=6)),
                ("text_version", models.CharField(help_text="Which text was shown.", max_length=40)),
                ("text_hash", models.CharField(help_text="SHA-256 of it, as shown.", max_length=64)),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("portal", "In the portal"),
                            ("in_person", "In person, at the clinic"),
                            ("paper", "Signed on paper"),
                            ("phone", "By telephone"),
                        ],
                        max_length=10,
                    ),
                ),
                ("given_at", models.DateTimeField()),
                (
                    "validity",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(
                        help_text="From the first moment to, and without, the last; open end is no end."
                    ),
                ),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["patient", "purpose"], name="consent_by_patient")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdrawn_at", None), ("withdrawn_by", None)),
                            models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="consent_withdrawn_says_who",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Restriction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                (
                    "validity",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(
                        help_text="From the first moment to, and without, the last; open end is no end."
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agreed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who must not see it",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["user"], name="restriction_by_user")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("ended_by", None)),
                            models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="restriction_ended_says_who",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="restriction_has_a_reason"
                    ),
                ],
            },
        ),
    ]
