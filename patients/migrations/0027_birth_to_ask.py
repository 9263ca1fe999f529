"""People whose date of birth is to be asked are found along an index of them alone."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("patients", "0026_identity")]
    operations = [
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(
                fields=["id"], condition=Q(birth_precision__in=["estimated", "unknown"]), name="patient_birth_to_ask"
            ),
        ),
    ]
