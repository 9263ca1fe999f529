"""What opens the papers for an hour without computers."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.fields
import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable

ADMINISTRATORS = "(SELECT app.acting_role()) = 'administrator'"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_what_providers_say"),
        ("scheduling", "0021_visits_by_link"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DowntimeKey",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("desk", "Who comes when"),
                            ("clinical", "Who comes when, with allergies, problems, medicines and last measures"),
                        ],
                        max_length=8,
                    ),
                ),
                ("secret", healthcare.db.fields.EncryptedTextField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.site",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)), fields=("site", "kind"), name="downtime_key_one_open"
                    )
                ],
            },
        ),
        ProtectTable("scheduling_downtimekey", sees=ADMINISTRATORS),
    ]
