"""A hold is of somebody, without saying of whom: each has one, and the booking takes it."""

from importlib import import_module

from django.db import migrations, models

WALLS = import_module("scheduling.migrations.0002_walls")
# As before, and a hold by its holder's name, which nobody can tell who does not know ours for the patient.
RELEASE = """
DROP FUNCTION app.release_claims(uuid[], uuid, uuid);
CREATE FUNCTION app.release_claims(resources uuid[], visit uuid, block uuid, holds_of uuid DEFAULT NULL)
RETURNS integer LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    system boolean := app.system_purpose() IS NOT NULL;
    held integer := 0;
    released integer;
BEGIN
    DELETE FROM scheduling_timeclaim c
    WHERE c.resource_id = ANY (resources) AND c.kind = 'hold' AND c.hold_until <= clock_timestamp();
    GET DIAGNOSTICS released = ROW_COUNT;
    IF holds_of IS NOT NULL THEN
        DELETE FROM scheduling_timeclaim c WHERE c.holder = holds_of AND c.kind = 'hold';
        GET DIAGNOSTICS held = ROW_COUNT;
        released := released + held;
    END IF;
    IF visit IS NOT NULL THEN
        IF NOT system AND NOT EXISTS (
            SELECT 1 FROM scheduling_appointment a WHERE a.id = visit AND app.reaches(a.patient_id, 'schedule')
        ) THEN
            RAISE EXCEPTION 'this visit is not yours to move' USING ERRCODE = '42501';
        END IF;
        DELETE FROM scheduling_patientclaim p WHERE p.appointment_id = visit;
        DELETE FROM scheduling_timeclaim c WHERE c.appointment_id = visit;
        released := released + 1;
    END IF;
    IF block IS NOT NULL THEN
        DELETE FROM scheduling_timeclaim c USING scheduling_resource r
        WHERE c.id = block AND c.kind = 'block' AND r.id = c.resource_id AND (system OR (
            app.acting_role() <> 'patient' AND (r.site_id = ANY (app.site_ids()) OR EXISTS (
                SELECT 1 FROM accounts_provider_sites s
                WHERE s.provider_id = r.provider_id AND s.site_id = ANY (app.site_ids())))));
        IF NOT FOUND THEN
            RAISE EXCEPTION 'this block is not yours to lift' USING ERRCODE = '42501';
        END IF;
        released := released + 1;
    END IF;
    RETURN released;
END $$;
REVOKE ALL ON FUNCTION app.release_claims(uuid[], uuid, uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.release_claims(uuid[], uuid, uuid, uuid) TO web, worker;
"""
BEFORE = f"""DROP FUNCTION app.release_claims(uuid[], uuid, uuid, uuid);
{WALLS.RELEASE}
REVOKE ALL ON FUNCTION app.release_claims(uuid[], uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.release_claims(uuid[], uuid, uuid) TO web, worker;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0012_requests"),
    ]

    operations = [
        migrations.AddField(
            model_name="timeclaim",
            name="holder",
            field=models.UUIDField(
                blank=True, help_text="Tells holds of one patient apart, and not of whom.", null=True
            ),
        ),
        migrations.AddConstraint(
            model_name="timeclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "hold"), ("holder", None), _connector="OR"), name="claim_holder_holds"
            ),
        ),
        migrations.AddConstraint(
            model_name="timeclaim",
            constraint=models.UniqueConstraint(
                condition=models.Q(("holder__isnull", False)), fields=("holder",), name="claim_one_hold_a_holder"
            ),
        ),
        migrations.RunSQL(RELEASE, BEFORE),
    ]
