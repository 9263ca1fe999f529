"""Somebody is found under a former name and by any number kept of them, in the search and before a registration."""

from importlib import import_module

from django.db import migrations

# The names of the search: those of the registration, and after them each other name that counts.
NAMES = """
CREATE OR REPLACE FUNCTION app.fold_patient_name() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.search_name := app.fold(concat_ws(' ', NEW.family_name, NEW.given_name, nullif(NEW.preferred_name, ''), (
        SELECT string_agg(n.given_name || ' ' || n.family_name, ' ' ORDER BY n.id)
        FROM patients_patientname n WHERE n.patient_id = NEW.id AND n.ended_at IS NULL)));
    RETURN NEW;
END $$;
CREATE FUNCTION app.fold_other_names() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE patients_patient p SET family_name = p.family_name WHERE p.id IN (OLD.patient_id, NEW.patient_id);
    RETURN NULL;
END $$;
CREATE TRIGGER fold_names AFTER INSERT OR UPDATE OR DELETE ON patients_patientname
    FOR EACH ROW EXECUTE FUNCTION app.fold_other_names();
"""
NUMBERS = """
-- A number as it is compared: capitals and digits alone.
CREATE FUNCTION app.number_told(number text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT upper(regexp_replace(coalesce(number, ''), '[^[:alnum:]]', '', 'g'))
$$;
CREATE INDEX patientidentifier_number ON patients_patientidentifier (app.number_told(value));

-- Whose number this is: a record number, one of a record that went into another, or any that is kept besides.
CREATE FUNCTION app.patients_numbered(number text) RETURNS uuid[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    told text := app.number_told(number);
    ours text := regexp_replace(told, '^([0-9]{3})([0-9]{2})([0-9]{4})$', '\\1-\\2-\\3');
BEGIN
    IF length(told) < 4 THEN
        RETURN '{}';
    END IF;
    RETURN array(SELECT p.id FROM patients_patient p WHERE p.mrn = ours
        UNION SELECT m.patient_id FROM patients_merge m WHERE m.former_mrn = ours AND m.undone_at IS NULL
        UNION SELECT i.patient_id FROM patients_patientidentifier i WHERE app.number_told(i.value) = told);
END $$;
"""
# The search: by any number, and by digits that may be of a phone or of a number.
SEARCH = r"""
DO $do$
DECLARE
    found text := pg_get_functiondef('app.find_patients(text,date,text,text,integer)'::regprocedure);
    phone text := '(digits = '''' OR p.phone LIKE ''%'' || digits)';
    changed text := regexp_replace(
        found, 'near := array\(SELECT p\.id FROM patients_patient p WHERE p\.mrn = number.*?;', 'near := numbered;');
BEGIN
    changed := replace(changed, 'right(p.phone, 4) = right(digits, 4));',
        'right(p.phone, 4) = right(digits, 4)) || numbered;');
    IF length(changed) - length(replace(changed, phone, '')) <> 2 * length(phone) OR found = changed THEN
        RAISE EXCEPTION 'the search does not stand as it was expected';
    END IF;
    changed := replace(changed, phone, '(digits = '''' OR p.phone LIKE ''%'' || digits OR p.id = ANY (numbered))');
    changed := replace(changed, 'near uuid[];', 'near uuid[];
    numbered uuid[] := app.patients_numbered(CASE WHEN number <> '''' THEN number ELSE digits END);');
    EXECUTE changed;
END $do$;
"""
INDEX = """
CREATE INDEX patientname_match_keys ON patients_patientname USING gin (
    app.match_keys(family_name, given_name, '', '{}'::date[], '', '')) WITH (fastupdate = off) WHERE ended_at IS NULL;
"""
RIGHTS = """
REVOKE ALL ON FUNCTION app.number_told(text), app.patients_numbered(text), app.fold_other_names() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.number_told(text) TO owner, web, worker, backup, system_actor;
"""


def duplicates() -> str:
    """The search for duplicates as it stood before, asking for former names and for numbers as well.

    Of the names of a candidate, the one that is most like what was told is compared, and which it is is told as the
    last of `compared`: 0 that of the registration, 1 at birth, 2 a former one, 3 another. A number that fits counts;
    another number is no evidence against, since people have many.
    """
    found = import_module("patients.migrations.0022_births").duplicates()
    for old, new in (
        (
            "    found uuid[];\n",
            """    found uuid[];
    numbered uuid[] := app.patients_numbered((who).identifier);
    told text := app.number_told((who).identifier);
    names text[] := app.match_keys((who).family, (who).given,
        concat_ws(' ', (who).preferred, array_to_string(variants, ' ')), '{}', '', '');
""",
        ),
        (
            "        LIMIT 300);\n",
            """        LIMIT 300) || numbered || array(SELECT n.patient_id FROM patients_patientname n
            JOIN patients_patient p ON p.id = n.patient_id
        WHERE n.ended_at IS NULL
        AND names && app.match_keys(n.family_name, n.given_name, '', '{}'::date[], '', '')
        AND (p.birth_precision <> 'day' OR (who).slack > 0
            OR app.births_like((who).birth_date, p.birth_date, 0) NOT IN (0, 1))
        LIMIT 100);
""",
        ),
        (
            "        SELECT p.*, app.compare_people(who, ROW(p.given_name, p.family_name, p.preferred_name,",
            """        SELECT p.*, best.compared
        FROM patients_patient p CROSS JOIN LATERAL (SELECT levels.compared FROM (
            SELECT app.compare_people(who, ROW(n.given_name, n.family_name, p.preferred_name,""",
        ),
        (
            """p.postal_code, '')::app.person, variants, known) AS compared
        FROM patients_patient p WHERE p.id = ANY (found)""",
            """p.postal_code,
                number.value)::app.person, variants, known) || n.kind AS compared
            FROM (SELECT p.given_name, p.family_name, 0::smallint AS kind
                UNION ALL SELECT o.given_name, o.family_name,
                    CASE o.use WHEN 'maiden' THEN 1 WHEN 'old' THEN 2 ELSE 3 END::smallint
                FROM patients_patientname o WHERE o.patient_id = p.id AND o.ended_at IS NULL) n
            CROSS JOIN LATERAL (SELECT CASE WHEN p.id = ANY (numbered) THEN told ELSE coalesce((
                SELECT i.value FROM patients_patientidentifier i WHERE told <> '' AND i.patient_id = p.id
                AND app.texts_like(told, app.number_told(i.value), 1) = 1 LIMIT 1), '') END) AS number(value)
            OFFSET 0) levels -- compared once, and not in each place that names it
            ORDER BY compared[1] = 0 AND compared[3] = 0, compared[1] + compared[2] + 10 * compared[3] DESC,
                compared[12] LIMIT 1
        ) best WHERE p.id = ANY (found)""",
        ),
        ("WHERE compared[1] <> 0 OR compared[3] = 1", "WHERE compared[1] <> 0 OR compared[3] = 1 OR compared[11] = 2"),
    ):
        if found.count(old) != 1:
            raise ValueError(f"the search for duplicates does not hold this once: {old}")
        found = found.replace(old, new)
    return found


class Migration(migrations.Migration):
    dependencies = [("patients", "0032_portal_by_the_day")]
    operations = [migrations.RunSQL(NAMES + NUMBERS + SEARCH + INDEX + duplicates() + RIGHTS, migrations.RunSQL.noop)]
