"""Visits that were booked as one series."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0015_cut_off"),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="series_id",
            field=models.UUIDField(
                blank=True,
                editable=False,
                help_text="Shared by the visits of one series; empty for one alone.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("series_id__isnull", False)), fields=["series_id"], name="appointment_by_series"
            ),
        ),
    ]
