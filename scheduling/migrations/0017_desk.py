"""What the desk notes of a visit, and the numbers of a day."""

import django.db.models.deletion
from django.db import migrations, models

import healthcare.db.uuids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_what_providers_say"),
        ("scheduling", "0016_series"),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="late_at",
            field=models.DateTimeField(blank=True, help_text="Since when it is known that they come late.", null=True),
        ),
        migrations.AddField(
            model_name="appointment",
            name="note",
            field=models.CharField(
                blank=True,
                help_text="How to reach or help them; nothing of health.",
                max_length=300,
                verbose_name="note for the desk",
            ),
        ),
        migrations.AddField(
            model_name="appointment",
            name="number",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="By which they are called in the waiting room; anew each day of a site.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="ArrivalCount",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("day", models.DateField()),
                ("last", models.PositiveSmallIntegerField()),
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
                "constraints": [models.UniqueConstraint(fields=("site", "day"), name="arrival_count_one_a_day")],
            },
        ),
    ]
