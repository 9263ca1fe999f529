"""Of each purpose one answer stands at a time: a no beside a yes would leave open which counts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0014_proxies")]
    operations = [
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.UniqueConstraint(
                condition=models.Q(withdrawn_at=None), fields=("patient", "purpose"), name="consent_one_answer_stands"
            ),
        ),
    ]
