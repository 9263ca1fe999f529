"""Prescriptions that doctors keep under a short name: each their own, about nobody."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable

MINE = "user_id = (SELECT app.user_id())"


class Migration(migrations.Migration):
    dependencies = [
        ("prescriptions", "0022_walls_of_doses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FavouritePrescription",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=60)),
                ("sig", models.JSONField()),
                ("repeats", models.PositiveSmallIntegerField(default=0)),
                ("may_substitute", models.BooleanField(default=True)),
                (
                    "medication",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="prescriptions.medication"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "favourite prescription",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("user"),
                        django.db.models.functions.text.Lower("name"),
                        name="favourite_prescription_by_name",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name", ""), _negated=True),
                            models.Q(("sig", {}), _negated=True),
                            ("repeats__lte", 12),
                        ),
                        name="favourite_prescription_is_whole",
                    ),
                ],
            },
        ),
        ProtectTable("prescriptions_favouriteprescription", sees=MINE, removes=MINE),
    ]
