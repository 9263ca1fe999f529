"""What must see rows its user may not: the search, which masks, and the one-time code of the portal."""

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

from healthcare.audit.operations import AuditReaders

FOLD = """
-- unaccent is only stable because its dictionary could change; ours does not.
CREATE FUNCTION app.fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(public.unaccent('public.unaccent'::regdictionary, $1));

CREATE FUNCTION app.fold_patient_name() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.search_name := app.fold(concat_ws(' ', NEW.family_name, NEW.given_name, NEW.preferred_name));
    RETURN NEW;
END $$;
CREATE TRIGGER fold_name BEFORE INSERT OR UPDATE OF family_name, given_name, preferred_name ON patients_patient
    FOR EACH ROW EXECUTE FUNCTION app.fold_patient_name();
CREATE INDEX patient_name_trigrams ON patients_patient USING gin (search_name public.gin_trgm_ops);
CREATE INDEX patient_name_prefix ON patients_patient (search_name text_pattern_ops);
CREATE INDEX patient_phone_end ON patients_patient (right(phone, 4)) WHERE phone <> '';
"""
FIND = """
CREATE FUNCTION app.find_patients(name text, born date, number text, digits text, at_most integer)
RETURNS TABLE (id uuid, visible boolean, family_name text, given_name text, preferred_name text, birth_date date,
    birth_year integer, sex text, mrn text, phone text, likeness double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off AS $$ -- the planner takes likeness for cheap: 240 ms for what the index does in 12
#variable_conflict use_column
DECLARE
    me uuid := app.user_id();
    my_role text := app.acting_role();
    my_groups integer[] := app.group_ids();
    my_own uuid := app.own_patient_id();
    permission integer := app.scope_permission('identity');
    wanted text := app.fold(coalesce(find_patients.name, ''));
    every_word text[] := array(
        SELECT '%' || word || '%' FROM regexp_split_to_table(wanted, '[^[:alnum:]]+') word WHERE word <> '');
    words text[] := array( -- the longest first
        SELECT word FROM regexp_split_to_table(wanted, '[^[:alnum:]]+') word WHERE word <> ''
        ORDER BY length(word) DESC);
BEGIN
    IF me IS NULL OR my_role = 'patient' OR (wanted = '' AND born IS NULL AND number = '' AND digits = '') THEN
        RETURN;
    END IF;
    IF (SELECT count(*) FROM audit_auditevent e WHERE e.actor_id = me AND e.action = 'patients.search'
            AND e.id >= app.floor7(clock_timestamp() - interval '1 minute')) > 120 THEN
        RAISE EXCEPTION 'too many searches' USING ERRCODE = 'HC429';
    END IF;
    PERFORM set_config('pg_trgm.word_similarity_threshold', '0.5', true);
    RETURN QUERY
    WITH exact AS MATERIALIZED (
        SELECT p.*, 1 + (p.search_name LIKE wanted || '%')::integer::double precision AS likeness
        FROM patients_patient p
        WHERE CASE length(wanted)
            WHEN 0 THEN true
            WHEN 1 THEN p.search_name LIKE wanted || '%'
            WHEN 2 THEN p.search_name LIKE wanted || '%'
            ELSE p.search_name LIKE ALL (every_word)
        END
        AND (born IS NULL OR p.birth_date = born)
        AND (number = '' OR p.mrn = number)
        AND (digits = '' OR (right(p.phone, 4) = right(digits, 4) AND p.phone LIKE '%' || digits))
        ORDER BY likeness DESC, p.family_name, p.given_name, p.id
        LIMIT least(at_most, 50)
    ), alike AS (
        -- Only when that found too few: letters swapped, missing or misheard, in each word for itself.
        SELECT p.*, fit.likeness FROM patients_patient p
        CROSS JOIN LATERAL (
            SELECT avg(alike) AS likeness, min(alike) AS worst
            FROM (SELECT word_similarity(word, p.search_name) AS alike FROM unnest(words) AS word) AS each_word
        ) AS fit
        WHERE (SELECT count(*) FROM exact) < least(at_most, 50)
        AND length(words[1]) > 2 AND words[1] <% p.search_name AND NOT p.search_name LIKE ALL (every_word)
        AND fit.worst >= 0.3
        AND (born IS NULL OR p.birth_date = born)
        AND (number = '' OR p.mrn = number)
        AND (digits = '' OR (right(p.phone, 4) = right(digits, 4) AND p.phone LIKE '%' || digits))
        ORDER BY likeness DESC, p.family_name, p.given_name, p.id
        LIMIT least(at_most, 50)
    ), candidate AS (
        SELECT * FROM exact UNION ALL SELECT * FROM alike ORDER BY likeness DESC LIMIT least(at_most, 50)
    ), judged AS (
        SELECT c.*, c.id IS DISTINCT FROM my_own AND (
            EXISTS (SELECT 1 FROM patients_usergrant g WHERE g.content_object_id = c.id AND g.user_id = me
                AND g.role = my_role AND g.permission_id = permission
                AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())
            OR EXISTS (SELECT 1 FROM patients_groupgrant g WHERE g.content_object_id = c.id
                AND g.group_id = ANY (my_groups) AND g.permission_id = permission
                AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())
        ) AS visible
        FROM candidate c
    )
    SELECT j.id, j.visible,
        CASE WHEN j.visible THEN j.family_name ELSE left(j.family_name, 1) || '•••' END::text,
        CASE WHEN j.visible THEN j.given_name ELSE left(j.given_name, 1) || '•••' END::text,
        CASE WHEN j.visible THEN j.preferred_name ELSE '' END::text,
        CASE WHEN j.visible THEN j.birth_date END,
        extract(year FROM j.birth_date)::integer,
        CASE WHEN j.visible THEN j.sex ELSE '' END::text,
        CASE WHEN j.visible THEN j.mrn ELSE '' END::text,
        CASE WHEN j.visible THEN j.phone ELSE '' END::text,
        j.likeness
    FROM judged j ORDER BY j.visible DESC, j.likeness DESC, j.family_name, j.given_name, j.id;
END $$;
"""
CLAIM = """
-- One try at a code. NULL when code and birth date do not fit, or the code has ended; which of them is not told.
CREATE FUNCTION app.claim_portal_code(hash text, born date) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    me uuid := app.user_id();
    code patients_portalcode;
BEGIN
    IF me IS NULL THEN
        RAISE EXCEPTION 'a code is claimed by somebody' USING ERRCODE = '28000';
    END IF;
    IF (SELECT count(*) FROM audit_auditevent e WHERE e.actor_id = me AND e.action = 'patients.link_portal'
            AND e.outcome = 'denied' AND e.id >= app.floor7(clock_timestamp() - interval '1 hour')) >= 10 THEN
        RAISE EXCEPTION 'too many tries' USING ERRCODE = 'HC429';
    END IF;
    UPDATE patients_portalcode c SET attempts = attempts + 1, updated_at = clock_timestamp()
    WHERE c.code_hash = hash AND used_at IS NULL AND revoked_at IS NULL AND attempts < 5
        AND expires_at > clock_timestamp()
    RETURNING * INTO code;
    IF code.id IS NULL OR NOT EXISTS (
        SELECT 1 FROM patients_patient p WHERE p.id = code.patient_id AND p.birth_date = born
    ) THEN
        RETURN NULL;
    END IF;
    UPDATE patients_portalcode c SET used_at = clock_timestamp(), used_by_id = me WHERE c.id = code.id;
    INSERT INTO patients_carerelationship
        (id, created_at, updated_at, patient_id, kind, user_id, role, scopes, validity, reason, source, granted_by_id)
    VALUES (uuidv7(), now(), now(), code.patient_id, 'self', me, 'patient',
        '{identity,schedule,clinical,medication,billing,message}', tstzrange(now(), NULL), '', 'portal code',
        code.issued_by_id);
    RETURN code.patient_id;
END $$;
"""
EXECUTE = """
REVOKE ALL ON FUNCTION app.find_patients(text, date, text, text, integer), app.claim_portal_code(text, date),
    app.fold(text), app.fold_patient_name() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.fold(text) TO owner, web, worker, backup, system_actor;
GRANT EXECUTE ON FUNCTION app.find_patients(text, date, text, text, integer), app.claim_portal_code(text, date)
    TO web, worker;
"""
READS_OWN = """(SELECT app.acting_role()) = 'patient' AND patient_id IS NOT NULL
AND app.reaches(patient_id, 'identity')"""
BACK = """
DROP FUNCTION app.claim_portal_code(text, date); DROP FUNCTION app.find_patients(text, date, text, text, integer);
DROP INDEX patient_phone_end; DROP INDEX patient_name_prefix; DROP INDEX patient_name_trigrams;
DROP FUNCTION app.fold_patient_name() CASCADE; DROP FUNCTION app.fold(text);
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0002_walls"), ("audit", "0002_append_only")]
    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        migrations.RunSQL(FOLD + FIND + CLAIM + EXECUTE, BACK),
        AuditReaders("patient_reads_own", sees=READS_OWN),  # who opened my record
    ]
