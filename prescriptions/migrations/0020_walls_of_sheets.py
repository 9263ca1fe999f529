"""The second wall round prescriptions on paper, and what their code leads to: past it, by one named function.

Whoever knocks is nobody. It says how the prescription stands at this moment and at which clinic, and never for whom,
of what or by whom; the two ids are for the audit.
"""

from django.db import migrations

from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

PRESCRIPTION, SHEET = "prescriptions_prescription", "prescriptions_prescriptionsheet"
REACH = f"({sees('medication', f'{SHEET}.patient_id')})"
SEEN = f"EXISTS (SELECT 1 FROM {PRESCRIPTION} p WHERE p.id = {SHEET}.prescription_id)"
MINE = "asked_by_id = (SELECT app.user_id()) AND asked_as = (SELECT app.acting_role())"

# Used: all of it was handed out, with all its repeats. A hold that lies ahead is none yet.
BY_CODE = f"""
CREATE FUNCTION app.prescription_by_code(secret text)
RETURNS TABLE (prescription uuid, patient uuid, stands text, clinic text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT p.id, p.patient_id,
        CASE WHEN p.status = 'cancelled' OR p.halt = 'stop' THEN 'cancelled'
            WHEN p.status = 'picked_up' AND p.fill >= p.repeats THEN 'used'
            WHEN p.signed_at + interval '365 days' < statement_timestamp()
                OR p.halt = 'hold' AND p.halt_from <= statement_timestamp() THEN 'not_valid'
            ELSE 'valid' END,
        s.name::text
    FROM {SHEET} t JOIN {PRESCRIPTION} p ON p.id = t.prescription_id JOIN accounts_site s ON s.id = p.site_id
    WHERE t.digest = secret;
$$;
REVOKE ALL ON FUNCTION app.prescription_by_code(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.prescription_by_code(text) TO web, worker;
"""


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0019_sheets")]
    operations = [
        ProtectTable(
            SHEET,
            sees=f"{REACH} AND {SEEN}",
            adds=f"{REACH} AND state = 'asked' AND {MINE}",
            changes="false",
        ),
        CompositeParentKey(SHEET, "prescription_id", PRESCRIPTION),
        migrations.RunSQL(BY_CODE, "DROP FUNCTION app.prescription_by_code(text)"),
    ]
