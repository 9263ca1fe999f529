"""Visits on top of others, in lanes of their own, which say why they are."""

from importlib import import_module

from django.db import migrations, models

CHECK = """
CREATE OR REPLACE FUNCTION app.check_claims_of_visit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    visit scheduling_appointment;
    stands boolean;
BEGIN
    IF TG_TABLE_NAME = 'scheduling_appointment' THEN
        SELECT * INTO visit FROM scheduling_appointment a WHERE a.id = NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT * INTO visit FROM scheduling_appointment a WHERE a.id = OLD.appointment_id;
    ELSE
        SELECT * INTO visit FROM scheduling_appointment a WHERE a.id = NEW.appointment_id;
    END IF;
    IF visit.id IS NULL THEN
        RETURN NULL;
    END IF;
    stands := visit.status NOT IN ('cancelled', 'no_show', 'left');
    IF stands <> EXISTS (
        SELECT 1 FROM scheduling_timeclaim c JOIN scheduling_resource r ON r.id = c.resource_id
        WHERE c.appointment_id = visit.id
        AND (NOT stands OR (r.provider_id = visit.provider_id AND c.blocked @> visit.during))
    ) OR stands <> EXISTS (
        SELECT 1 FROM scheduling_patientclaim p WHERE p.appointment_id = visit.id AND p.patient_id = visit.patient_id
        AND (NOT stands OR p.during = visit.during)
    ) THEN
        RAISE EXCEPTION 'a visit stands with its claims, and only then' USING ERRCODE = '23514';
    END IF;
    IF visit.overbook_reason = '' AND EXISTS (
        SELECT 1 FROM scheduling_timeclaim c WHERE c.appointment_id = visit.id AND c.lane > 0
    ) THEN
        RAISE EXCEPTION 'a visit on top of another says why' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
"""
BEFORE = import_module("scheduling.migrations.0006_claims_by_patient").CHECK.format(
    patient="AND p.patient_id = visit.patient_id"
)


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0010_photos")]
    operations = [
        migrations.AddField(
            model_name="appointment",
            name="overbook_reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="why it was booked on top of another"),
        ),
        migrations.AddConstraint(
            model_name="timeclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(("lane__lte", 0), models.Q(("kind", "visit"), ("lane__lte", 3)), _connector="OR"),
                name="claim_on_top_is_a_visit",
            ),
        ),
        migrations.RunSQL(CHECK, BEFORE),
    ]
