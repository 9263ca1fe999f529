"""The second wall round marked medicines, and what the safety check is told of those that its reader may not see."""

from django.db import migrations

from patients.rules import opens_marked, sees

PRESCRIPTION, CHECK, DEADLINE, TOLD = (
    f"prescriptions_{name}" for name in ("prescription", "safetycheck", "collectiondeadline", "medicationstatement")
)


def reaches(table: str) -> str:
    return f"({sees('medication', f'{table}.patient_id')})"


# Written apart from models on purpose: a test compares the two. Who dispenses sees what waits, marked or not.
ME = "(SELECT app.user_id())"
MY_PRESCRIBING = "(SELECT array(SELECT p.id FROM accounts_provider p WHERE p.user_id = app.user_id()))::uuid[]"
OPEN_TO = f"""({opens_marked(PRESCRIPTION, written_by=("handed_out_by_id",))}
 OR {PRESCRIPTION}.prescriber_id = ANY ({MY_PRESCRIBING})
 OR (SELECT app.acting_role()) = 'pharmacist' AND {PRESCRIPTION}.status IN ('signed', 'ready', 'not_collected'))"""
DRAFTS = "(status <> 'draft' OR (SELECT app.acting_role()) IN ('doctor', 'nurse'))"
LABELS = f"SELECT 1 FROM unnest({CHECK}.labels) AS l(label) WHERE NOT app.reaches({CHECK}.patient_id, l.label)"


def its_prescription(table: str, also: str = "") -> str:
    """What hangs on a prescription is seen where that is: its own policy is asked."""
    return f"EXISTS (SELECT 1 FROM {PRESCRIPTION} p WHERE p.id = {table}.prescription_id{also})"


NAMED = f"(NOT EXISTS ({LABELS}) OR {its_prescription(CHECK, f' AND p.signed_by_id = {ME}')})"
SEES = {
    PRESCRIPTION: (f"{DRAFTS} AND {reaches(PRESCRIPTION)} AND {OPEN_TO}", f"{DRAFTS} AND {reaches(PRESCRIPTION)}"),
    CHECK: (f"{reaches(CHECK)} AND {its_prescription(CHECK)} AND {NAMED}", reaches(CHECK)),
    DEADLINE: (f"{reaches(DEADLINE)} AND {its_prescription(DEADLINE)}", reaches(DEADLINE)),
    TOLD: (f"{reaches(TOLD)} AND {opens_marked(TOLD)}", reaches(TOLD)),
}


def policies(which: int) -> list[str]:
    """0: as from now on; 1: as before."""
    return [
        f"ALTER POLICY {policy} ON {table} USING ({both[which]})"
        for table, both in SEES.items()
        for policy in ("person_sees", "person_changes")
    ]


# Kept checks of other prescriptions that name one which is marked now: read with its label from then on, whoever marks.
LABEL = f"""
CREATE FUNCTION app.label_checks() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE {CHECK} c SET labels = array_append(c.labels, NEW.sensitivity), updated_at = now()
    WHERE c.patient_id = NEW.patient_id AND c.prescription_id <> NEW.id AND NOT NEW.sensitivity = ANY (c.labels)
    AND (c.checked -> 'clear' ? NEW.medicine OR EXISTS (
        SELECT 1 FROM jsonb_array_elements(c.findings || c.unchecked) AS told
        WHERE right(told ->> 'key', 37) = '.' || NEW.id::text));
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.label_checks() FROM PUBLIC;
CREATE TRIGGER label_checks AFTER UPDATE OF sensitivity ON {PRESCRIPTION} FOR EACH ROW
    WHEN (NEW.sensitivity <> '' AND OLD.signed_at IS NOT NULL) EXECUTE FUNCTION app.label_checks();
"""

# A mark is put and taken off after the signature; it is no part of what was signed.
BEFORE_LIFE = "'{status,ends_at,"
AFTER_LIFE = "'{sensitivity,status,ends_at,"
BEFORE_OVER = "'{ends_at,updated_at}'::text[]"
AFTER_OVER = "'{sensitivity,ends_at,updated_at}'::text[]"
REPLACE = """
DO $do$
DECLARE
    body text := pg_get_functiondef('app.keep_signed_prescription()'::regprocedure);
BEGIN
    EXECUTE replace(replace(body, {life}, {new_life}), {over}, {new_over});
END $do$;
"""


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def frozen(life: str, new_life: str, over: str, new_over: str) -> str:
    return REPLACE.format(
        life=literal(life), new_life=literal(new_life), over=literal(over), new_over=literal(new_over)
    )


# The rules of prescriptions.rules.safety once more, for what the reader may not see; a test holds the two against each
# other. Of everything that does not go together only the worst severity comes out, and that something was unchecked.
HIDDEN = f"""
CREATE FUNCTION app.hidden_medicines(patient uuid, medicine uuid) RETURNS TABLE (severity text, unchecked boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    me uuid := app.user_id();
    mine uuid[] := array(SELECT p.id FROM accounts_provider p WHERE p.user_id = me);
BEGIN
    IF me IS NULL OR app.acting_role() NOT IN ('doctor', 'nurse') OR NOT app.reaches(patient, 'medication') THEN
        RETURN;
    END IF;
    IF (SELECT count(*) FROM audit_auditevent e WHERE e.actor_id = me AND e.action = 'prescriptions.check_hidden'
            AND e.id >= app.floor7(clock_timestamp() - interval '1 hour')) > 60 THEN
        RAISE EXCEPTION 'too many checks' USING ERRCODE = 'HC429';
    END IF;
    RETURN QUERY
    WITH hidden AS MATERIALIZED (
        SELECT p.id, p.medication_id, ''::text AS rxcui FROM {PRESCRIPTION} p
        WHERE p.patient_id = patient AND p.sensitivity <> '' AND p.prescriber_id <> ALL (mine)
        AND p.status IN ('signed', 'ready', 'not_collected', 'picked_up')
        AND (p.ends_at IS NULL OR p.ends_at > statement_timestamp()) AND NOT app.reaches(patient, p.sensitivity)
        UNION ALL
        SELECT s.id, m.id, CASE WHEN s.code_system = 'rxnorm' THEN s.code ELSE '' END FROM {TOLD} s
        LEFT JOIN LATERAL (SELECT m.id FROM prescriptions_medication m WHERE m.rxcui <> '' AND m.rxcui = s.code
            AND s.code_system = 'rxnorm' ORDER BY m.key LIMIT 1) m ON true
        WHERE s.patient_id = patient AND s.sensitivity <> '' AND s.superseded_at IS NULL
        AND s.status IN ('active', 'on-hold', 'unknown') AND s.ended_at IS NULL
        AND (s.ends_at IS NULL OR s.ends_at > statement_timestamp()) AND NOT app.reaches(patient, s.sensitivity)
    ), theirs AS MATERIALIZED (
        SELECT h.id, i.name, array_append(array(SELECT 'class:' || c FROM unnest(i.classes) c), i.name::text) AS terms
        FROM hidden h JOIN prescriptions_medication_ingredients k ON k.medication_id = h.medication_id
        JOIN prescriptions_ingredient i ON i.id = k.ingredient_id
        UNION
        SELECT h.id, i.name, array_append(array(SELECT 'class:' || c FROM unnest(i.classes) c), i.name::text)
        FROM hidden h JOIN prescriptions_ingredient i ON i.rxcui <> '' AND i.rxcui = h.rxcui
    ), ours AS MATERIALIZED (
        SELECT i.name, array_append(array(SELECT 'class:' || c FROM unnest(i.classes) c), i.name::text) AS terms
        FROM prescriptions_medication_ingredients k JOIN prescriptions_ingredient i ON i.id = k.ingredient_id
        WHERE k.medication_id = medicine
    ), found AS (
        SELECT 'moderate'::text AS severity FROM ours JOIN theirs USING (name)
        UNION ALL
        SELECT r.severity FROM ours o JOIN theirs t ON t.name <> o.name JOIN prescriptions_safetyrule r
        ON r.kind = 'interaction' AND (r."left"::text[] && o.terms AND r."right"::text[] && t.terms
            OR r."right"::text[] && o.terms AND r."left"::text[] && t.terms)
    )
    SELECT coalesce((SELECT f.severity FROM found f
            ORDER BY array_position('{{contraindicated,severe,moderate}}'::text[], f.severity) LIMIT 1), ''),
        EXISTS (SELECT 1 FROM hidden h WHERE NOT EXISTS (SELECT 1 FROM theirs t WHERE t.id = h.id));
END $$;
REVOKE ALL ON FUNCTION app.hidden_medicines(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.hidden_medicines(uuid, uuid) TO web, worker;
"""


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0005_marks"), ("patients", "0007_deny_wins")]
    operations = [
        migrations.RunSQL(policies(0), policies(1)),
        migrations.RunSQL(
            frozen(BEFORE_LIFE, AFTER_LIFE, BEFORE_OVER, AFTER_OVER),
            frozen(AFTER_LIFE, BEFORE_LIFE, AFTER_OVER, BEFORE_OVER),
        ),
        migrations.RunSQL(LABEL, "DROP FUNCTION app.label_checks() CASCADE"),
        migrations.RunSQL(HIDDEN, "DROP FUNCTION app.hidden_medicines(uuid, uuid)"),
    ]
