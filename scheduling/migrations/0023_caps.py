"""So many visits of a kind a day and a week with one provider."""

from django.db import migrations, models

# Numbers alone, of one kind or of all: nobody sees all visits of a provider, and who books has to know that there is no
# room for another.
COUNTED = """
CREATE FUNCTION app.visits_of_kind(providers uuid[], kind uuid, first text, until text, besides uuid)
RETURNS TABLE (provider_id uuid, day text, visits bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT a.provider_id, left(a.wall_start, 10), count(*) FROM scheduling_appointment a
    WHERE a.provider_id = ANY (providers) AND a.wall_start >= first AND a.wall_start < until
    AND (kind IS NULL OR a.visit_type_id = kind) AND a.status NOT IN ('cancelled', 'no_show', 'left')
    AND a.id IS DISTINCT FROM besides
    GROUP BY a.provider_id, left(a.wall_start, 10)
$$;
REVOKE ALL ON FUNCTION app.visits_of_kind(uuid[], uuid, text, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.visits_of_kind(uuid[], uuid, text, text, uuid) TO web, worker;
"""
BACK = "DROP FUNCTION app.visits_of_kind(uuid[], uuid, text, text, uuid)"


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0022_downtime"),
    ]

    operations = [
        migrations.AddField(
            model_name="visittype",
            name="most_per_day",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Empty means no limit.",
                null=True,
                verbose_name="at most so many a day with one provider",
            ),
        ),
        migrations.AddField(
            model_name="visittype",
            name="most_per_week",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Weeks begin on Monday.",
                null=True,
                verbose_name="at most so many a week with one provider",
            ),
        ),
        migrations.AddConstraint(
            model_name="visittype",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("most_per_day", 0), _negated=True), models.Q(("most_per_week", 0), _negated=True)
                ),
                name="visit_type_capped_above_none",
            ),
        ),
        migrations.RunSQL(COUNTED, BACK),
    ]
