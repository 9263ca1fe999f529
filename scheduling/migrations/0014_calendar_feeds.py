"""Secret addresses where calendars read along: the rows, the wall round them, and the two functions that pass it.

Whoever knocks is nobody. The first function says whose visits a secret leads to, while its owner's account is open and
its owner may still see them; the second when and where they are, never with whom or what for.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable
from patients.rules import sees

ME, ROLE = "(SELECT app.user_id())", "(SELECT app.acting_role())"
REACHED = sees("schedule", "scheduling_patientfeed.patient_id")
FUNCTIONS = """
CREATE FUNCTION app.calendar_feed(secret text) RETURNS TABLE (feed uuid, provider uuid, patient uuid, own boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT f.id, f.provider_id, NULL::uuid, true
    FROM scheduling_providerfeed f JOIN accounts_user u ON u.id = f.owner_id
        JOIN accounts_provider p ON p.id = f.provider_id AND p.user_id = f.owner_id
    WHERE f.digest = secret AND f.ended_at IS NULL AND u.is_active AND p.ended_at IS NULL
    UNION ALL
    SELECT f.id, NULL, f.patient_id, EXISTS (
        SELECT 1 FROM patients_carerelationship r
        WHERE r.patient_id = f.patient_id AND r.user_id = f.owner_id AND r.kind = 'self'
        AND r.validity @> statement_timestamp())
    FROM scheduling_patientfeed f JOIN accounts_user u ON u.id = f.owner_id
    WHERE f.digest = secret AND f.ended_at IS NULL AND u.is_active AND EXISTS (
        SELECT 1 FROM patients_usergrant g
        WHERE g.content_object_id = f.patient_id AND g.user_id = f.owner_id AND g.role = 'patient'
        AND g.permission_id = app.scope_permission('schedule')
        AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp());
$$;

CREATE FUNCTION app.calendar_visits(secret text) RETURNS TABLE (visit uuid, starts timestamptz, ends timestamptz,
    zone text, times integer, cancelled boolean, changed timestamptz, site text, line text, city text, state text,
    postal_code text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    provider uuid;
    patient uuid;
    since timestamptz := statement_timestamp() - interval '30 days';
BEGIN
    SELECT f.provider, f.patient INTO provider, patient FROM app.calendar_feed(secret) f;
    RETURN QUERY
    SELECT a.id, lower(a.during), upper(a.during), a.time_zone::text, a.sequence, a.status = 'cancelled', a.updated_at,
        s.name::text, s.line::text, s.city::text, s.state::text, s.postal_code::text
    FROM scheduling_appointment a JOIN accounts_site s ON s.id = a.site_id
    WHERE (a.provider_id = provider OR a.patient_id = patient)
        AND a.wall_start >= to_char(since - interval '1 day', 'YYYY-MM-DD') AND upper(a.during) > since
        AND a.wall_start < to_char(since + interval '430 days', 'YYYY-MM-DD')
        AND (a.status NOT IN ('requested', 'cancelled', 'no_show', 'left')
            OR (a.cancelled_at > since AND a.request_end = ''))
    ORDER BY lower(a.during), a.id LIMIT 4000;
END $$;
REVOKE ALL ON FUNCTION app.calendar_feed(text), app.calendar_visits(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.calendar_feed(text), app.calendar_visits(text) TO web, worker;
"""
BACK = "DROP FUNCTION app.calendar_visits(text); DROP FUNCTION app.calendar_feed(text);"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_what_providers_say"),
        ("patients", "0041_grants_change_by_projection_alone"),
        ("scheduling", "0013_holds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PatientFeed",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "digest",
                    models.CharField(help_text="SHA-256 of the secret, in hexadecimal.", max_length=64, unique=True),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProviderFeed",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "digest",
                    models.CharField(help_text="SHA-256 of the secret, in hexadecimal.", max_length=64, unique=True),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.provider"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)), fields=("provider",), name="provider_feed_one_at_a_time"
                    )
                ],
            },
        ),
        migrations.RunSQL(FUNCTIONS, BACK),
        ProtectTable(
            "scheduling_providerfeed",
            sees=f"owner_id = {ME} OR {ROLE} = 'administrator'",
            adds=f"owner_id = {ME} AND {ROLE} <> 'patient'",
            changes=f"owner_id = {ME}",
        ),
        ProtectTable(
            "scheduling_patientfeed",
            sees=f"owner_id = {ME} AND {REACHED}",
            adds=f"owner_id = {ME} AND {ROLE} = 'patient' AND {REACHED}",
        ),
    ]
