from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0027_ahead"),
    ]

    operations = [
        migrations.AddField(
            model_name="visittype",
            name="takes_copay",
            field=models.BooleanField(
                default=True,
                help_text="The desk is shown how much it is.",
                verbose_name="patients pay their copay when they come",
            ),
        ),
    ]
