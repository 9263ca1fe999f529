import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable

ME = "(SELECT app.user_id())"
OFFICER = "(SELECT app.acting_role()) = 'privacy_officer'"


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0004_one_index_each"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="WatchMark",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(default="audit", editable=False, max_length=10, unique=True)),
                ("until", models.DateTimeField()),
            ],
            options={
                "verbose_name": "mark of the watch",
            },
        ),
        migrations.CreateModel(
            name="Anomaly",
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
                    "rule",
                    models.CharField(
                        choices=[
                            ("many_charts", "Many charts in a short time"),
                            ("after_hours", "Charts opened at night"),
                            ("serial", "Record numbers one after another"),
                            ("denials", "Refused again and again"),
                            ("exports", "Many files taken out"),
                            ("own_record", "Own record, in a staff role"),
                            ("same_surname", "A patient of the same family name"),
                            ("colleague", "The record of a colleague"),
                            ("watched", "A record that is watched closely"),
                        ],
                        max_length=16,
                    ),
                ),
                ("role", models.CharField(blank=True, max_length=20)),
                ("address", models.GenericIPAddressField(blank=True, null=True)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("count", models.PositiveIntegerField()),
                ("events", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ("occasion", models.CharField(max_length=160, unique=True)),
                ("found_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("justified", "Justified"),
                            ("not_justified", "Not justified"),
                            ("follow_up", "Needs follow-up"),
                        ],
                        max_length=16,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reviewed_by",
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
                "verbose_name": "unusual access",
                "verbose_name_plural": "unusual accesses",
                "indexes": [
                    models.Index(
                        condition=models.Q(("verdict__in", ["", "follow_up"])),
                        fields=["due_at"],
                        name="anomaly_waiting",
                    ),
                    models.Index(fields=["-found_at"], name="anomaly_by_time"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at", None), ("reviewed_by", None), ("verdict", "")),
                            models.Q(
                                models.Q(("verdict", ""), _negated=True),
                                ("reviewed_at__isnull", False),
                                ("reviewed_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="anomaly_reviewed_says_who_and_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reviewed_by", None),
                            ("person", None),
                            models.Q(("reviewed_by", models.F("person")), _negated=True),
                            _connector="OR",
                        ),
                        name="anomaly_reviewed_by_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WatchEdit",
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
                    "rule",
                    models.CharField(
                        choices=[
                            ("many_charts", "Many charts in a short time"),
                            ("after_hours", "Charts opened at night"),
                            ("serial", "Record numbers one after another"),
                            ("denials", "Refused again and again"),
                            ("exports", "Many files taken out"),
                            ("own_record", "Own record, in a staff role"),
                            ("same_surname", "A patient of the same family name"),
                            ("colleague", "The record of a colleague"),
                            ("watched", "A record that is watched closely"),
                        ],
                        max_length=16,
                        unique=True,
                    ),
                ),
                ("is_on", models.BooleanField(default=True, verbose_name="watches")),
                (
                    "at_least",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000),
                        ]
                    ),
                ),
                (
                    "minutes",
                    models.PositiveIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(1440)]),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a rule",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("at_least__gte", 1), ("at_least__lte", 10000), ("minutes__lte", 1440)),
                        name="watch_edit_in_bounds",
                    )
                ],
            },
        ),
        # The system finds; a privacy officer reviews, in their own name.
        ProtectTable(
            "alerts_anomaly",
            sees=OFFICER,
            adds="false",
            changes=f"{OFFICER} AND verdict <> '' AND reviewed_by_id = {ME}",
        ),
        ProtectTable("alerts_watchedit", sees=OFFICER, adds=f"{OFFICER} AND made_by_id = {ME}"),
        ProtectTable("alerts_watchmark", sees="false"),
        migrations.AlterField(
            model_name="notice",
            name="letter",
            field=models.CharField(
                choices=[
                    ("appointment_booked", "appointment_booked"),
                    ("appointment_moved", "appointment_moved"),
                    ("appointment_cancelled", "appointment_cancelled"),
                    ("reminder", "reminder"),
                    ("new_message", "new_message"),
                    ("message_to_answer", "message_to_answer"),
                    ("result_released", "result_released"),
                    ("prescription_ready", "prescription_ready"),
                    ("privacy_answer", "privacy_answer"),
                    ("invoice_issued", "invoice_issued"),
                    ("urgent_alert", "urgent_alert"),
                    ("alert", "alert"),
                    ("unanswered_alert", "unanswered_alert"),
                ],
                max_length=24,
            ),
        ),
    ]
