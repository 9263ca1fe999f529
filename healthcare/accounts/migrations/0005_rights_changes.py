import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.accounts.roles
import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable

ADMINISTRATOR = "(SELECT app.acting_role()) = 'administrator'"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_covers")]
    operations = [
        migrations.CreateModel(
            name="RightsChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("role", models.CharField(choices=healthcare.accounts.roles.ROLE_CHOICES, max_length=20)),
                (
                    "added",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        help_text="Permissions of a role, or scopes of a team.",
                        size=None,
                    ),
                ),
                (
                    "taken",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
                ("reason", models.CharField(max_length=200)),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["role", "-created_at"], name="rights_change_by_role")],
            },
        ),
        ProtectTable(
            "accounts_rightschange",
            sees="true",
            adds=f"{ADMINISTRATOR} AND made_by_id = (SELECT app.user_id())",
            changes="false",
        ),
    ]
