from django.db import migrations

from healthcare.db.rowsecurity import ProtectTable

SETS_UP = "(SELECT app.acting_role()) = 'administrator'"


class Migration(migrations.Migration):
    """Everybody reads when patients are reminded, as who books plans it; an administrator sets it."""

    dependencies = [("alerts", "0016_reminders_by_kind_of_visit")]
    operations = [ProtectTable("alerts_reminderplan", sees="true", adds=SETS_UP, changes=SETS_UP)]
