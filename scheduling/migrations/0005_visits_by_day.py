"""The visits of a day at a site, and of a provider, along an index."""

from django.db import migrations, models
from django.db.models import PROTECT


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0004_lean_booking")]
    operations = [
        # First the new indexes, so that no foreign key is without one in between.
        migrations.AddIndex(
            model_name="appointment", index=models.Index(fields=["site", "wall_start"], name="appointment_by_site")
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(fields=["provider", "wall_start"], name="appointment_by_provider"),
        ),
        migrations.AlterField(
            model_name="appointment",
            name="provider",
            field=models.ForeignKey(
                db_index=False, on_delete=PROTECT, related_name="+", to="accounts.provider", verbose_name="provider"
            ),
        ),
        migrations.AlterField(
            model_name="appointment",
            name="site",
            field=models.ForeignKey(
                db_index=False, on_delete=PROTECT, related_name="+", to="accounts.site", verbose_name="site"
            ),
        ),
    ]
