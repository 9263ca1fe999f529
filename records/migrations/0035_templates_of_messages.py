"""Texts of the clinic for messages, by site and language (0080)."""

import django.db.models.deletion
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable

ROLE = "(SELECT app.acting_role())"
STAFF, SETS_UP = f"{ROLE} <> 'patient'", f"{ROLE} = 'administrator'"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_what_providers_say"), ("records", "0034_what_conversations_are_about")]
    operations = [
        migrations.CreateModel(
            name="MessageTemplate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("language", models.CharField(help_text="BCP 47.", max_length=8, verbose_name="language")),
                (
                    "name",
                    models.CharField(
                        help_text="Colleagues choose by it; patients do not see it.", max_length=80, verbose_name="name"
                    ),
                ),
                ("body", models.TextField(verbose_name="text")),
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
                "verbose_name": "template for messages",
                "verbose_name_plural": "templates for messages",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("active", True)),
                        fields=("site", "language", "name"),
                        name="messagetemplate_named_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name", ""), _negated=True),
                            models.Q(("body", ""), _negated=True),
                            models.Q(("language", ""), _negated=True),
                        ),
                        name="messagetemplate_says_something",
                    ),
                ],
            },
        ),
        ProtectTable("records_messagetemplate", sees=STAFF, adds=SETS_UP, changes=SETS_UP),
    ]
