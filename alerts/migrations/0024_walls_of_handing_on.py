"""An open alert goes to somebody else by the hand of whoever is asked, to whom the chart is open; nothing else of it
changes on a page but that it is acknowledged."""

from django.db import migrations

from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
STAFF = "(SELECT app.acting_role()) <> 'patient'"
ANSWERS = f"state = 'acknowledged' AND acknowledged_by_id = {ME}"
CHANGES = f"""
ALTER POLICY person_changes ON alerts_alert
    WITH CHECK ({ANSWERS} OR state = 'open' AND handed_on_by_id = {ME});
"""
CHANGES_BACK = f"ALTER POLICY person_changes ON alerts_alert WITH CHECK ({ANSWERS});"
AREAS = " OR ".join(
    f"(alerts_handing.area = '{area}' AND {sees(area, 'alerts_handing.patient_id')})"
    for area in ("clinical", "medication", "schedule")
)
SEES = f"{STAFF} AND ({AREAS})"
# To whom an alert can be given: the grants of colleagues are behind the wall, and one who is kept out would own it
# unseen. Ids alone, of the role that answers it, to whoever sees the alert themself. `whole` says that the chart is
# open to the team as such.
TAKERS = """
CREATE FUNCTION app.who_may_take_alert(alert uuid) RETURNS TABLE (person uuid, team uuid, whole boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found record;
    permission integer;
BEGIN
    SELECT a.patient_id, a.area, t.role INTO found FROM alerts_alert a JOIN accounts_team t ON t.id = a.team_id
    WHERE a.id = alert;
    IF found IS NULL OR app.system_purpose() IS NULL AND (app.acting_role() IS NOT DISTINCT FROM 'patient'
            OR app.reaches(found.patient_id, found.area) IS NOT TRUE) THEN
        RETURN;
    END IF;
    permission := app.scope_permission(found.area);
    RETURN QUERY
    SELECT DISTINCT m.user_id, t.id, g.id IS NOT NULL
    FROM accounts_membership m
    JOIN accounts_team t ON t.site_id = m.site_id AND t.role = m.role
    LEFT JOIN patients_groupgrant g ON g.group_id = t.group_id AND g.content_object_id = found.patient_id
        AND g.permission_id = permission
        AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp()
    WHERE m.role = found.role AND m.validity @> statement_timestamp()
        AND (g.id IS NOT NULL OR EXISTS (SELECT 1 FROM patients_usergrant u
            WHERE u.content_object_id = found.patient_id AND u.role = m.role AND u.permission_id = permission
            AND u.valid_from <= statement_timestamp() AND u.valid_until > statement_timestamp()
            AND (u.user_id = m.user_id
                OR (u.alone IS NULL OR NOT u.alone @> statement_timestamp()) AND EXISTS (
                    SELECT 1 FROM accounts_cover c WHERE c.cover_id = m.user_id AND c.absent_id = u.user_id
                    AND c.role = m.role AND c.validity @> statement_timestamp()))))
        AND NOT EXISTS (SELECT 1 FROM patients_restriction x WHERE x.user_id = m.user_id
            AND x.patient_id = found.patient_id AND x.validity @> statement_timestamp())
        AND NOT EXISTS (SELECT 1 FROM patients_carerelationship r WHERE r.user_id = m.user_id
            AND r.patient_id = found.patient_id AND r.kind = 'self' AND r.validity @> statement_timestamp());
END $$;
REVOKE ALL ON FUNCTION app.who_may_take_alert(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.who_may_take_alert(uuid) TO web, worker, system_actor;
"""
# What a page may make of an open alert: answered as it is, or handed on by one turn, at the foot of the ladder, by who
# is asked, to somebody who may have it. Workers, as the system, climb.
KEEP = """
CREATE FUNCTION app.keep_alert() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    same boolean := (NEW.owner_id, NEW.team_id, NEW.level, NEW.turn, NEW.handed_on_at, NEW.handed_on_by_id)
        IS NOT DISTINCT FROM (OLD.owner_id, OLD.team_id, OLD.level, OLD.turn, OLD.handed_on_at, OLD.handed_on_by_id);
BEGIN
    IF current_user NOT IN ('web', 'worker') OR app.system_purpose() IS NOT NULL
            OR NEW.state = 'acknowledged' AND same THEN
        RETURN NEW;
    END IF;
    IF OLD.state <> 'open' OR NEW.state <> 'open' OR NEW.turn <> OLD.turn + 1 OR NEW.level <> 0
            OR NEW.handed_on_at IS NOT DISTINCT FROM OLD.handed_on_at
            OR (NEW.next_at IS NULL) <> (NEW.severity = 'info') THEN
        RAISE EXCEPTION 'an alert is acknowledged, or handed on by one turn and asks from then on'
            USING ERRCODE = '23514';
    END IF;
    IF (OLD.owner_id IS NOT NULL AND OLD.owner_id <> ALL (app.stood_for()) AND OLD.level < 2)
            OR app.acting_role() IS DISTINCT FROM (SELECT t.role FROM accounts_team t WHERE t.id = OLD.team_id)
            OR NOT EXISTS (SELECT 1 FROM app.who_may_take_alert(NEW.id) w
                WHERE CASE WHEN NEW.owner_id IS NULL THEN w.team = NEW.team_id AND (w.whole OR w.team = OLD.team_id)
                    ELSE w.person = NEW.owner_id AND NEW.team_id = OLD.team_id END) THEN
        RAISE EXCEPTION 'an alert is handed on by who is asked, to whom the chart is open' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_alert BEFORE UPDATE ON alerts_alert FOR EACH ROW EXECUTE FUNCTION app.keep_alert();
"""
KEEP_BACK = "DROP TRIGGER keep_alert ON alerts_alert; DROP FUNCTION app.keep_alert()"


class Migration(migrations.Migration):
    dependencies = [("alerts", "0023_handed_on"), ("patients", "0041_grants_change_by_projection_alone")]
    operations = [
        ProtectTable("alerts_handing", sees=SEES, adds=f"{SEES} AND handed_by_id = {ME}", changes="false"),
        CompositeParentKey("alerts_handing", "alert_id", "alerts_alert"),
        migrations.RunSQL(TAKERS, "DROP FUNCTION app.who_may_take_alert(uuid)"),
        migrations.RunSQL(KEEP, KEEP_BACK),
        migrations.RunSQL(CHANGES, CHANGES_BACK),
    ]
