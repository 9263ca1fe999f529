"""Phrases and templates for notes: the clinic's, and each writer's favourites among them (0046)."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable

SETS_UP = "(SELECT app.acting_role()) = 'administrator'"
MINE = "user_id = (SELECT app.user_id())"


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0019_signed_by_several"),
        ("scheduling", "0010_photos"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Macro",
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
                    "shortcut",
                    models.CharField(
                        help_text="Typed as /word while writing a note.",
                        max_length=30,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z0-9][a-z0-9-]*\\Z", "Small letters, digits and hyphens."
                            )
                        ],
                        verbose_name="short word",
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "specialty",
                    models.CharField(
                        blank=True, help_text="Empty: for every one.", max_length=100, verbose_name="specialty"
                    ),
                ),
                (
                    "text",
                    models.TextField(blank=True, help_text="Put in where the cursor stands.", verbose_name="phrase"),
                ),
                ("parts", models.JSONField(blank=True, default=dict)),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "visit_type",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: for every one.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scheduling.visittype",
                        verbose_name="kind of visit",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Favourite",
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
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "macro",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.macro"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.UniqueConstraint(
                condition=models.Q(("active", True)),
                fields=("shortcut", "specialty", "visit_type"),
                name="macro_means_one_thing",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(models.Q(("text", ""), _negated=True), ("parts", {})),
                    models.Q(("text", ""), models.Q(("parts", {}), _negated=True)),
                    _connector="OR",
                ),
                name="macro_is_phrase_or_template",
            ),
        ),
        migrations.AddConstraint(
            model_name="favourite",
            constraint=models.UniqueConstraint(fields=("user", "macro"), name="favourite_once"),
        ),
        ProtectTable("records_macro", sees="true", adds=SETS_UP, changes=SETS_UP),
        ProtectTable("records_favourite", sees=MINE, removes=MINE),
    ]
