"""Who waits for a time."""

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
        ("scheduling", "0017_desk"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Wait",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                (
                    "isodows",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        blank=True,
                        default=list,
                        help_text="Empty means any.",
                        size=None,
                    ),
                ),
                (
                    "parts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=9),
                        blank=True,
                        default=list,
                        help_text="Empty means any.",
                        size=None,
                    ),
                ),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "In order"), (1, "Before others"), (2, "First of all")], default=0
                    ),
                ),
                ("priority_reason", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits"),
                            ("booked", "Got a time"),
                            ("left", "Taken off the list"),
                            ("over", "The last day is over"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="visittype",
            name="offer_minutes",
            field=models.PositiveSmallIntegerField(
                default=30, verbose_name="a time that became free is kept so many minutes for who waits for it"
            ),
        ),
        migrations.AddConstraint(
            model_name="visittype",
            constraint=models.CheckConstraint(
                condition=models.Q(("offer_minutes__range", (5, 720))), name="visit_type_offers_for_a_while"
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="added_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="ended_by",
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
            model_name="wait",
            name="patient",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="provider",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty means any.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.provider",
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="site",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.site"
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="visit_type",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.visittype"
            ),
        ),
        migrations.AddIndex(
            model_name="wait",
            index=models.Index(fields=["patient"], name="wait_by_patient"),
        ),
        migrations.AddIndex(
            model_name="wait",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["site", "-priority", "created_at"],
                name="wait_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="wait",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")),
                fields=("patient", "visit_type", "site", "provider"),
                name="wait_once_for_each",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="wait",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_day__lte", models.F("last_day"))), name="wait_days_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="wait",
            constraint=models.CheckConstraint(
                condition=models.Q(("parts__contained_by", ["morning", "afternoon", "evening"])),
                name="wait_parts_are_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="wait",
            constraint=models.CheckConstraint(
                condition=models.Q(("isodows__contained_by", [1, 2, 3, 4, 5, 6, 7])), name="wait_on_weekdays"
            ),
        ),
        migrations.AddConstraint(
            model_name="wait",
            constraint=models.CheckConstraint(
                condition=models.Q(("priority", 0), models.Q(("priority_reason", ""), _negated=True), _connector="OR"),
                name="wait_ahead_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="wait",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("ended_by", None), ("state", "waiting")),
                    models.Q(models.Q(("state", "waiting"), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="wait_ended_says_when",
            ),
        ),
    ]
