"""What may be known of a merge: how many rows go, both record numbers, and who opened either record."""

from django.db import migrations

TOLD = """
-- How many rows of each table would go with this record: counts alone, also of what the actor may not open.
CREATE FUNCTION app.rows_to_merge(kept uuid, gone uuid) RETURNS TABLE (tab text, rows bigint) LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    place record;
BEGIN
    IF app.may_merge() IS NOT TRUE OR NOT app.reaches(kept, 'identity') OR NOT app.reaches(gone, 'identity') THEN
        RETURN;
    END IF;
    FOR place IN SELECT c.tab AS name, c.col FROM app.patient_columns() c LOOP
        tab := place.name;
        EXECUTE format('SELECT count(*) FROM %s WHERE %I = $1', place.name, place.col) INTO rows USING gone;
        IF rows > 0 THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

-- The same of an undoing. `what`: back (came with it), along (made since, hangs on that), stays (made since), torn.
CREATE FUNCTION app.rows_to_unmerge(key uuid) RETURNS TABLE (what text, tab text, rows bigint) LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    merge patients_merge;
    back uuid[];
    came uuid[];
    place record;
BEGIN
    SELECT * INTO merge FROM patients_merge m WHERE m.id = key AND m.undone_at IS NULL;
    IF app.may_merge() IS NOT TRUE OR merge.id IS NULL OR NOT app.reaches(merge.patient_id, 'identity') THEN
        RETURN;
    END IF;
    back := app.rows_to_part(key);
    came := array(SELECT e::uuid FROM jsonb_each(merge.moved) t, jsonb_array_elements_text(t.value) e);
    FOR place IN SELECT c.tab AS name FROM app.patient_columns() c WHERE c.col = 'patient_id' LOOP
        RETURN QUERY EXECUTE format('SELECT CASE WHEN id = ANY ($2) THEN ''back'' WHEN id = ANY ($3) THEN ''along''
                ELSE ''stays'' END, %1$L::text, count(*) FROM %1$s
            WHERE patient_id = $1 AND id <> $5 AND (id = ANY ($3) OR created_at > $4) GROUP BY 1', place.name)
        USING merge.patient_id, came, back, merge.merged_at, key;
    END LOOP;
    RETURN QUERY SELECT 'torn'::text, t.tab, t.rows FROM app.rows_torn(key, back) t;
END $$;
"""
# Both numbers lead to the one record: for the privacy officer's list, too, the audit of that time names the other id.
NUMBERS = """
CREATE OR REPLACE FUNCTION app.record_numbers(ids uuid[], numbers text[]) RETURNS TABLE (patient_id uuid, number text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.system_purpose() IS NULL AND app.acting_role() IS DISTINCT FROM 'privacy_officer' THEN
        RETURN;
    END IF;
    IF cardinality(ids) > 20000 OR cardinality(numbers) > 100 THEN
        RAISE EXCEPTION 'too many records at once' USING ERRCODE = 'HC429';
    END IF;
    RETURN QUERY SELECT p.id, p.mrn::text FROM patients_patient p WHERE p.id = ANY (ids) OR p.mrn = ANY (numbers)
    UNION ALL SELECT m.merged, m.former_mrn::text FROM patients_merge m
    WHERE m.undone_at IS NULL AND m.merged = ANY (ids)
    UNION ALL SELECT m.patient_id, m.former_mrn::text FROM patients_merge m
    WHERE m.undone_at IS NULL AND m.former_mrn = ANY (numbers);
END $$;
"""
# Who opened the record of a patient: also the one that went into it.
READS = """(SELECT app.acting_role()) = 'patient' AND patient_id IS NOT NULL
AND (app.reaches(patient_id, 'clinical'){also})"""
ALSO = """ OR EXISTS (SELECT 1 FROM patients_merge m WHERE m.merged = audit_auditevent.patient_id
    AND m.undone_at IS NULL AND app.reaches(m.patient_id, 'clinical'))"""
CHANGE = "ALTER POLICY patient_reads_own ON audit_auditevent USING ({condition})"
# The search finds the record by the number of the other as well.
BEFORE = "SELECT p.id FROM patients_patient p WHERE p.mrn = number)"
AFTER = """SELECT p.id FROM patients_patient p WHERE p.mrn = number
            UNION SELECT m.patient_id FROM patients_merge m WHERE m.former_mrn = number AND m.undone_at IS NULL)"""
FIND = f"""
DO $do$
DECLARE
    body text := pg_get_functiondef('app.find_patients(text, date, text, text, integer)'::regprocedure);
BEGIN
    IF position('{BEFORE}' IN body) = 0 THEN
        RAISE EXCEPTION 'the search is not in the words that this expects';
    END IF;
    EXECUTE replace(body, '{BEFORE}', '{AFTER}');
END $do$;
"""
EXECUTE = """
REVOKE ALL ON FUNCTION app.rows_to_merge(uuid, uuid), app.rows_to_unmerge(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.rows_to_merge(uuid, uuid), app.rows_to_unmerge(uuid) TO web, worker;
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0024_walls_of_merges")]
    operations = [
        migrations.RunSQL(TOLD + NUMBERS + FIND + EXECUTE, migrations.RunSQL.noop),
        migrations.RunSQL(
            CHANGE.format(condition=READS.format(also=ALSO)), CHANGE.format(condition=READS.format(also=""))
        ),
    ]
