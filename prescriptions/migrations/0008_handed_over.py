"""What somebody leaves, counted for who closes the account."""

from django.db import migrations

HELD = """
CREATE FUNCTION app.held_in_prescriptions(who uuid) RETURNS TABLE (kind text, held bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.acting_role() IS DISTINCT FROM 'administrator' AND app.system_purpose() IS NULL THEN
        RAISE EXCEPTION 'what a colleague holds is counted for who closes the account' USING ERRCODE = '42501';
    END IF;
    RETURN QUERY
    SELECT p.status::text, count(*)
    FROM prescriptions_prescription p JOIN accounts_provider a ON a.id = p.prescriber_id
    WHERE a.user_id = who AND p.status IN ('draft', 'not_collected') GROUP BY p.status;
END $$;
REVOKE ALL ON FUNCTION app.held_in_prescriptions(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.held_in_prescriptions(uuid) TO web, worker;
"""


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0007_prescriptions_may_be_merged"), ("accounts", "0004_covers")]
    operations = [migrations.RunSQL(HELD, "DROP FUNCTION app.held_in_prescriptions(uuid)")]
