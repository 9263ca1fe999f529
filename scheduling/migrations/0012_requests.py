"""Times that patients ask for, and what a kind of visit asks of the provider."""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# As before, and besides: a time that was only asked for brings its site to the patient's name and visits, no further.
BROUGHT = """(
    granted_by_id = (SELECT app.user_id()) AND EXISTS (
        SELECT 1 FROM scheduling_appointment a
        WHERE a.id = app.visit_of(source) AND a.patient_id = patients_carerelationship.patient_id
        AND (a.status IN ('booked', 'confirmed')
            OR (a.status = 'requested' AND kind = 'site' AND scopes <@ '{identity,schedule}'))
        AND upper(validity) <= upper(a.during) + interval '90 days'
        AND (scopes <@ '{identity,schedule}' OR lower(validity) >= lower(a.during) - interval '30 days')
        AND ((kind = 'site' AND patients_carerelationship.site_id = a.site_id)
            OR (kind = 'appointment' AND role <> 'patient' AND user_id = (
                SELECT p.user_id FROM accounts_provider p WHERE p.id = a.provider_id)))))"""
ACCESS = """
DROP POLICY only_visits_bring_appointments ON patients_carerelationship;
DROP POLICY person_adds_for_visit ON patients_carerelationship;
CREATE POLICY person_adds_for_visit ON patients_carerelationship FOR INSERT TO web, worker
    WITH CHECK ({brought});
CREATE POLICY only_visits_bring_appointments ON patients_carerelationship AS RESTRICTIVE FOR INSERT TO web, worker
    WITH CHECK (kind <> 'appointment' OR (SELECT app.system_purpose()) IS NOT NULL OR {brought});
"""
BEFORE = import_module("scheduling.migrations.0003_free_time").BROUGHT


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_what_providers_say"),
        ("patients", "0041_grants_change_by_projection_alone"),
        ("scheduling", "0011_on_top"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="accepted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="appointment",
            name="accepted_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="appointment",
            name="answer_by",
            field=models.DateTimeField(blank=True, help_text="Of a time that a patient asked for.", null=True),
        ),
        migrations.AddField(
            model_name="appointment",
            name="request_end",
            field=models.CharField(
                blank=True,
                choices=[
                    ("declined", "The clinic said no"),
                    ("expired", "Nobody answered in time"),
                    ("withdrawn", "Taken back"),
                ],
                max_length=9,
            ),
        ),
        migrations.AddField(
            model_name="visittype",
            name="answer_hours",
            field=models.PositiveSmallIntegerField(
                default=48,
                help_text="Unless somebody answers before; at most until the time itself.",
                verbose_name="a time that a patient asks for is kept so many hours",
            ),
        ),
        migrations.AddField(
            model_name="visittype",
            name="privilege",
            field=models.CharField(
                blank=True,
                help_text="As it is recorded on the provider's page, and on the day of the visit; empty means none.",
                max_length=120,
                verbose_name="privilege the provider must hold",
            ),
        ),
        migrations.AlterField(
            model_name="appointment",
            name="status",
            field=models.CharField(
                choices=[
                    ("requested", "Asked for"),
                    ("booked", "Booked"),
                    ("confirmed", "Confirmed"),
                    ("arrived", "Arrived"),
                    ("roomed", "In a room"),
                    ("with_provider", "With the provider"),
                    ("checked_out", "Finished"),
                    ("no_show", "Did not come"),
                    ("cancelled", "Cancelled"),
                    ("left", "Left before being seen"),
                ],
                default="booked",
                max_length=13,
            ),
        ),
        migrations.AlterField(
            model_name="visittype",
            name="portal_mode",
            field=models.CharField(
                choices=[
                    ("off", "Booked by the clinic"),
                    ("request", "Patients ask for a time, and the clinic agrees"),
                    ("direct", "Patients book it themselves"),
                ],
                default="direct",
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("status", "requested")), fields=["answer_by"], name="appointment_to_answer"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "requested"), _negated=True),
                    models.Q(("accepted_at", None), ("answer_by__isnull", False)),
                    _connector="OR",
                ),
                name="appointment_requested_until_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("accepted_at", None), ("accepted_by", None)),
                    models.Q(
                        ("accepted_at__isnull", False), ("accepted_by__isnull", False), ("answer_by__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="appointment_accepted_by_whom",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("request_end", ""),
                    models.Q(
                        ("accepted_at", None),
                        ("answer_by__isnull", False),
                        ("status", "cancelled"),
                        models.Q(("cancel_reason", ""), ("request_end", "declined"), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="appointment_request_ended_unanswered",
            ),
        ),
        migrations.AddConstraint(
            model_name="visittype",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer_hours__range", (1, 720))), name="visit_type_answered_in_a_month"
            ),
        ),
        migrations.RunSQL(ACCESS.replace("{brought}", BROUGHT), ACCESS.replace("{brought}", BEFORE)),
    ]
