"""What a clinic decides about the rules, and how often they are overridden."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PRESCRIPTION, CHECK, TOLD = (f"prescriptions_{name}" for name in ("prescription", "safetycheck", "medicationstatement"))
CHOICES = [
    ("contraindicated", "Contraindicated"),
    ("severe", "Severe"),
    ("moderate", "Moderate"),
    ("off", "Off: it says nothing"),
]


# The rules of prescriptions.rules.safety once more, for what the reader may not see; a test holds the two against each
# other. Of everything that does not go together only the worst severity comes out, and that something was unchecked.
def hidden(severity: str, also: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION app.hidden_medicines(patient uuid, medicine uuid)
RETURNS TABLE (severity text, unchecked boolean)
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
        SELECT {severity} FROM ours o JOIN theirs t ON t.name <> o.name JOIN prescriptions_safetyrule r
        ON r.kind = 'interaction' {also} AND (r."left"::text[] && o.terms AND r."right"::text[] && t.terms
            OR r."right"::text[] && o.terms AND r."left"::text[] && t.terms)
    )
    SELECT coalesce((SELECT f.severity FROM found f
            ORDER BY array_position('{{contraindicated,severe,moderate}}'::text[], f.severity) LIMIT 1), ''),
        EXISTS (SELECT 1 FROM hidden h WHERE NOT EXISTS (SELECT 1 FROM theirs t WHERE t.id = h.id));
END $$;
REVOKE ALL ON FUNCTION app.hidden_medicines(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.hidden_medicines(uuid, uuid) TO web, worker;
"""


# Of a check and the same without marked medicines, the one that says more is counted; of nobody's rows a word.
OVERRIDES = f"""
CREATE FUNCTION app.overrides_by_rule(since timestamptz)
RETURNS TABLE (rule text, severity text, reason text, times bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.user_id() IS NULL OR app.acting_role() NOT IN ('pharmacist', 'administrator') THEN
        RAISE EXCEPTION 'this is for who reviews the rules' USING ERRCODE = '42501';
    END IF;
    IF app.acts_since('prescriptions.list_overrides', clock_timestamp() - interval '1 minute') > 60 THEN
        RAISE EXCEPTION 'too many lists' USING ERRCODE = 'HC429';
    END IF;
    RETURN QUERY
    WITH kept AS (
        SELECT DISTINCT ON (c.prescription_id, c.ran_at) c.findings, c.unchecked, c.problem, c.overrides
        FROM {CHECK} c WHERE c.ran_at >= since AND c.occasion = 'signing'
        ORDER BY c.prescription_id, c.ran_at, cardinality(c.labels) DESC
    ), spoke AS (
        SELECT f ->> 'key' AS key, f ->> 'rule' AS rule, f ->> 'severity' AS severity, k.overrides
        FROM kept k CROSS JOIN LATERAL jsonb_array_elements(k.findings) f
        UNION ALL
        SELECT u ->> 'key', 'unchecked', u ->> 'why', k.overrides
        FROM kept k CROSS JOIN LATERAL jsonb_array_elements(k.unchecked) u
        UNION ALL
        SELECT 'problem', 'problem', k.problem, k.overrides FROM kept k WHERE k.problem <> ''
    )
    SELECT s.rule, s.severity, coalesce((
        SELECT o ->> 'reason' FROM jsonb_array_elements(s.overrides) o WHERE o ->> 'key' = s.key LIMIT 1), '') AS why,
        count(*)
    FROM spoke s GROUP BY s.rule, s.severity, why;
END $$;
REVOKE ALL ON FUNCTION app.overrides_by_rule(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.overrides_by_rule(timestamptz) TO web, worker;
"""
AS_CHOSEN = hidden("coalesce(nullif(r.chosen_severity, ''), r.severity)", "AND r.chosen_severity <> 'off'")
AS_DELIVERED = hidden("r.severity", "")


class Migration(migrations.Migration):
    dependencies = [
        ("prescriptions", "0011_who_takes_it"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            "safetyrule",
            "chosen_severity",
            models.CharField(blank=True, choices=CHOICES, default="", max_length=16, verbose_name="severity here"),
            preserve_default=False,
        ),
        migrations.AddField(
            "safetyrule", "chosen_limits", models.JSONField(blank=True, default=dict, verbose_name="limits here")
        ),
        migrations.AddField(
            "safetyrule",
            "chosen_because",
            models.CharField(blank=True, default="", max_length=200, verbose_name="why"),
            preserve_default=False,
        ),
        migrations.AddField(
            "safetyrule",
            "chosen_by",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("safetyrule", "chosen_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddConstraint(
            "safetyrule",
            models.CheckConstraint(
                condition=models.Q(
                    chosen_severity="", chosen_limits={}, chosen_because="", chosen_by=None, chosen_at=None
                )
                | ~models.Q(chosen_because="") & models.Q(chosen_by__isnull=False, chosen_at__isnull=False),
                name="safety_rule_chosen_says_who_when_and_why",
            ),
        ),
        migrations.RunSQL(AS_CHOSEN, AS_DELIVERED),
        migrations.RunSQL(OVERRIDES, "DROP FUNCTION app.overrides_by_rule(timestamptz)"),
    ]
