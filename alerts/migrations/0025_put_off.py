"""What somebody hides from their own inbox until a moment."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0024_walls_of_handing_on"),
        ("patients", "0042_letter_wishes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PutOff",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("source", models.CharField(help_text="app.model:id of what the line is about.", max_length=80)),
                ("put_off_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
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
                "verbose_name": "line put off",
                "verbose_name_plural": "lines put off",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "source"), name="putoff_one_a_line"),
                    models.CheckConstraint(
                        condition=models.Q(("until__gte", models.F("put_off_at"))), name="putoff_is_for_later"
                    ),
                ],
            },
        ),
    ]
