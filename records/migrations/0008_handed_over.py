"""What somebody leaves: counted for who closes the account, and a draft written on by who stands in."""

from django.db import migrations

from patients.rules import sees

HELD = """
CREATE FUNCTION app.held_in_records(who uuid) RETURNS TABLE (kind text, held bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.acting_role() IS DISTINCT FROM 'administrator' AND app.system_purpose() IS NULL THEN
        RAISE EXCEPTION 'what a colleague holds is counted for who closes the account' USING ERRCODE = '42501';
    END IF;
    RETURN QUERY
    SELECT 'notes', count(*) FROM records_encounter e JOIN accounts_provider p ON p.id = e.provider_id
    WHERE p.user_id = who AND e.status IN ('in_progress', 'finished') AND e.note_signed_at IS NULL AND e.source = ''
    UNION ALL
    SELECT 'results', count(*) FROM records_entry e JOIN accounts_provider p ON p.id = e.provider_id
    WHERE p.user_id = who AND e.kind = 'laboratory_result' AND e.acknowledged_at IS NULL AND e.superseded_at IS NULL
        AND e.voided_at IS NULL AND e.source = ''
    UNION ALL
    SELECT 'threads', count(*) FROM records_thread t WHERE t.taken_by_id = who AND t.status = 'open';
END $$;
REVOKE ALL ON FUNCTION app.held_in_records(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.held_in_records(uuid) TO web, worker;
"""
ME, STAFF = "(SELECT app.user_id())", "(SELECT app.acting_role()) <> 'patient'"
LEFT = """author_id = ANY ((SELECT app.stood_for())::uuid[])
AND EXISTS (SELECT 1 FROM accounts_user u WHERE u.id = author_id AND NOT u.is_active)"""
SEES = f"(author_id = {ME} OR ({LEFT})) AND {STAFF} AND ({sees('clinical', 'records_draft.patient_id')})"
DRAFTS = f"""
ALTER POLICY person_sees ON records_draft USING ({SEES});
ALTER POLICY person_changes ON records_draft USING ({SEES}) WITH CHECK (author_id = {ME} AND {SEES});
ALTER POLICY person_removes ON records_draft USING ({SEES});
"""
OWN = f"author_id = {ME} AND {STAFF} AND ({sees('clinical', 'records_draft.patient_id')})"
BACK = f"""
ALTER POLICY person_sees ON records_draft USING ({OWN});
ALTER POLICY person_changes ON records_draft USING ({OWN}) WITH CHECK ({OWN});
ALTER POLICY person_removes ON records_draft USING (author_id = {ME});
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0007_marked_entries"), ("patients", "0007_deny_wins"), ("accounts", "0004_covers")]
    operations = [
        migrations.RunSQL(HELD, "DROP FUNCTION app.held_in_records(uuid)"),
        migrations.RunSQL(DRAFTS, BACK),
    ]
