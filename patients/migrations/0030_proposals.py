import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
ROLE = "(SELECT app.acting_role())"
REACHED = sees("identity", "patients_proposedchange.patient_id")
# What one person has once is set aside in a merge where both records have it, and comes back when that is undone.
ONCE = """
DO $once$ BEGIN
    EXECUTE replace(pg_get_functiondef(
        'app.merge_patients(uuid, uuid, uuid, uuid, jsonb, text, timestamptz)'::regprocedure),
        $$'patients_deathreport',$$, $$'patients_deathreport', 'patients_contactpoint', 'patients_contactpreference',
            'patients_proposedchange',$$);
END $once$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0029_ways_to_reach"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ProposedChange",
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
                    "field",
                    models.CharField(
                        choices=[
                            ("given_name", "given_name"),
                            ("family_name", "family_name"),
                            ("preferred_name", "preferred_name"),
                            ("phone", "phone"),
                            ("email", "email"),
                            ("line", "line"),
                            ("city", "city"),
                            ("state", "state"),
                            ("postal_code", "postal_code"),
                            ("gender_identity", "gender_identity"),
                            ("pronouns", "pronouns"),
                            ("language", "language"),
                        ],
                        max_length=16,
                    ),
                ),
                ("was", models.CharField(blank=True, max_length=254)),
                ("value", models.CharField(blank=True, max_length=254)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits"),
                            ("accepted", "Taken over"),
                            ("refused", "Not taken over"),
                            ("withdrawn", "Taken back"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("answer", models.CharField(blank=True, max_length=300)),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "proposed change",
                "verbose_name_plural": "proposed changes",
                "indexes": [
                    models.Index(fields=["patient", "-created_at"], name="proposedchange_by_patient"),
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["created_at"], name="proposedchange_waiting"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("patient", "field"),
                        name="proposedchange_one_waits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("answered_by", None), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="proposedchange_answered_says_by_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(("answer", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="proposedchange_refused_says_why",
                    ),
                ],
            },
        ),
        ProtectTable(
            "patients_proposedchange",
            sees=REACHED,
            adds=f"{ROLE} = 'patient' AND proposed_by_id = {ME} AND state = 'waiting' AND {REACHED}",
            # Who answers signs; patients only take back.
            changes=f"answered_by_id = {ME} AND ({ROLE} <> 'patient' OR state = 'withdrawn') AND {REACHED}",
        ),
        migrations.RunSQL(ONCE, migrations.RunSQL.noop),
    ]
