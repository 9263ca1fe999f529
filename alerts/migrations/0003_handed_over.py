"""How many alerts somebody leaves: counted for who closes the account."""

from django.db import migrations

HELD = """
CREATE FUNCTION app.held_in_alerts(who uuid) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.acting_role() IS DISTINCT FROM 'administrator' AND app.system_purpose() IS NULL THEN
        RAISE EXCEPTION 'what a colleague holds is counted for who closes the account' USING ERRCODE = '42501';
    END IF;
    RETURN (SELECT count(*) FROM alerts_alert a WHERE a.owner_id = who AND a.state = 'open');
END $$;
REVOKE ALL ON FUNCTION app.held_in_alerts(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.held_in_alerts(uuid) TO web, worker;
"""


class Migration(migrations.Migration):
    dependencies = [("alerts", "0002_row_security")]
    operations = [migrations.RunSQL(HELD, "DROP FUNCTION app.held_in_alerts(uuid)")]
