import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
ROLE = "(SELECT app.acting_role())"
OFFICER = f"{ROLE} = 'privacy_officer'"
# A case is seen by whoever asked, while the record is theirs to open, and by the privacy officers, who answer it.
REACHED = sees("identity", "patients_privacycase.patient_id")
ASKED = f"{ROLE} = 'patient' AND patients_privacycase.opened_by_id = {ME} AND {REACHED}"
NOT_YET = "owner_id IS NULL AND verdict = '' AND answered_at IS NULL"
# The audit names records by their ids. Whoever reviews it must be able to say which record that is, and to name one;
# nobody else gets a number.
NUMBERS = """
CREATE FUNCTION app.record_numbers(ids uuid[], numbers text[]) RETURNS TABLE (patient_id uuid, number text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.system_purpose() IS NULL AND app.acting_role() IS DISTINCT FROM 'privacy_officer' THEN
        RETURN;
    END IF;
    IF cardinality(ids) > 20000 OR cardinality(numbers) > 100 THEN
        RAISE EXCEPTION 'too many records at once' USING ERRCODE = 'HC429';
    END IF;
    RETURN QUERY SELECT p.id, p.mrn::text FROM patients_patient p WHERE p.id = ANY (ids) OR p.mrn = ANY (numbers);
END $$;
REVOKE ALL ON FUNCTION app.record_numbers(uuid[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.record_numbers(uuid[], text[]) TO web, worker;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0015_one_answer_stands"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CloseWatch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("reason", models.CharField(max_length=300)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
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
                (
                    "placed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "close watch",
                "verbose_name_plural": "close watches",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)), fields=("patient",), name="closewatch_one_at_a_time"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="closewatch_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("ended_by", None)),
                            models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="closewatch_ended_says_who",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PrivacyCase",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("event_id", models.UUIDField(verbose_name="event of the audit")),
                ("doubt", models.CharField(max_length=1000, verbose_name="what seems wrong")),
                ("opened_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(blank=True, null=True)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("in_order", "It was in order"),
                            ("not_in_order", "It was not in order"),
                            ("unclear", "It could not be cleared up"),
                        ],
                        max_length=12,
                    ),
                ),
                ("answer", models.CharField(blank=True, max_length=2000)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
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
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "owner",
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
                "verbose_name": "privacy case",
                "verbose_name_plural": "privacy cases",
                "indexes": [
                    models.Index(
                        condition=models.Q(("answered_at", None)), fields=["due_at"], name="privacycase_waiting"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("patient", "event_id"), name="privacycase_one_per_event"),
                    models.CheckConstraint(
                        condition=models.Q(("doubt", ""), _negated=True), name="privacycase_says_what_is_doubted"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("owner", None), ("taken_at", None)),
                            models.Q(("owner__isnull", False), ("taken_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="privacycase_taken_says_by_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at", None), ("answered_by", None), ("verdict", "")),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                                models.Q(("verdict", ""), _negated=True),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="privacycase_answered_says_by_whom_and_what",
                    ),
                ],
            },
        ),
        ProtectTable(
            "patients_privacycase",
            sees=f"{OFFICER} OR ({ASKED})",
            adds=f"{ASKED} AND {NOT_YET}",
            changes=f"{OFFICER} AND (answered_by_id IS NULL OR answered_by_id = {ME})",
        ),
        ProtectTable(
            "patients_closewatch",
            sees=OFFICER,
            adds=f"{OFFICER} AND placed_by_id = {ME} AND ended_at IS NULL",
            changes=f"{OFFICER} AND ended_by_id = {ME}",
        ),
        migrations.RunSQL(NUMBERS, "DROP FUNCTION app.record_numbers(uuid[], text[])"),
    ]
