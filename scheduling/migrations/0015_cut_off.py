from django.db import migrations, models

LABEL = "changed or cancelled by patients at least so many minutes ahead"


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0014_calendar_feeds")]

    operations = [
        migrations.AddField("visittype", "cancel_minutes", models.PositiveIntegerField(default=0, verbose_name=LABEL)),
    ]
