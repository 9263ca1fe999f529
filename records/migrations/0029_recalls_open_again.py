"""A recall stands again when the visit that had ended it was entered in error, and in no other case (0057)."""

from django.db import migrations, models

# Written apart from records.models.recalls on purpose: a test compares the two. Whether the visit was wrong, is asked
# under the walls of whoever changes the recall: who does not see the visit, opens none.
KEEP = """
CREATE OR REPLACE FUNCTION app.keep_recall() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    opens boolean := OLD.state = 'done' AND NEW.state = 'planned';
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state || '>' || NEW.state) <> ALL (
            '{planned>due,planned>done,planned>cancelled,due>done,due>cancelled,done>planned}'::text[]) THEN
        RAISE EXCEPTION 'a recall that is % cannot become %', OLD.state, NEW.state USING ERRCODE = '23514';
    END IF;
    IF opens AND (NEW.reopened_at IS NULL OR NEW.reopened_at <= coalesce(OLD.reopened_at, '-infinity')
            OR NOT EXISTS (SELECT FROM public.records_encounter e WHERE e.id = OLD.encounter_id
                AND e.patient_id = OLD.patient_id AND e.status = 'entered_in_error')) THEN
        RAISE EXCEPTION 'a recall stands again when the visit that ended it was entered in error'
            USING ERRCODE = '23514';
    END IF;
    IF NOT opens AND (NEW.reopened_at IS DISTINCT FROM OLD.reopened_at
            OR OLD.ended_at IS NOT NULL AND (NEW.ended_at, NEW.ended_by_id, NEW.ended_because, NEW.encounter_id)
            IS DISTINCT FROM (OLD.ended_at, OLD.ended_by_id, OLD.ended_because, OLD.encounter_id)) THEN
        RAISE EXCEPTION 'when a recall ended, and why, is said once' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""
KEEP_BACK = """
CREATE OR REPLACE FUNCTION app.keep_recall() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state || '>' || NEW.state) <> ALL (
            '{planned>due,planned>done,planned>cancelled,due>done,due>cancelled}'::text[]) THEN
        RAISE EXCEPTION 'a recall that is % cannot become %', OLD.state, NEW.state USING ERRCODE = '23514';
    END IF;
    IF OLD.ended_at IS NOT NULL AND (NEW.ended_at, NEW.ended_by_id, NEW.ended_because, NEW.encounter_id)
            IS DISTINCT FROM (OLD.ended_at, OLD.ended_by_id, OLD.ended_because, OLD.encounter_id) THEN
        RAISE EXCEPTION 'when a recall ended, and why, is said once' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0028_recall_calls")]

    operations = [
        migrations.AddField(
            "recall",
            "reopened_at",
            models.DateTimeField(
                blank=True,
                help_text="When the visit that had ended it was found to be entered in error.",
                null=True,
            ),
        ),
        migrations.RunSQL(KEEP, KEEP_BACK),
    ]
