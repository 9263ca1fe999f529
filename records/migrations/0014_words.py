"""Words of the chart, found along an index on what they are made of: no copy that could grow old, no second wall to
keep. Of what is marked as sensitive the title alone is held, and of what is measured or came whole from elsewhere.

Row security lets no search of words go along an index before it, so the search is a function with its owner's rights
that asks the same conditions itself, and gives ids alone; what is shown is read through both walls after.
"""

from django.contrib.postgres.operations import CreateExtension
from django.db import migrations

from patients.rules import opens_marked, sees

NO_WORDS = "'{resource,precision,by,verification,flag,first,range,parts,comparator,value,interpretation}'"
# What is marked; what other systems told whole; and what is measured, which says all it has to say in its title.
TITLE_ALONE = "sensitivity <> '' OR kind IN ('imported', 'vital_signs')"
WORDS = f"""
CREATE FUNCTION app.words_of(kind text, code text, display text, data jsonb, sensitivity text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
    title tsvector := setweight(to_tsvector('english', display) || to_tsvector('simple', display || ' ' || code), 'A');
BEGIN
    IF {TITLE_ALONE} THEN
        RETURN title;
    END IF;
    RETURN title
        || setweight(to_tsvector('english', concat_ws(' ', data ->> 'assessment', data ->> 'plan')), 'B')
        || setweight(jsonb_to_tsvector('english', data - {NO_WORDS}::text[] - '{{assessment,plan}}'::text[],
            '["string"]'), 'C');
END $$;

-- The text that a search shows a piece of; none of what is marked.
CREATE FUNCTION app.text_of(kind text, data jsonb, sensitivity text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
    IF {TITLE_ALONE} THEN
        RETURN '';
    END IF;
    RETURN coalesce((SELECT string_agg(told #>> '{{}}', ' … ')
        FROM jsonb_path_query(data - {NO_WORDS}::text[], 'strict $.** ? (@.type() == "string")') AS told), '');
END $$;

-- What was typed: all of `whole` as search engines read it (phrases, or, -not), and a word that may go on.
CREATE FUNCTION app.words_wanted(whole text, begun text) RETURNS tsquery
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
    wanted tsquery := websearch_to_tsquery('english', whole);
    ended tsquery := websearch_to_tsquery('english', begun);
BEGIN
    IF numnode(ended) = 0 THEN
        RETURN wanted;
    END IF;
    ended := ended || to_tsquery('english', begun || ':*') || to_tsquery('simple', begun || ':*');
    RETURN CASE WHEN numnode(wanted) = 0 THEN ended ELSE wanted && ended END;
END $$;
"""
INDEX = """
CREATE INDEX entry_words ON records_entry
USING gin (patient_id, app.words_of(kind, code, display, data, sensitivity))
"""
FITS = f"""
        WHERE app.words_of(e.kind, e.code, e.display, e.data, e.sensitivity) @@ wanted {{within}}
            AND e.superseded_at IS NULL AND e.record_status <> 'entered_in_error'
            AND {sees("clinical", "e.patient_id")} AND {opens_marked("e", written_by=("author_id", "enterer_id"))}
        ORDER BY e.effective_at DESC, e.id DESC LIMIT 500
"""
BEST = f"""
    RETURN QUERY
    WITH newest AS MATERIALIZED (
        SELECT e.* FROM records_entry e {FITS}
    )
    SELECT n.patient_id, n.id,
        ts_rank_cd('{{{{0.05,0.1,0.4,1.0}}}}', app.words_of(n.kind, n.code, n.display, n.data, n.sensitivity), wanted)
    FROM newest n ORDER BY 3 DESC, n.effective_at DESC, n.id DESC LIMIT least(at_most, 100);
"""
FIND = f"""
CREATE FUNCTION app.find_words(wanted tsquery, patient uuid, at_most integer)
RETURNS TABLE (patient_id uuid, entry_id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF app.user_id() IS NULL OR app.acting_role() = 'patient' THEN
        RAISE EXCEPTION 'nobody searches here' USING ERRCODE = '42501';
    END IF;
    IF app.acts_since('records.search', clock_timestamp() - interval '1 minute') > 60 THEN
        RAISE EXCEPTION 'too many searches' USING ERRCODE = 'HC429';
    END IF;
    IF patient IS NULL THEN
        {BEST.format(within="")}
    ELSE
        {BEST.format(within="AND e.patient_id = patient")}
    END IF;
END $$;
"""
LOGINS = "owner, web, worker, backup, system_actor"
RIGHTS = f"""
REVOKE ALL ON FUNCTION app.words_of(text, text, text, jsonb, text), app.text_of(text, jsonb, text),
    app.words_wanted(text, text), app.find_words(tsquery, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.words_of(text, text, text, jsonb, text), app.text_of(text, jsonb, text),
    app.words_wanted(text, text) TO {LOGINS};
GRANT EXECUTE ON FUNCTION app.find_words(tsquery, uuid, integer) TO web, worker;
"""
BACK = """
DROP INDEX entry_words;
DROP FUNCTION app.find_words(tsquery, uuid, integer);
DROP FUNCTION app.words_wanted(text, text);
DROP FUNCTION app.text_of(text, jsonb, text);
DROP FUNCTION app.words_of(text, text, text, jsonb, text);
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0013_orders")]
    operations = [CreateExtension("btree_gin"), migrations.RunSQL(WORDS + INDEX + ";" + FIND + RIGHTS, BACK)]
