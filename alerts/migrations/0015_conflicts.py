"""An alert about what was found after a prescription was signed."""

from django.db import migrations, models

KINDS = [
    ("abnormal_value", "Abnormal value"),
    ("unread_result", "Result not read"),
    ("corrected_result", "Result corrected after it was read"),
    ("failed_order", "Nothing more comes of an order"),
    ("amendment", "Asked that the record be amended"),
    ("amendment_due", "Answer due: amendment of the record"),
    ("recall_due", "To be called in"),
    ("not_collected", "Medicine not collected"),
    ("not_dispensed", "Medicine not dispensed"),
    ("picked_up", "Medicine picked up"),
    ("later_conflict", "Conflict found after signing"),
    ("blocked_time", "Visit in blocked time"),
]


class Migration(migrations.Migration):
    dependencies = [("alerts", "0014_of_not_dispensed")]
    operations = [migrations.AlterField("alert", "kind", models.CharField(choices=KINDS, max_length=16))]
