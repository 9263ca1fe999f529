"""The second wall round alerts, notices and reminders: each row says which area of the chart it belongs to."""

from django.db import migrations

from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
STAFF = "(SELECT app.acting_role()) <> 'patient'"


def sees_area(table: str, *areas: str) -> str:
    """A row is seen in its own area alone."""
    return " OR ".join(f"({table}.area = '{area}' AND {sees(area, f'{table}.patient_id')})" for area in areas)


class Migration(migrations.Migration):
    dependencies = [("alerts", "0001_initial"), ("patients", "0002_walls"), ("scheduling", "0001_initial")]
    operations = [
        ProtectTable(
            "alerts_alert",
            sees=f"{STAFF} AND ({sees_area('alerts_alert', 'clinical', 'medication', 'schedule')})",
            adds="false",
            changes=f"state = 'acknowledged' AND acknowledged_by_id = {ME}",
        ),
        ProtectTable(
            "alerts_notice",
            sees=f"({STAFF} OR recipient_id = {ME})"
            f" AND ({sees_area('alerts_notice', 'clinical', 'medication', 'schedule', 'message', 'billing')})",
            adds="false",
        ),
        ProtectTable("alerts_reminder", sees=sees("schedule", "alerts_reminder.patient_id")),
        CompositeParentKey("alerts_notice", "alert_id", "alerts_alert"),
        CompositeParentKey("alerts_reminder", "appointment_id", "scheduling_appointment"),
    ]
