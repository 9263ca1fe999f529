"""The safety check at the dispensary is kept beside the one of the signature, and is counted with it."""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FIRST = import_module("prescriptions.migrations.0012_rules_of_the_clinic").OVERRIDES
AT_SIGNING = FIRST.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
EVERYWHERE = (
    AT_SIGNING.replace("c.occasion = 'signing'", "c.occasion IN ('signing', 'preparing', 'hand_out')")
    .replace("DISTINCT ON (c.prescription_id, c.ran_at)", "DISTINCT ON (c.prescription_id, c.occasion, c.ran_at)")
    .replace("ORDER BY c.prescription_id, c.ran_at", "ORDER BY c.prescription_id, c.occasion, c.ran_at")
)


class Migration(migrations.Migration):
    dependencies = [
        ("prescriptions", "0012_rules_of_the_clinic"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AlterField(
            "safetycheck",
            "occasion",
            models.CharField(
                choices=[
                    ("signing", "When it was signed"),
                    ("allergy", "After an allergy was recorded"),
                    ("medicine", "After another medicine was signed"),
                    ("preparing", "When it was prepared"),
                    ("hand_out", "When it was handed out"),
                ],
                default="signing",
                max_length=10,
            ),
        ),
        migrations.AddField(
            "safetycheck",
            "answered_by",
            models.ForeignKey(
                blank=True,
                help_text="At the dispensary; before the signature it is who signed.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            "safetycheck",
            models.CheckConstraint(
                condition=models.Q(overrides=[]) | models.Q(occasion="signing") | models.Q(answered_by__isnull=False),
                name="safety_check_answered_says_who",
            ),
        ),
        migrations.RunSQL(EVERYWHERE, AT_SIGNING),
    ]
