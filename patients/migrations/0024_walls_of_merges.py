"""How two records become one and two again: every row that names a patient goes along, found in the catalogue.

docs/decisions/0039 says why rows move, why the row that is left goes, and why these functions do it and no login may.
"""

from django.db import migrations

from healthcare.db.rowsecurity import ProtectTable
from patients.rules import sees

# The right is given by a role, as delivered or edited, among those that hold any scope: as app.may_break_glass.
MAY = """
CREATE FUNCTION app.may_merge() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT app.acting_role() IN ('front_desk', 'billing', 'nurse', 'doctor', 'pharmacist') AND coalesce(
        (SELECT e.held FROM accounts_roleedit e WHERE e.role = app.acting_role() AND e.permission = 'patients.merge'),
        app.acting_role() IN ('front_desk', 'doctor'))
$$;
-- Is this transaction merging? The row that says so is written by the functions below alone.
CREATE FUNCTION app.merging() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM patients_merge m
        WHERE m.at_work <> '' AND m.at_work = pg_current_xact_id_if_assigned()::text)
$$;
"""
# Whose a row is never changes but by a merge; every table that names a patient gets the trigger after each migrate.
GUARD = """
CREATE FUNCTION app.only_by_merge() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT app.merging() OR to_jsonb(NEW) - '{patient_id,asked_for,row_id}'::text[]
        <> to_jsonb(OLD) - '{patient_id,asked_for,row_id}'::text[] THEN
        RAISE EXCEPTION 'whose a row is changes by a merge of two records, and in no other way' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION app.patient_columns() RETURNS TABLE (tab text, col text) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.conrelid::regclass::text, a.attname::text
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.contype = 'f' AND c.confrelid = 'patients_patient'::regclass AND c.conparentid = 0
    AND c.conrelid <> ALL ('{patients_usergrant,patients_groupgrant}'::regclass[]) -- projected, never moved
    ORDER BY 1, 2
$$;

CREATE FUNCTION app.guard_patient_ids() RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    place record;
BEGIN
    FOR place IN SELECT c.tab FROM app.patient_columns() c WHERE c.col = 'patient_id' AND NOT EXISTS (
        SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.tab::regclass AND t.tgname = 'of_one_patient')
    LOOP
        EXECUTE format('CREATE TRIGGER of_one_patient BEFORE UPDATE OF patient_id ON %s FOR EACH ROW
            WHEN (OLD.patient_id IS DISTINCT FROM NEW.patient_id) EXECUTE FUNCTION app.only_by_merge()', place.tab);
    END LOOP;
END $$;
"""
# What kept a row as it was, or began something with it, steps aside for a merge alone.
FREED = """
DROP TRIGGER only_shorten ON patients_carerelationship;
CREATE TRIGGER only_shorten BEFORE UPDATE ON patients_carerelationship FOR EACH ROW
    WHEN (NOT NEW.validity <@ OLD.validity AND NOT app.merging()) EXECUTE FUNCTION app.only_shorten_relationship();
DROP TRIGGER only_shorten ON patients_consent;
CREATE TRIGGER only_shorten BEFORE UPDATE ON patients_consent FOR EACH ROW
    WHEN (NOT NEW.validity <@ OLD.validity AND NOT app.merging()) EXECUTE FUNCTION app.only_shorten();
DROP TRIGGER patients_added ON patients_patient;
CREATE TRIGGER patients_added AFTER INSERT ON patients_patient REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT WHEN (NOT app.merging()) EXECUTE FUNCTION app.open_to_site();
"""
MOVE = """
-- Give these rows of one table from one patient to the other; all of them where `ids` is NULL. Returns their ids.
CREATE FUNCTION app.move_rows(tab text, col text, ids uuid[], here uuid, there uuid) RETURNS uuid[] LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    also text := CASE tab WHEN 'patients_accessrequest' THEN 'asked_for'
        WHEN 'patients_importedsource' THEN 'row_id' END;
    moved uuid[];
BEGIN
    EXECUTE format('WITH gone AS (UPDATE %s SET %I = $2 %s WHERE %I = $1 AND ($3 IS NULL OR id = ANY ($3)) RETURNING id)
        SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM gone', tab, col,
        CASE WHEN also IS NOT NULL THEN format(', %1$I = CASE %1$I WHEN $1 THEN $2 ELSE %1$I END', also) END, col)
    INTO moved USING here, there, ids;
    RETURN moved;
END $$;

-- The same where a row of both may say one thing that must stand once: what cannot go along is taken out and returned.
CREATE FUNCTION app.move_or_set_aside(tab text, col text, here uuid, there uuid, OUT moved uuid[], OUT aside jsonb)
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    one uuid;
    held jsonb;
BEGIN
    moved := '{}';
    aside := '[]';
    FOR one IN EXECUTE format('SELECT id FROM %s WHERE %I = $1 ORDER BY id', tab, col) USING here LOOP
        BEGIN
            moved := moved || app.move_rows(tab, col, array[one], here, there);
        EXCEPTION WHEN unique_violation OR check_violation OR exclusion_violation THEN
            EXECUTE format('DELETE FROM %s t WHERE t.id = $1 RETURNING to_jsonb(t)', tab) INTO held USING one;
            aside := aside || jsonb_build_array(held);
        END;
    END LOOP;
END $$;

-- Of what both have and one person can have once, one ends: of two portal accounts the other one, of two answers the
-- earlier. Returns the rows as they were.
CREATE FUNCTION app.settle_two(kept uuid, merged uuid, account uuid, moment timestamptz) RETURNS jsonb LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    accounts jsonb;
    answers jsonb;
BEGIN
    WITH selves AS (
        SELECT r.*, row_number() OVER (ORDER BY r.user_id IS DISTINCT FROM account, r.patient_id <> kept, r.id) AS place
        FROM patients_carerelationship r WHERE r.patient_id IN (kept, merged) AND r.kind = 'self' AND r.ended_at IS NULL
    ), ended AS (
        UPDATE patients_carerelationship r SET validity = r.validity * tstzrange(NULL, moment), ended_at = moment,
            ended_by_id = app.user_id(), updated_at = moment
        FROM selves s WHERE s.id = r.id AND s.place > 1
    )
    SELECT coalesce(jsonb_agg(to_jsonb(s) - 'place'), '[]') INTO accounts FROM selves s WHERE s.place > 1;
    WITH stands AS (
        SELECT c.*, row_number() OVER (PARTITION BY c.purpose ORDER BY c.given_at DESC, c.id DESC) AS place
        FROM patients_consent c WHERE c.patient_id IN (kept, merged) AND c.withdrawn_at IS NULL
    ), ended AS (
        UPDATE patients_consent c SET validity = c.validity * tstzrange(NULL, moment), withdrawn_at = moment,
            withdrawn_by_id = app.user_id(), updated_at = moment
        FROM stands s WHERE s.id = c.id AND s.place > 1
    )
    SELECT coalesce(jsonb_agg(to_jsonb(s) - 'place'), '[]') INTO answers FROM stands s WHERE s.place > 1;
    RETURN jsonb_build_object('patients_carerelationship', accounts, 'patients_consent', answers);
END $$;

-- Facts that nobody has heard of yet tell of the rows as they stand now.
CREATE FUNCTION app.readdress_facts(here uuid, there uuid, about uuid[]) RETURNS void LANGUAGE sql
SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE events_outboxevent o SET payload = replace(o.payload::text, here::text, there::text)::jsonb
    WHERE o.id IN (SELECT id FROM events_outboxevent WHERE exploded_at IS NULL
        UNION SELECT event_id FROM events_delivery WHERE next_at IS NOT NULL)
    AND position(here::text IN o.payload::text) > 0
    AND (about IS NULL OR EXISTS (SELECT 1 FROM unnest(about) a(id) WHERE position(a.id::text IN o.payload::text) > 0))
$$;
"""
MERGE = """
CREATE FUNCTION app.merge_patients(
    key uuid, kept uuid, gone uuid, account uuid, fields jsonb, why text, moment timestamptz
) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    person patients_patient;
    place record;
    ids uuid[];
    beside jsonb;
    went jsonb := '{}';
    set_aside jsonb := '{}';
    before jsonb;
BEGIN
    IF app.may_merge() IS NOT TRUE OR kept = gone OR NOT app.reaches(kept, 'identity')
        OR NOT app.reaches(gone, 'identity') THEN
        RAISE EXCEPTION 'these two records are not yours to merge' USING ERRCODE = '42501';
    END IF;
    PERFORM 1 FROM patients_patient p WHERE p.id IN (kept, gone) ORDER BY p.id FOR UPDATE;
    SELECT * INTO STRICT person FROM patients_patient p WHERE p.id = gone;
    INSERT INTO patients_merge (id, created_at, updated_at, patient_id, merged, former_mrn, former_name, record, moved,
        aside, settled, fields, reason, merged_at, merged_by_id, at_work)
    VALUES (key, moment, moment, kept, gone, person.mrn, person.given_name || ' ' || person.family_name,
        to_jsonb(person), '{}', '{}', '{}', merge_patients.fields, why, moment, app.user_id(),
        pg_current_xact_id()::text);
    before := app.settle_two(kept, gone, account, moment);
    FOR place IN SELECT * FROM app.patient_columns() LOOP
        beside := '[]';
        IF place.tab IN ('patients_closewatch', 'patients_deathreport', 'patients_duplicatepair',
            'patients_patientlink') THEN
            SELECT m.moved, m.aside INTO ids, beside FROM app.move_or_set_aside(place.tab, place.col, gone, kept) m;
        ELSE
            ids := app.move_rows(place.tab, place.col, NULL, gone, kept);
        END IF;
        IF ids <> '{}' THEN
            went := went || jsonb_build_object(place.tab || '.' || place.col, to_jsonb(ids));
        END IF;
        IF beside <> '[]' THEN
            set_aside := set_aside || jsonb_build_object(place.tab, coalesce(set_aside -> place.tab, '[]') || beside);
        END IF;
    END LOOP;
    PERFORM app.readdress_facts(gone, kept, NULL);
    PERFORM app.sync_access(array[kept, gone]);
    DELETE FROM patients_patient p WHERE p.id = gone;
    SET CONSTRAINTS ALL IMMEDIATE; -- a row that was forgotten, or a pair torn apart, refuses the whole
    SET CONSTRAINTS ALL DEFERRED;
    UPDATE patients_merge m SET moved = went, aside = set_aside, settled = before, at_work = '' WHERE m.id = key;
END $$;
"""
PART = """
-- What goes back when a merge is undone: what came with it, and what was made since and hangs on that, at any depth.
CREATE FUNCTION app.rows_to_part(key uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    merge patients_merge;
    link record;
    found uuid[];
    more uuid[];
    back uuid[];
BEGIN
    SELECT * INTO STRICT merge FROM patients_merge m WHERE m.id = key;
    back := array(SELECT e::uuid FROM jsonb_each(merge.moved) t, jsonb_array_elements_text(t.value) e);
    LOOP
        found := '{}';
        FOR link IN SELECT * FROM app.keys_within_a_patient() LOOP
            EXECUTE format('SELECT array_agg(id) FROM %s WHERE patient_id = $1 AND %s = ANY (%s) AND id <> ALL ($2)',
                link.tab, link.points, CASE WHEN link.parent IS NULL THEN '$3' ELSE '$2' END)
            INTO more USING merge.patient_id, back, back::text[];
            found := found || coalesce(more, '{}');
        END LOOP;
        EXIT WHEN found = '{}';
        back := back || array(SELECT DISTINCT unnest(found));
    END LOOP;
    RETURN back;
END $$;

-- Columns by which one row of a patient hangs on another: pairs in the catalogue, and `source`, which ends with an id.
CREATE FUNCTION app.keys_within_a_patient() RETURNS TABLE (tab text, points text, parent text) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.conrelid::regclass::text, quote_ident(a.attname), c.confrelid::regclass::text
    FROM pg_constraint c JOIN pg_attribute a
        ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND a.attname <> 'patient_id'
    WHERE c.contype = 'f' AND c.conparentid = 0 AND cardinality(c.conkey) = 2 AND EXISTS (
        SELECT 1 FROM pg_attribute p
        WHERE p.attrelid = c.conrelid AND p.attnum = ANY (c.conkey) AND p.attname = 'patient_id')
    UNION ALL
    SELECT p.tab, 'right(source, 36)', NULL
    FROM app.patient_columns() p JOIN pg_attribute a
        ON a.attrelid = p.tab::regclass AND a.attname = 'source' AND NOT a.attisdropped
    WHERE p.col = 'patient_id'
    ORDER BY 1, 2
$$;

-- Rows that would hang on a row of the other record: while there are any, the two cannot be parted.
CREATE FUNCTION app.rows_torn(key uuid, back uuid[]) RETURNS TABLE (tab text, rows bigint) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    link record;
BEGIN
    FOR link IN SELECT k.tab AS place, k.points FROM app.keys_within_a_patient() k WHERE k.parent IS NOT NULL LOOP
        tab := link.place;
        EXECUTE format('SELECT count(*) FROM %1$s c JOIN patients_merge m ON m.id = $1 AND c.patient_id = m.patient_id
            WHERE c.id = ANY ($2) AND c.%2$s <> ALL ($2)', link.place, link.points) INTO rows USING key, back;
        IF rows > 0 THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION app.unmerge_patients(key uuid, moment timestamptz) RETURNS void LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    merge patients_merge;
    back uuid[];
    place record;
    ids uuid[];
BEGIN
    SELECT * INTO merge FROM patients_merge m WHERE m.id = key FOR UPDATE;
    IF app.may_merge() IS NOT TRUE OR merge.id IS NULL OR NOT app.reaches(merge.patient_id, 'identity') THEN
        RAISE EXCEPTION 'this merge is not yours to undo' USING ERRCODE = '42501';
    END IF;
    PERFORM 1 FROM patients_patient p WHERE p.id = merge.patient_id FOR UPDATE;
    back := app.rows_to_part(key);
    IF merge.undone_at IS NOT NULL OR EXISTS (SELECT 1 FROM app.rows_torn(key, back)) OR EXISTS (
        SELECT 1 FROM patients_merge later WHERE later.undone_at IS NULL
        AND later.moved -> 'patients_merge.patient_id' ? key::text) THEN
        RAISE EXCEPTION 'this merge cannot be undone now' USING ERRCODE = '23514';
    END IF;
    UPDATE patients_merge m SET at_work = pg_current_xact_id()::text WHERE m.id = key;
    INSERT INTO patients_patient SELECT (jsonb_populate_record(p, merge.record)).*
    FROM patients_patient p WHERE p.id = merge.patient_id;
    FOR place IN SELECT * FROM app.patient_columns() LOOP
        ids := CASE place.col WHEN 'patient_id' THEN back ELSE array(
            SELECT e::uuid FROM jsonb_array_elements_text(merge.moved -> (place.tab || '.' || place.col)) e) END;
        PERFORM app.move_rows(place.tab, place.col, ids, merge.patient_id, merge.merged);
    END LOOP;
    FOR place IN SELECT t.key AS tab, t.value AS rows FROM jsonb_each(merge.aside) t LOOP
        EXECUTE format('INSERT INTO %1$s SELECT * FROM jsonb_populate_recordset(NULL::%1$s, $1)', place.tab)
        USING place.rows;
    END LOOP;
    PERFORM app.unsettle(merge.settled, merge.merged_at);
    PERFORM app.readdress_facts(merge.patient_id, merge.merged, back);
    PERFORM app.sync_access(array[merge.patient_id, merge.merged]);
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
    -- Two people again: neither's details stay where the other's are read.
    UPDATE patients_merge m SET undone_at = moment, undone_by_id = app.user_id(), updated_at = moment, at_work = '',
        record = '{}', aside = '{}', settled = '{}', fields = '{}', former_name = '' WHERE m.id = key;
END $$;

-- What ended with the merge goes on, unless something else became of it since.
CREATE FUNCTION app.unsettle(settled jsonb, moment timestamptz) RETURNS void LANGUAGE sql
SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE patients_carerelationship r SET validity = was.validity, ended_at = NULL, ended_by_id = NULL,
        updated_at = was.updated_at
    FROM jsonb_populate_recordset(NULL::patients_carerelationship, settled -> 'patients_carerelationship') was
    WHERE r.id = was.id AND r.ended_at = moment AND NOT EXISTS (SELECT 1 FROM patients_carerelationship other
        WHERE other.kind = 'self' AND other.ended_at IS NULL AND other.user_id = r.user_id);
    UPDATE patients_consent c SET validity = was.validity, withdrawn_at = NULL, withdrawn_by_id = NULL,
        updated_at = was.updated_at
    FROM jsonb_populate_recordset(NULL::patients_consent, settled -> 'patients_consent') was
    WHERE c.id = was.id AND c.withdrawn_at = moment AND NOT EXISTS (SELECT 1 FROM patients_consent other
        WHERE other.patient_id = c.patient_id AND other.purpose = c.purpose AND other.withdrawn_at IS NULL);
$$;
"""
EXECUTE = """
REVOKE ALL ON FUNCTION app.may_merge(), app.merging(), app.only_by_merge(), app.patient_columns(),
    app.guard_patient_ids(), app.move_rows(text, text, uuid[], uuid, uuid),
    app.move_or_set_aside(text, text, uuid, uuid), app.settle_two(uuid, uuid, uuid, timestamptz),
    app.readdress_facts(uuid, uuid, uuid[]), app.rows_to_part(uuid), app.keys_within_a_patient(),
    app.rows_torn(uuid, uuid[]), app.unsettle(jsonb, timestamptz),
    app.merge_patients(uuid, uuid, uuid, uuid, jsonb, text, timestamptz),
    app.unmerge_patients(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.may_merge(), app.merging() TO owner, web, worker, system_actor;
GRANT EXECUTE ON FUNCTION app.merge_patients(uuid, uuid, uuid, uuid, jsonb, text, timestamptz),
    app.unmerge_patients(uuid, timestamptz) TO web, worker;
"""
# Once undone, also where the other record is: rows of both may be signed under either.
SEEN = f"""({sees("identity", "patients_merge.patient_id")})
 OR undone_at IS NOT NULL AND ({sees("identity", "patients_merge.merged")})"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0023_merges"), ("events", "0001_initial")]
    operations = [
        migrations.RunSQL(MAY + GUARD + FREED + MOVE + MERGE + PART + EXECUTE, migrations.RunSQL.noop),
        ProtectTable("patients_merge", sees=SEEN, adds="false", changes="false"),
    ]
