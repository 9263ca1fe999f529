"""Alerts about results that nobody reads, that were corrected, and orders of which nothing comes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0008_one_question_for_all_areas"),
    ]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("abnormal_value", "Abnormal value"),
                    ("unread_result", "Result not read"),
                    ("corrected_result", "Result corrected after it was read"),
                    ("failed_order", "Nothing more comes of an order"),
                    ("not_collected", "Medicine not collected"),
                    ("picked_up", "Medicine picked up"),
                    ("blocked_time", "Visit in blocked time"),
                ],
                max_length=16,
            ),
        ),
    ]
