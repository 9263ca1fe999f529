"""The list of allergies says how dangerous each is and how sure somebody is, the worst first; and what was refuted
never counts as active, whoever writes it."""

from django.db import migrations, models
from django.db.models import Q

ALLERGIES = """
CREATE OR REPLACE FUNCTION app.allergies_of(patients uuid[])
RETURNS TABLE (patient_id uuid, state text, entries jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF cardinality(patients) > 200 THEN
        RAISE EXCEPTION 'allergies are asked for a page of patients at most' USING ERRCODE = '22023';
    END IF;
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT p.id, app.reaches(p.id, 'clinical') OR app.reaches(p.id, 'medication') AS treats
        FROM unnest(patients) AS p(id) WHERE app.system_purpose() IS NOT NULL OR app.reaches(p.id, 'identity')
    ), told AS (
        SELECT a.id, a.treats OR app.system_purpose() IS NOT NULL AS treats, count(e.id) AS said,
            bool_or(e.code = 'no-known-allergies') AS none_known,
            jsonb_agg(jsonb_build_object('id', e.id, 'display', e.display, 'code', e.code,
                'code_system', e.code_system, 'reaction', e.data ->> 'reaction', 'severity', e.data ->> 'severity',
                'criticality', e.data ->> 'criticality', 'verification', e.data ->> 'verification')
                ORDER BY e.data ->> 'criticality' = 'high' DESC NULLS LAST,
                    array_position('{severe,moderate,mild}', e.data ->> 'severity'), e.effective_at, e.id)
                FILTER (WHERE e.clinical_status = 'active' AND e.code <> 'no-known-allergies') AS active
        FROM asked a LEFT JOIN records_entry e ON e.patient_id = a.id AND e.kind = 'allergy'
            AND e.superseded_at IS NULL AND e.record_status <> 'entered_in_error'
        GROUP BY a.id, a.treats
    )
    SELECT t.id, CASE WHEN t.said = 0 THEN 'never_asked' WHEN NOT t.treats THEN 'recorded'
        WHEN t.active IS NULL AND t.none_known THEN 'none_known' ELSE 'list' END,
        CASE WHEN t.treats THEN coalesce(t.active, '[]') ELSE '[]' END
    FROM told t;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0009_marks")]
    operations = [
        migrations.RunSQL(ALLERGIES, migrations.RunSQL.noop),  # the older pages read what they know of it
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=~Q(kind="allergy", clinical_status="active", data__verification="refuted"),
                name="entry_refuted_is_not_active",
            ),
        ),
    ]
