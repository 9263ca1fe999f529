"""Who dispenses is told the last weight, and no more of what was measured: doses of children go by it."""

from django.db import migrations

WEIGHT = """
CREATE FUNCTION app.weight_to_dispense(patient uuid)
RETURNS TABLE (value numeric, unit text, effective_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF app.acting_role() IS DISTINCT FROM 'pharmacist' OR NOT app.reaches(patient, 'medication') THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT e.value, e.unit::text, e.effective_at FROM records_entry e
    WHERE e.patient_id = patient AND e.code = '29463-7' AND e.value IS NOT NULL AND e.sensitivity = ''
    AND e.superseded_at IS NULL AND e.record_status <> 'entered_in_error'
    ORDER BY e.effective_at DESC, e.id DESC LIMIT 1;
END $$;
REVOKE ALL ON FUNCTION app.weight_to_dispense(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.weight_to_dispense(uuid) TO web, worker;
"""


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0014_refill_requests"), ("records", "0024_amendment_requests")]
    operations = [migrations.RunSQL(WEIGHT, "DROP FUNCTION app.weight_to_dispense(uuid)")]
