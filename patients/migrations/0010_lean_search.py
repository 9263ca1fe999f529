"""The search in steps, each along an index, its plan made once for a connection; what it finds is the same.

As one statement it read all patients for a name, since no index knows LIKE ALL, and all that the searcher ever did for
its limit a minute, since no index knows a clock that moves: 24 ms for a record number among 50,000 patients and 10
million audit events, 0.4 ms now; 10 ms and more for a name, 2 ms now.
"""

from django.db import migrations

HELPERS = """
-- How often the actor did this since then.
CREATE FUNCTION app.acts_since(what text, since timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    me uuid := app.user_id();
    first uuid := app.floor7(since);
BEGIN
    RETURN (SELECT count(*) FROM audit_auditevent e WHERE e.actor_id = me AND e.action = what AND e.id >= first);
END $$;

-- How like a name each word is by itself: all together, and the least like.
CREATE FUNCTION app.fit(words text[], name text) RETURNS TABLE (likeness double precision, worst real)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT avg(alike), min(alike)
    FROM (SELECT public.word_similarity(word, name) FROM unnest(words) AS word) AS w(alike)
$$;
REVOKE ALL ON FUNCTION app.acts_since(text, timestamptz), app.fit(text[], text) FROM PUBLIC;
"""
FIND = """
CREATE OR REPLACE FUNCTION app.find_patients(name text, born date, number text, digits text, at_most integer)
RETURNS TABLE (id uuid, visible boolean, family_name text, given_name text, preferred_name text, birth_date date,
    birth_year integer, sex text, mrn text, phone text, likeness double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off AS $$ -- the planner takes likeness for cheap
#variable_conflict use_column
DECLARE
    me uuid := app.user_id();
    my_role text := app.acting_role();
    my_groups integer[] := app.group_ids();
    my_people uuid[] := app.stood_for();
    my_closed uuid[] := app.closed_patient_ids();
    permission integer := app.scope_permission('identity');
    most integer := least(at_most, 50);
    wanted text := app.fold(coalesce(find_patients.name, ''));
    words text[] := array( -- the longest first
        SELECT word FROM regexp_split_to_table(wanted, '[^[:alnum:]]+') word WHERE word <> ''
        ORDER BY length(word) DESC);
    every_word text[] := array(SELECT '%' || word || '%' FROM unnest(words) word);
    longest text := every_word[1];
    two text[] := array[words[1], coalesce(words[2], words[1])];
    by_name boolean := born IS NULL AND number = '' AND digits = '';
    near uuid[];
    exact uuid[];
    alike uuid[];
BEGIN
    IF me IS NULL OR my_role = 'patient' OR (wanted = '' AND by_name) THEN
        RETURN;
    END IF;
    IF app.acts_since('patients.search', clock_timestamp() - interval '1 minute') > 120 THEN
        RAISE EXCEPTION 'too many searches' USING ERRCODE = 'HC429';
    END IF;

    -- Whoever comes into question, by what says most.
    IF number <> '' THEN
        near := array(SELECT p.id FROM patients_patient p WHERE p.mrn = number);
    ELSIF digits <> '' THEN
        near := array(SELECT p.id FROM patients_patient p WHERE p.phone <> '' AND right(p.phone, 4) = right(digits, 4));
    ELSIF born IS NOT NULL THEN
        near := array(SELECT p.id FROM patients_patient p WHERE p.birth_date = born);
    ELSIF length(wanted) < 3 THEN
        near := array(SELECT p.id FROM patients_patient p
            WHERE p.search_name ~>=~ wanted AND p.search_name ~<~ (wanted || chr(1114111))
            ORDER BY p.family_name, p.given_name, p.id LIMIT most);
    ELSIF length(words[1]) < 3 THEN -- nothing that an index of three letters each could know
        near := array(SELECT p.id FROM patients_patient p WHERE p.search_name LIKE ALL (every_word)
            ORDER BY p.search_name LIKE wanted || '%' DESC, p.family_name, p.given_name, p.id LIMIT most);
    ELSE
        near := array(SELECT p.id FROM patients_patient p
            WHERE p.search_name LIKE longest AND p.search_name LIKE ALL (every_word)
            ORDER BY p.search_name LIKE wanted || '%' DESC, p.family_name, p.given_name, p.id LIMIT most);
    END IF;

    exact := array(SELECT p.id FROM patients_patient p
        WHERE p.id = ANY (near)
        AND (born IS NULL OR p.birth_date = born) AND (digits = '' OR p.phone LIKE '%' || digits)
        AND CASE WHEN length(wanted) BETWEEN 1 AND 2 THEN p.search_name LIKE wanted || '%'
            ELSE p.search_name LIKE ALL (every_word) END
        ORDER BY p.search_name LIKE wanted || '%' DESC, p.family_name, p.given_name, p.id LIMIT most);

    -- Only when those were too few: letters swapped, missing or misheard, in each word for itself.
    IF cardinality(exact) < most AND length(words[1]) > 2 THEN
        alike := near;
        IF by_name THEN -- the two longest words together: a name that thousands share says little by itself
            PERFORM set_config('pg_trgm.word_similarity_threshold',
                CASE WHEN cardinality(words) > 1 THEN '0.3' ELSE '0.5' END, true);
            alike := array(SELECT p.id FROM patients_patient p CROSS JOIN LATERAL app.fit(words, p.search_name) AS fit
                WHERE two[1] <% p.search_name AND two[2] <% p.search_name
                AND word_similarity(words[1], p.search_name) >= 0.5 AND fit.worst >= 0.3
                AND NOT p.search_name LIKE ALL (every_word)
                ORDER BY fit.likeness DESC, p.family_name, p.given_name, p.id LIMIT most);
        END IF;
    END IF;

    RETURN QUERY
    WITH candidate AS (
        SELECT p.*, 1 + (p.search_name LIKE wanted || '%')::integer::double precision AS likeness
        FROM patients_patient p WHERE p.id = ANY (exact)
        UNION ALL
        SELECT p.*, fit.likeness FROM patients_patient p CROSS JOIN LATERAL app.fit(words, p.search_name) AS fit
        WHERE p.id = ANY (alike) AND p.id <> ALL (exact)
        AND word_similarity(words[1], p.search_name) >= 0.5 AND fit.worst >= 0.3
        AND (born IS NULL OR p.birth_date = born) AND (digits = '' OR p.phone LIKE '%' || digits)
        ORDER BY likeness DESC, family_name, given_name, id LIMIT most
    ), judged AS (
        SELECT c.*, c.id <> ALL (my_closed) AND (
            EXISTS (SELECT 1 FROM patients_usergrant g WHERE g.content_object_id = c.id
                AND g.user_id = ANY (my_people) AND g.role = my_role AND g.permission_id = permission
                AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp() OFFSET 0)
            OR EXISTS (SELECT 1 FROM patients_groupgrant g WHERE g.content_object_id = c.id
                AND g.group_id = ANY (my_groups) AND g.permission_id = permission
                AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp() OFFSET 0)
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


class Migration(migrations.Migration):
    dependencies = [("patients", "0009_emergency_walls")]
    operations = [migrations.RunSQL(HELPERS + FIND, migrations.RunSQL.noop)]
