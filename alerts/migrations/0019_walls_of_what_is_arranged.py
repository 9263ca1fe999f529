from django.db import migrations

from healthcare.db.rowsecurity import ProtectTable

ARRANGES = "(SELECT app.acting_role()) = 'administrator'"


class Migration(migrations.Migration):
    """Who is asked, and how soon: an administrator arranges it, the system goes by it, and nobody else looks."""

    dependencies = [("alerts", "0018_who_is_asked_and_how_soon")]
    operations = [
        ProtectTable("alerts_recipients", sees=ARRANGES, adds=ARRANGES, changes=ARRANGES),
        ProtectTable("alerts_ladder", sees=ARRANGES, adds=ARRANGES, changes=ARRANGES),
    ]
