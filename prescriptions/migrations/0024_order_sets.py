"""Prescriptions that are begun together, arranged by administrators for a site or for all; read by staff."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable

ROLE = "(SELECT app.acting_role())"
STAFF = f"{ROLE} <> 'patient'"
SETS_UP = f"{ROLE} = 'administrator'"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_what_providers_say"),
        ("prescriptions", "0023_favourites"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderSet",
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
                    "name",
                    models.CharField(
                        help_text="Doctors read and find it: “H. pylori, first line”.",
                        max_length=80,
                        verbose_name="name",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: for every one.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.site",
                        verbose_name="site",
                    ),
                ),
            ],
            options={
                "verbose_name": "order set",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("site"),
                        django.db.models.functions.text.Lower("name"),
                        condition=models.Q(("active", True)),
                        name="order_set_named_once_a_site",
                        nulls_distinct=False,
                        violation_error_message="Another set there has this name. Choose another name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="order_set_has_a_name"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderSetLine",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("position", models.PositiveSmallIntegerField()),
                ("sig", models.JSONField()),
                (
                    "repeats",
                    models.PositiveSmallIntegerField(
                        default=0, validators=[django.core.validators.MaxValueValidator(12)]
                    ),
                ),
                ("may_substitute", models.BooleanField(default=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "medication",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="prescriptions.medication"
                    ),
                ),
                (
                    "order_set",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="prescriptions.orderset",
                    ),
                ),
            ],
            options={
                "verbose_name": "line of an order set",
                "verbose_name_plural": "lines of order sets",
                "constraints": [
                    models.UniqueConstraint(fields=["order_set", "position"], name="order_set_line_in_its_place"),
                    models.UniqueConstraint(fields=["order_set", "medication"], name="order_set_line_once"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("sig", {}), _negated=True), ("repeats__lte", 12)),
                        name="order_set_line_is_whole",
                    ),
                ],
            },
        ),
        ProtectTable("prescriptions_orderset", sees=STAFF, adds=SETS_UP, changes=SETS_UP),
        ProtectTable("prescriptions_ordersetline", sees=STAFF, adds=SETS_UP, changes="false", removes=SETS_UP),
    ]
