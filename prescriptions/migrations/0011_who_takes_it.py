"""Rules on who takes a medicine and how much of it; checks that ran after the signature."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

KINDS = [("interaction", "Interaction"), ("allergy", "Allergy"), ("person", "Who takes it"), ("dose", "Dose")]
OCCASIONS = [
    ("signing", "When it was signed"),
    ("allergy", "After an allergy was recorded"),
    ("medicine", "After another medicine was signed"),
]


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0010_walls_of_dispenses")]
    operations = [
        migrations.AddField("safetyrule", "limits", models.JSONField(blank=True, default=dict)),
        migrations.AlterField("safetyrule", "kind", models.CharField(choices=KINDS, max_length=12)),
        migrations.AlterField(
            "safetyrule", "right", ArrayField(models.CharField(max_length=60), blank=True, default=list, size=None)
        ),
        migrations.AddField(
            "safetycheck", "occasion", models.CharField(choices=OCCASIONS, default="signing", max_length=10)
        ),
    ]
