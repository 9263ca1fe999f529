"""When results go out to patients, an order whose answer was wrong waits again, and the desk's list (0052)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME, ROLE = "(SELECT app.user_id())", "(SELECT app.acting_role())"
SETS_UP = f"{ROLE} = 'administrator'"
WISHES = f"({sees('clinical', 'records_releasewish.patient_id')})"
# Whoever sees the result: the policy of the entry itself is asked.
RELEASES = f"""({sees("clinical", "records_resultrelease.patient_id")}) AND EXISTS (SELECT FROM records_entry e
WHERE e.patient_id = records_resultrelease.patient_id AND e.id = records_resultrelease.entry_id)"""

# As 0002_walls and 0009_marks left it; and what went out by itself takes a clinician's words once.
KEEP_ENTRY = """
CREATE OR REPLACE FUNCTION app.keep_entry() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    life text[] := '{sensitivity,record_status,superseded_at,acknowledged_at,acknowledged_by_id,released_at,'
        'released_by_id,release_comment,voided_at,voided_by_id,void_reason,updated_at}';
BEGIN
    IF (to_jsonb(NEW) - life) IS DISTINCT FROM (to_jsonb(OLD) - life) THEN
        RAISE EXCEPTION 'what an entry says never changes: correct it by a later version' USING ERRCODE = '23514';
    END IF;
    IF NEW.record_status <> OLD.record_status AND (OLD.record_status || '>' || NEW.record_status) <> ALL ('{
        draft>preliminary,draft>final,draft>entered_in_error,preliminary>final,preliminary>entered_in_error,
        final>entered_in_error,corrected>entered_in_error,amended>entered_in_error}'::text[]) THEN
        RAISE EXCEPTION 'an entry that is %% cannot become %%', OLD.record_status, NEW.record_status
            USING ERRCODE = '23514';
    END IF;
    IF OLD.superseded_at IS NOT NULL AND NEW.superseded_at IS DISTINCT FROM OLD.superseded_at
        OR OLD.acknowledged_at IS NOT NULL AND (NEW.acknowledged_at, NEW.acknowledged_by_id)
            IS DISTINCT FROM (OLD.acknowledged_at, OLD.acknowledged_by_id)
        OR OLD.released_at IS NOT NULL AND (NEW.released_at, NEW.released_by_id, NEW.release_comment)
            IS DISTINCT FROM (OLD.released_at, OLD.released_by_id, OLD.release_comment)%(unless)s
        OR OLD.voided_at IS NOT NULL AND (NEW.voided_at, NEW.voided_by_id, NEW.void_reason)
            IS DISTINCT FROM (OLD.voided_at, OLD.voided_by_id, OLD.void_reason) THEN
        RAISE EXCEPTION 'who did what with an entry, and when, is said once' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""
WORDS_LATER = """
            AND (NEW.released_at <> OLD.released_at OR OLD.released_by_id IS NOT NULL OR OLD.release_comment <> ''
                OR NEW.released_by_id IS NULL OR NEW.kind NOT IN ('laboratory_result', 'diagnostic_report'))"""
# As 0013_orders wrote it; and what was answered waits again when the answer was wrong.
KEEP_ORDER = """
CREATE OR REPLACE FUNCTION app.keep_order() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.status <> OLD.status AND (OLD.status || '>' || NEW.status) <> ALL ('{
        draft>active,draft>revoked,active>specimen_collected,active>preliminary,active>final,active>revoked,
        active>failed,specimen_collected>preliminary,specimen_collected>final,specimen_collected>revoked,
        specimen_collected>failed,preliminary>final,preliminary>failed%(back)s}'::text[]) THEN
        RAISE EXCEPTION 'an order that is %% cannot become %%', OLD.status, NEW.status USING ERRCODE = '23514';
    END IF;
    IF OLD.ordered_at IS NOT NULL AND (NEW.ordered_at, NEW.ordered_by_id)
            IS DISTINCT FROM (OLD.ordered_at, OLD.ordered_by_id)
        OR OLD.collected_at IS NOT NULL AND (NEW.collected_at, NEW.collected_by_id)
            IS DISTINCT FROM (OLD.collected_at, OLD.collected_by_id)
        OR OLD.ended_at IS NOT NULL AND (NEW.ended_at, NEW.ended_by_id, NEW.end_reason)
            IS DISTINCT FROM (OLD.ended_at, OLD.ended_by_id, OLD.end_reason) THEN
        RAISE EXCEPTION 'who did what with an order, and when, is said once' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""
BACK = """,preliminary>active,preliminary>specimen_collected,
        final>active,final>specimen_collected,final>preliminary"""

# Of whom the desk may know: that a test is overdue, and not which. What is marked stays with who treats.
OVERDUE = f"""
CREATE FUNCTION app.overdue_tests(today date) RETURNS TABLE (patient_id uuid, expected_by date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF app.user_id() IS NULL OR app.acting_role() NOT IN ('front_desk', 'nurse', 'doctor') THEN
        RAISE EXCEPTION 'this is for who calls patients' USING ERRCODE = '42501';
    END IF;
    IF app.acts_since('records.list_overdue_tests', clock_timestamp() - interval '1 minute') > 60 THEN
        RAISE EXCEPTION 'too many lists' USING ERRCODE = 'HC429';
    END IF;
    RETURN QUERY
    SELECT o.patient_id, min(o.expected_by) FROM records_servicerequest o
    WHERE o.status IN ('active', 'specimen_collected', 'preliminary') AND o.source = '' AND o.expected_by < today
        AND o.sensitivity = '' AND {sees("identity", "o.patient_id")}
    GROUP BY o.patient_id ORDER BY 2, 1 LIMIT 100;
END $$;
REVOKE ALL ON FUNCTION app.overdue_tests(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.overdue_tests(date) TO web, worker;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0039_site_numbers"),
        ("records", "0020_texts_for_notes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReleasePolicy",
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
                    "category",
                    models.CharField(
                        choices=[("laboratory", "Laboratory"), ("imaging", "Imaging"), ("other", "Other reports")],
                        max_length=10,
                        verbose_name="results of",
                    ),
                ),
                (
                    "when",
                    models.CharField(
                        choices=[
                            ("at_once", "At once when it is final"),
                            ("after_read", "When a clinician has read it"),
                            ("after_days", "After some days"),
                        ],
                        default="at_once",
                        max_length=10,
                        verbose_name="patients see them",
                    ),
                ),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="With “after some days” alone; 0 otherwise.", verbose_name="days"
                    ),
                ),
            ],
            options={
                "verbose_name": "release of results",
                "verbose_name_plural": "release of results",
                "constraints": [
                    models.UniqueConstraint(fields=("category",), name="release_policy_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("days__range", (1, 30)), ("when", "after_days")),
                            models.Q(("days", 0), ("when__in", ["at_once", "after_read"])),
                            _connector="OR",
                        ),
                        name="release_policy_says_days",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleaseWish",
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
                    "wants",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "As the clinic does it"),
                            ("at_once", "As soon as they are there"),
                            ("after_talk", "When my doctor has sent them to me or spoken to me"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "said_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "wish about results",
                "verbose_name_plural": "wishes about results",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("wants__in", ["", "at_once", "after_talk"])), name="release_wish_known"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ResultRelease",
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
                    "queue",
                    models.CharField(
                        choices=[
                            ("urgent", "urgent"),
                            ("default", "default"),
                            ("bulk", "bulk"),
                            ("sync", "sync"),
                            ("maintenance", "maintenance"),
                        ],
                        default="default",
                        max_length=12,
                    ),
                ),
                ("next_at", models.DateTimeField(null=True)),
                ("handed_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=80)),
                ("final_at", models.DateTimeField(help_text="When it was final, and so could go out.")),
                ("held_at", models.DateTimeField(blank=True, null=True)),
                ("held_until", models.DateTimeField(blank=True, null=True)),
                ("held_reason", models.CharField(blank=True, max_length=300)),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "entry",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.entry",
                    ),
                ),
                (
                    "held_by",
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
                    "reviewed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "result to be released",
                "verbose_name_plural": "results to be released",
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_at__isnull", False)),
                        fields=["queue", "next_at"],
                        name="resultrelease_waiting",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("entry",), name="result_release_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("held_at", None),
                                ("held_by", None),
                                ("held_reason", ""),
                                ("held_until", None),
                                ("reviewed_at", None),
                            ),
                            models.Q(
                                ("held_at__isnull", False),
                                ("held_by__isnull", False),
                                ("held_until__gt", models.F("held_at")),
                                models.Q(("held_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="result_hold_says_who_why_and_until",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at", None), ("reviewed_by", None)),
                            models.Q(
                                ("reviewed_at__isnull", False),
                                ("reviewed_by__isnull", False),
                                models.Q(("reviewed_by", models.F("held_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="result_hold_is_reviewed_by_another",
                    ),
                ],
            },
        ),
        CompositeParentKey("records_resultrelease", "entry_id", "records_entry"),
        ProtectTable("records_releasepolicy", sees="true", adds=SETS_UP, changes=SETS_UP),
        # The patient, or who acts for them, in their own name.
        ProtectTable(
            "records_releasewish",
            sees=WISHES,
            adds=f"{WISHES} AND {ROLE} = 'patient' AND said_by_id = {ME}",
            changes="false",
        ),
        ProtectTable(
            "records_resultrelease",
            sees=RELEASES,
            adds=f"{RELEASES} AND {ROLE} <> 'patient'",
            changes=f"{RELEASES} AND {ROLE} <> 'patient'",
        ),
        migrations.RunSQL(OVERDUE, "DROP FUNCTION app.overdue_tests(date)"),
        migrations.RunSQL(KEEP_ENTRY % {"unless": WORDS_LATER}, KEEP_ENTRY % {"unless": ""}),
        migrations.RunSQL(KEEP_ORDER % {"back": BACK}, KEEP_ORDER % {"back": ""}),
    ]
