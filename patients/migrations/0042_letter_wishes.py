"""How patients want to hear of each kind of happening; of two records of one person one wish is set aside."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
REACHED = sees("identity", "patients_letterwish.patient_id")
BEFORE = "''patients_closewatch''"
AFTER = "''patients_closewatch'', ''patients_letterwish''"
SET_ASIDE = f"""
DO $do$
DECLARE
    body text := pg_get_functiondef(
        'app.merge_patients(uuid, uuid, uuid, uuid, jsonb, text, timestamptz)'::regprocedure);
BEGIN
    IF position('{BEFORE}' IN body) = 0 THEN
        RAISE EXCEPTION 'the merge is not in the words that this expects';
    END IF;
    EXECUTE replace(body, '{BEFORE}', '{AFTER}');
END $do$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0041_grants_change_by_projection_alone"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LetterWish",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "topic",
                    models.CharField(
                        choices=[
                            ("visits", "Appointments"),
                            ("results", "Results and documents"),
                            ("messages", "Messages"),
                            ("medicines", "Medicines"),
                            ("bills", "Bills"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("email", "At once, by e-mail"),
                            ("sms", "At once, by text message"),
                            ("daily", "Once a day, in one e-mail"),
                            ("none", "Not at all"),
                        ],
                        max_length=5,
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("portal", "In the portal"),
                            ("in_person", "In person, at the clinic"),
                            ("paper", "Signed on paper"),
                            ("phone", "By telephone"),
                            ("online", "In the online registration"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "added_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ended_by",
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
            ],
            options={
                "verbose_name": "wish about letters",
                "verbose_name_plural": "wishes about letters",
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at", None)), fields=["patient"], name="letterwish_of_patient"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("ended_by", None)),
                            models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="letterwish_ended_says_who",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("patient", "topic"),
                        name="letterwish_one_stands",
                    ),
                ],
            },
        ),
        ProtectTable(
            "patients_letterwish",
            sees=REACHED,
            adds=f"added_by_id = {ME} AND ended_at IS NULL AND {REACHED}",
            changes=f"ended_by_id = {ME} AND {REACHED}",
        ),
        migrations.RunSQL(SET_ASIDE, migrations.RunSQL.noop),
    ]
