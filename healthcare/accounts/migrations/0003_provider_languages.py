import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_row_security")]
    operations = [
        migrations.AddField(
            model_name="provider",
            name="languages",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=12),
                blank=True,
                default=list,
                help_text="Codes of BCP 47.",
                size=None,
            ),
        ),
    ]
