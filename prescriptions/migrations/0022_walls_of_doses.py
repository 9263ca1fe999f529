"""The second wall round plans and marks of doses: the patient's side writes them, in its own name."""

from django.db import migrations

from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

PRESCRIPTION, PLAN, MARK = "prescriptions_prescription", "prescriptions_doseplan", "prescriptions_dosemark"
PATIENT, ME = "(SELECT app.acting_role()) = 'patient'", "(SELECT app.user_id())"


def reaches(table: str) -> str:
    return f"({sees('medication', f'{table}.patient_id')})"


def hangs_on(parent: str, table: str, column: str) -> str:
    """Its parent's own policy is asked, so a mark of the prescription counts for what hangs on it, too."""
    return f"EXISTS (SELECT 1 FROM {parent} p WHERE p.id = {table}.{column})"


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0021_doses")]
    operations = [
        ProtectTable(
            PLAN,
            sees=f"{reaches(PLAN)} AND {hangs_on(PRESCRIPTION, PLAN, 'prescription_id')}",
            adds=f"{PATIENT} AND set_by_id = {ME} AND {reaches(PLAN)}",
            changes=f"{PATIENT} AND ended_by_id = {ME} AND {reaches(PLAN)}",
        ),
        ProtectTable(
            MARK,
            sees=f"{reaches(MARK)} AND {hangs_on(PLAN, MARK, 'plan_id')}",
            adds=f"{PATIENT} AND marked_by_id = {ME} AND {reaches(MARK)}",
            changes=f"{PATIENT} AND marked_by_id = {ME} AND {reaches(MARK)}",
        ),
        CompositeParentKey(PLAN, "prescription_id", PRESCRIPTION),
        CompositeParentKey(MARK, "plan_id", PLAN),
    ]
