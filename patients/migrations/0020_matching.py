"""Is this person registered already? Keys to find those who may be, and a comparison field by field.

The comparison stands here and not in Python, because it reads rows that the person who asks may not: what leaves the
database is how alike a field is, never the field. What that means is weighed in patients/rules/matching.py.
"""

from django.contrib.postgres.operations import CreateExtension
from django.db import migrations

WORDS = """
CREATE TYPE app.person AS (given text, family text, preferred text, birth_date date, slack integer, sex text,
    phone text, email text, line text, postal_code text, identifier text);

-- The words of a name in small letters without accents, apostrophes and titles: O'Brien-Müller -> {obrien,muller}.
CREATE FUNCTION app.name_words(name text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(array_agg(word ORDER BY place) FILTER (WHERE word <> '' AND word <> ALL (
        '{jr,sr,ii,iii,iv,junior,senior,mr,mrs,ms,dr,miss,baby,boy,girl,infant,newborn,unknown,twin,of}'::text[]
        )), '{}')
    FROM regexp_split_to_table(
        translate(app.fold(normalize(coalesce(name, ''), NFKC)), '.''’ʼ`´' || chr(8216), ''),
        '[\\s,/()_+"-]+|[\\u2010-\\u2015]+') WITH ORDINALITY AS said(word, place)
$$;

-- Jr, Sr, II…: '' where nothing is said.
CREATE FUNCTION app.generation(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(CASE (regexp_match(lower(name), '\\m(jr|sr|junior|senior|ii|iii|iv)\\M'))[1]
        WHEN 'jr' THEN 'jr' WHEN 'junior' THEN 'jr' WHEN 'ii' THEN 'jr' WHEN 'sr' THEN 'sr' WHEN 'senior' THEN 'sr'
        ELSE (regexp_match(lower(name), '\\m(iii|iv)\\M'))[1] END, '')
$$;

-- How a word sounds in English (double metaphone); itself where the script is another.
CREATE FUNCTION app.sound(word text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(public.dmetaphone(word), ''), left(word, 6))
$$;

-- Two letters that changed places.
CREATE FUNCTION app.turned(a text, b text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT length(a) = length(b) AND EXISTS (
        SELECT 1 FROM generate_series(1, length(a) - 1) AS place
        WHERE left(a, place - 1) || substr(a, place + 1, 1) || substr(a, place, 1) || substr(a, place + 2) = b)
$$;

-- 4 equal, 3 a known form or an initial, 2 a typing mistake or the same sound, 0 another word.
CREATE FUNCTION app.word_like(a text, b text, variants text[], known text[]) RETURNS smallint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    shorter integer := least(length(a), length(b));
    apart integer;
BEGIN
    IF a = b THEN RETURN 4; END IF;
    IF a = ANY (variants) AND b = ANY (variants) OR shorter = 1 AND left(a, 1) = left(b, 1) THEN RETURN 3; END IF;
    IF shorter < 3 OR a = ANY (known) AND b = ANY (known) THEN RETURN 0; END IF;
    apart := levenshtein_less_equal(left(a, 200), left(b, 200), 3);
    IF apart = 1 OR apart = 2 AND (shorter >= 6 OR app.turned(a, b)) OR apart = 3 AND shorter >= 10
        OR shorter >= 4 AND (starts_with(a, b) OR starts_with(b, a))
        OR shorter >= 4 AND apart <= 3 AND (dmetaphone(a) IN (dmetaphone(b), dmetaphone_alt(b))
            OR dmetaphone_alt(a) IN (dmetaphone(b), dmetaphone_alt(b))) THEN
        RETURN 2;
    END IF;
    RETURN 0;
END $$;

-- The levels of rules.matching.Name.
CREATE FUNCTION app.names_like(a text[], b text[], variants text[], known text[]) RETURNS smallint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    fewer text[] := CASE WHEN cardinality(a) <= cardinality(b) THEN a ELSE b END;
    more text[] := CASE WHEN cardinality(a) <= cardinality(b) THEN b ELSE a END;
    one text;
    other text;
    best smallint;
    worst smallint := 4;
    shared boolean := false;
    joined_a text := array_to_string(a, '');
    joined_b text := array_to_string(b, '');
BEGIN
    IF joined_a = '' OR joined_b = '' THEN RETURN -1; END IF;
    IF joined_a = joined_b THEN RETURN 5; END IF;
    FOREACH one IN ARRAY fewer LOOP
        best := 0;
        FOREACH other IN ARRAY more LOOP
            best := greatest(best, app.word_like(one, other, variants, known));
        END LOOP;
        worst := least(worst, best);
        shared := shared OR best >= 2 AND length(one) > 3;
    END LOOP;
    IF worst >= 2 THEN RETURN worst; END IF;
    IF length(joined_a) > 5 AND levenshtein_less_equal(left(joined_a, 200), left(joined_b, 200), 2) <= 2
        AND cardinality(a) <> cardinality(b) THEN RETURN 2; END IF;
    RETURN shared::integer;
END $$;
"""
COMPARE = """
-- The levels of rules.matching.Born.
CREATE FUNCTION app.births_like(a date, b date, slack integer) RETURNS smallint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    x text := to_char(a, 'YYYYMMDD');
    y text := to_char(b, 'YYYYMMDD');
    years integer := abs(extract(year FROM a) - extract(year FROM b));
    fitting integer := (left(x, 4) = left(y, 4))::integer + (substr(x, 5, 2) = substr(y, 5, 2))::integer
        + (right(x, 2) = right(y, 2))::integer;
    digits integer := (SELECT count(*) FROM generate_series(1, 8) AS place
        WHERE substr(x, place, 1) <> substr(y, place, 1));
BEGIN
    IF a IS NULL OR b IS NULL THEN RETURN -1; END IF;
    IF a = b THEN RETURN 5; END IF;
    IF slack > 0 THEN RETURN 2 * (abs(a - b) <= slack)::integer; END IF;
    IF left(x, 4) = left(y, 4) AND substr(x, 5, 2) = right(y, 2) AND right(x, 2) = substr(y, 5, 2) THEN
        RETURN 4;
    END IF;
    IF years >= 15 THEN
        RETURN CASE WHEN fitting = 2 AND app.turned(x, y) THEN 3 WHEN fitting = 2 THEN 1 ELSE 0 END;
    END IF;
    IF digits = 1 OR app.turned(x, y) OR abs(a - b) <= 1 OR fitting = 2 AND years = 1 THEN RETURN 3; END IF;
    RETURN 2 * (fitting = 2)::integer;
END $$;

-- 2 the same, 1 a slip of the keys, 0 another, -1 one of them is not said.
CREATE FUNCTION app.texts_like(a text, b text, letters integer) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE WHEN coalesce(a, '') = '' OR coalesce(b, '') = '' THEN -1 WHEN a = b THEN 2
        WHEN least(length(a), length(b)) > 4 AND (app.turned(a, b)
            OR levenshtein_less_equal(left(a, 200), left(b, 200), letters) <= letters) THEN 1 ELSE 0 END
$$;

CREATE FUNCTION app.street(line text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT btrim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(' ' || regexp_replace(
        app.fold(coalesce(line, '')), '[^a-z0-9]+', ' ', 'g') || ' ', ' (street|str|st) ', ' st '),
        ' (avenue|ave|av) ', ' ave '), ' (road|rd) ', ' rd '),
        ' (drive|dr|lane|ln|court|ct|boulevard|blvd|place|pl) ', ' '),
        ' (apartment|apt|unit|suite|ste|no) ', ' '))
$$;

CREATE FUNCTION app.lines_like(a text, b text) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE WHEN x = '' OR y = '' THEN -1 WHEN x = y THEN 2
        WHEN substring(x FROM '^[0-9]+') = substring(y FROM '^[0-9]+') AND similarity(x, y) >= 0.4 THEN 2
        WHEN similarity(x, y) >= 0.6 THEN 1 ELSE 0 END
    FROM (SELECT app.street(a) AS x, app.street(b) AS y) AS streets
$$;

CREATE FUNCTION app.phone_digits(phone text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT right(regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g'), 10)
$$;

-- Field by field, in the order of rules.matching.Comparison. `variants`: other forms of the given names of one of the
-- two; `known`: names that are no mistake for one another.
CREATE FUNCTION app.compare_people(a app.person, b app.person, variants text[], known text[]) RETURNS smallint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    given_a text[] := app.name_words((a).given);
    given_b text[] := app.name_words((b).given);
    family_a text[] := app.name_words((a).family);
    family_b text[] := app.name_words((b).family);
    given smallint := app.names_like(given_a, given_b, variants, known);
    family smallint := app.names_like(family_a, family_b, '{}', '{}');
    preferred_b text[] := app.name_words((b).preferred);
    preferred_a text[] := app.name_words((a).preferred);
    generation_a text := app.generation(concat_ws(' ', (a).given, (a).family));
    generation_b text := app.generation(concat_ws(' ', (b).given, (b).family));
    swapped boolean := false;
BEGIN
    IF given BETWEEN 0 AND 3 AND cardinality(preferred_a) + cardinality(preferred_b) > 0 THEN
        given := greatest(given, least(4, app.names_like(given_a, preferred_b, variants, known)),
            least(4, app.names_like(preferred_a, given_b, variants, known)));
    END IF;
    IF given < 3 AND family < 4 THEN
        swapped := app.names_like(given_a, family_b, variants, '{}') >= 2
            AND app.names_like(family_a, given_b, variants, '{}') >= 2;
    END IF;
    RETURN array[given, family, swapped::integer,
        CASE WHEN generation_a = '' OR generation_b = '' THEN -1 ELSE 2 * (generation_a = generation_b)::integer END,
        app.births_like((a).birth_date, (b).birth_date, coalesce((a).slack, 0) + coalesce((b).slack, 0)),
        CASE WHEN (a).sex IN ('female', 'male') AND (b).sex IN ('female', 'male')
            THEN 2 * ((a).sex = (b).sex)::integer ELSE -1 END,
        app.texts_like(app.phone_digits((a).phone), app.phone_digits((b).phone), 1),
        app.texts_like(app.fold((a).email), app.fold((b).email), 2),
        app.lines_like((a).line, (b).line),
        CASE WHEN coalesce((a).postal_code, '') = '' OR coalesce((b).postal_code, '') = '' THEN -1
            ELSE 2 * (left((a).postal_code, 5) = left((b).postal_code, 5))::integer END,
        app.texts_like(upper(regexp_replace((a).identifier, '[^[:alnum:]]', '', 'g')),
            upper(regexp_replace((b).identifier, '[^[:alnum:]]', '', 'g')), 1)]::smallint[];
END $$;
"""
FIND = """
-- Under which keys somebody is found: birth date and a name's sound, two sounds and a year or a birthday, phone, mail.
CREATE FUNCTION app.match_keys(family text, given text, preferred text, born date[], phone text, email text)
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
    WITH sound AS MATERIALIZED (
        SELECT DISTINCT app.sound(word) AS code, true AS family FROM unnest(app.name_words(family)) AS word
        WHERE length(word) > 1
        UNION SELECT DISTINCT app.sound(word), false
        FROM unnest(app.name_words(concat_ws(' ', given, preferred))) AS word
        WHERE length(word) > 1
    ), pair AS MATERIALIZED (
        SELECT DISTINCT least(f.code, g.code) || '|' || greatest(f.code, g.code) AS codes
        FROM sound f JOIN sound g ON f.family AND NOT g.family
    ), birth AS (
        SELECT day, to_char(day, 'YYYY') AS year, to_char(day, 'MM') AS m, to_char(day, 'DD') AS d
        FROM unnest(born) AS day WHERE day IS NOT NULL
    )
    SELECT coalesce(array_agg(DISTINCT key), '{}') FROM (
        SELECT 'b' || day || '|' || code FROM birth, sound
        UNION ALL SELECT 'y' || year || '|' || codes FROM birth, pair
        UNION ALL SELECT 'm' || least(m, d) || greatest(m, d) || '|' || codes FROM birth, pair
        UNION ALL SELECT 'n' || codes FROM pair
        UNION ALL SELECT 'u' || codes FROM pair WHERE NOT EXISTS (SELECT FROM birth)
        UNION ALL SELECT 'p' || app.phone_digits(phone) WHERE length(app.phone_digits(phone)) = 10
        UNION ALL SELECT 'e' || app.fold(email) WHERE email <> ''
    ) AS keys(key)
$$;
CREATE INDEX patient_match_keys ON patients_patient USING gin (
    app.match_keys(family_name, given_name, preferred_name, array[birth_date], phone, email)
) WITH (fastupdate = off);

-- Who may be this person: masked where not in the care of who asks; of what is masked, only how alike it is.
CREATE FUNCTION app.find_duplicates(who app.person, births date[], variants text[], known text[], at_most integer)
RETURNS TABLE (id uuid, visible boolean, family_name text, given_name text, preferred_name text, birth_date date,
    birth_year integer, sex text, mrn text, phone text, confirmed boolean, compared smallint[])
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    me uuid := app.user_id();
    my_role text := app.acting_role();
    my_groups integer[] := app.group_ids();
    my_people uuid[] := app.stood_for();
    my_closed uuid[] := app.closed_patient_ids();
    permission integer := app.scope_permission('identity');
    keys text[] := app.match_keys((who).family, (who).given,
        concat_ws(' ', (who).preferred, array_to_string(variants, ' ')), births, (who).phone, (who).email);
    found uuid[];
BEGIN
    IF app.system_purpose() IS NULL AND (me IS NULL OR my_role = 'patient') THEN
        RETURN;
    END IF;
    IF app.acts_since('patients.search', clock_timestamp() - interval '1 minute') > 120 THEN
        RAISE EXCEPTION 'too many searches' USING ERRCODE = 'HC429';
    END IF;
    IF cardinality(births) > 0 THEN -- a name alone is asked for only where no date is known
        keys := array(SELECT regexp_replace(key, '^n', 'u') FROM unnest(keys) AS key);
    END IF;
    found := array(SELECT p.id FROM patients_patient p
        WHERE keys && app.match_keys(p.family_name, p.given_name, p.preferred_name, array[p.birth_date],
            p.phone, p.email)
        LIMIT 300);
    RETURN QUERY
    WITH candidate AS (
        SELECT p.*, app.compare_people(who, ROW(p.given_name, p.family_name, p.preferred_name, p.birth_date, 0, p.sex,
            p.phone, p.email, p.line, p.postal_code, '')::app.person, variants, known) AS compared
        FROM patients_patient p WHERE p.id = ANY (found)
    ), judged AS (
        SELECT c.*, c.id <> ALL (my_closed) AND (
            EXISTS (SELECT 1 FROM patients_usergrant g WHERE g.content_object_id = c.id
                AND g.user_id = ANY (my_people) AND g.role = my_role AND g.permission_id = permission
                AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp() OFFSET 0)
            OR EXISTS (SELECT 1 FROM patients_groupgrant g WHERE g.content_object_id = c.id
                AND g.group_id = ANY (my_groups) AND g.permission_id = permission
                AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp() OFFSET 0)
        ) AS visible
        FROM candidate c WHERE compared[1] <> 0 OR compared[3] = 1
        ORDER BY compared[5] + compared[1] + compared[2] DESC, c.id LIMIT least(at_most, 50)
    ), shown AS ( -- who knows name, birth date and one thing more by heart has the person, or their papers, before them
        SELECT j.*, compared[1] >= 4 AND compared[2] >= 4 AND compared[5] = 5
            AND 2 IN (compared[7], compared[8], compared[11]) AS confirmed
        FROM judged j
    )
    SELECT s.id, s.visible,
        CASE WHEN s.visible OR s.confirmed THEN s.family_name ELSE left(s.family_name, 1) || '•••' END::text,
        CASE WHEN s.visible OR s.confirmed THEN s.given_name ELSE left(s.given_name, 1) || '•••' END::text,
        CASE WHEN s.visible OR s.confirmed THEN s.preferred_name ELSE '' END::text,
        CASE WHEN s.visible OR s.confirmed THEN s.birth_date END,
        extract(year FROM s.birth_date)::integer,
        CASE WHEN s.visible OR s.confirmed THEN s.sex ELSE '' END::text,
        CASE WHEN s.visible OR s.confirmed THEN s.mrn ELSE '' END::text,
        CASE WHEN s.visible THEN s.phone ELSE '' END::text,
        s.confirmed, s.compared
    FROM shown s;
END $$;
"""
SIGNATURES = (
    "app.name_words(text)",
    "app.generation(text)",
    "app.sound(text)",
    "app.turned(text, text)",
    "app.word_like(text, text, text[], text[])",
    "app.names_like(text[], text[], text[], text[])",
    "app.births_like(date, date, integer)",
    "app.texts_like(text, text, integer)",
    "app.street(text)",
    "app.lines_like(text, text)",
    "app.phone_digits(text)",
    "app.compare_people(app.person, app.person, text[], text[])",
    "app.match_keys(text, text, text, date[], text, text)",
    "app.find_duplicates(app.person, date[], text[], text[], integer)",
)
LOGINS = "owner, web, worker, backup, system_actor"
RIGHTS = "".join(
    f"REVOKE ALL ON FUNCTION {one} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {one} TO {LOGINS};\n"
    for one in SIGNATURES[:-1]
) + (
    f"REVOKE ALL ON FUNCTION {SIGNATURES[-1]} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {SIGNATURES[-1]} TO web, worker;\n"
)
BACK = (
    "DROP INDEX patient_match_keys;"
    + "".join(f"DROP FUNCTION {one};" for one in reversed(SIGNATURES))
    + "DROP TYPE app.person;"
)


class Migration(migrations.Migration):
    dependencies = [("patients", "0019_deaths")]
    operations = [CreateExtension("fuzzystrmatch"), migrations.RunSQL(WORDS + COMPARE + FIND + RIGHTS, BACK)]
