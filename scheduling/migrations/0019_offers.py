"""Times that became free, and for whom which are kept."""

import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_what_providers_say"),
        ("patients", "0041_grants_change_by_projection_alone"),
        ("scheduling", "0018_waitlist"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Opening",
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
                ("during", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="WaitOffer",
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
                ("during", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ("time_zone", models.CharField(max_length=64)),
                ("until", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("offered", "Waits for an answer"),
                            ("accepted", "Accepted"),
                            ("booked", "Booked"),
                            ("declined", "Declined"),
                            ("expired", "Nobody answered in time"),
                            ("withdrawn", "Taken back"),
                            ("unreached", "No message could be sent"),
                            ("lost", "Could not be booked any more"),
                        ],
                        default="offered",
                        max_length=9,
                    ),
                ),
                ("by_link", models.BooleanField(default=False)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="opening",
            name="resource",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.resource"
            ),
        ),
        migrations.AddField(
            model_name="waitoffer",
            name="answered_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="waitoffer",
            name="appointment",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="scheduling.appointment",
            ),
        ),
        migrations.AddField(
            model_name="waitoffer",
            name="patient",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
            ),
        ),
        migrations.AddField(
            model_name="waitoffer",
            name="provider",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.provider"
            ),
        ),
        migrations.AddField(
            model_name="waitoffer",
            name="wait",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="offers",
                to="scheduling.wait",
            ),
        ),
        migrations.AddIndex(
            model_name="opening",
            index=models.Index(
                condition=models.Q(("next_at__isnull", False)), fields=["queue", "next_at"], name="opening_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="opening",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("during__isempty", False),
                    ("during__lower_inc", True),
                    ("during__lower_inf", False),
                    ("during__upper_inc", False),
                    ("during__upper_inf", False),
                ),
                name="opening_half_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="opening",
            constraint=models.UniqueConstraint(fields=("resource", "during"), name="opening_once"),
        ),
        migrations.AddIndex(
            model_name="waitoffer",
            index=models.Index(
                condition=models.Q(("next_at__isnull", False)), fields=["queue", "next_at"], name="waitoffer_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="waitoffer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("during__isempty", False),
                    ("during__lower_inc", True),
                    ("during__lower_inf", False),
                    ("during__upper_inc", False),
                    ("during__upper_inf", False),
                ),
                name="offer_half_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitoffer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["offered", "accepted"])),
                fields=("patient",),
                name="offer_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitoffer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["offered", "accepted"]), _negated=True),
                    ("next_at__isnull", False),
                    _connector="OR",
                ),
                name="offer_open_is_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitoffer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("appointment__isnull", False), ("state", "booked")),
                    models.Q(models.Q(("state", "booked"), _negated=True), ("appointment", None)),
                    _connector="OR",
                ),
                name="offer_booked_says_which",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitoffer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["accepted", "booked", "declined"]), _negated=True),
                    ("answered_at__isnull", False),
                    _connector="OR",
                ),
                name="offer_answered_says_when",
            ),
        ),
    ]
