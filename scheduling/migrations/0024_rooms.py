"""Rooms and devices that a kind of visit needs: claimed with the provider, in the same constraint, never on top."""

from importlib import import_module

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

# As before, and besides: each claim of a visit holds all of it, and on top of others it lies with its provider alone.
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
    ) OR EXISTS (
        SELECT 1 FROM scheduling_timeclaim c WHERE c.appointment_id = visit.id AND NOT c.blocked @> visit.during
    ) THEN
        RAISE EXCEPTION 'a visit stands with its claims, and only then' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (
        SELECT 1 FROM scheduling_timeclaim c JOIN scheduling_resource r ON r.id = c.resource_id
        WHERE c.appointment_id = visit.id AND c.lane > 0 AND (visit.overbook_reason = '' OR r.provider_id IS NULL)
    ) THEN
        RAISE EXCEPTION 'a visit on top of another says why, and shares no room' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
"""
BEFORE = import_module("scheduling.migrations.0011_on_top").CHECK
ROOM = models.Q(("category", ""), models.Q(("provider", None), ("site__isnull", False)), _connector="OR")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_what_providers_say"), ("scheduling", "0023_caps")]
    operations = [
        migrations.AddField(
            model_name="resource",
            name="category",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Kinds of visits need one of these, whichever is free.",
                max_length=60,
                verbose_name="what it is",
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="resource", constraint=models.CheckConstraint(condition=ROOM, name="resource_category_of_rooms")
        ),
        migrations.AddField(
            model_name="visittype",
            name="needs",
            field=ArrayField(
                base_field=models.CharField(max_length=60),
                blank=True,
                default=list,
                help_text="One of each is booked with the visit, at its site.",
                size=None,
            ),
        ),
        migrations.RemoveConstraint(model_name="timeclaim", name="claim_one_hold_a_holder"),
        migrations.AddConstraint(
            model_name="timeclaim",
            constraint=ExclusionConstraint(
                condition=models.Q(("holder__isnull", False)),
                expressions=[("holder", "="), ("hold_until", "<>")],
                name="claim_one_hold_a_holder",
            ),
        ),
        migrations.RunSQL(CHECK, BEFORE),
    ]
