"""Orders: what is asked of a laboratory or of who makes images, and what a doctor wants to find first."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import opens_marked, sees

ME, STAFF = "(SELECT app.user_id())", "(SELECT app.acting_role()) <> 'patient'"
REACHED = f"""({sees("clinical", "records_servicerequest.patient_id")})
AND {opens_marked("records_servicerequest", written_by=("written_by_id", "ordered_by_id"))}"""
# Written apart from records.models.orders on purpose: a test compares the two.
KEEP = """
CREATE FUNCTION app.keep_order() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.status <> OLD.status AND (OLD.status || '>' || NEW.status) <> ALL ('{
        draft>active,draft>revoked,active>specimen_collected,active>preliminary,active>final,active>revoked,
        active>failed,specimen_collected>preliminary,specimen_collected>final,specimen_collected>revoked,
        specimen_collected>failed,preliminary>final,preliminary>failed}'::text[]) THEN
        RAISE EXCEPTION 'an order that is % cannot become %', OLD.status, NEW.status USING ERRCODE = '23514';
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
REVOKE ALL ON FUNCTION app.keep_order() FROM PUBLIC;
CREATE TRIGGER keep_order BEFORE UPDATE ON records_servicerequest FOR EACH ROW
    WHEN (OLD.patient_id = NEW.patient_id) EXECUTE FUNCTION app.keep_order();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_what_providers_say"),
        ("patients", "0039_site_numbers"),
        ("records", "0012_closed_visits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FavouriteOrder",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("code", models.CharField(max_length=32)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "favourite order",
                "constraints": [models.UniqueConstraint(fields=("user", "code"), name="favourite_order_once")],
            },
        ),
        migrations.CreateModel(
            name="ServiceRequest",
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
                        choices=[("laboratory", "Laboratory"), ("imaging", "Imaging"), ("other", "Other")],
                        max_length=10,
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=32)),
                ("code_system", models.CharField(blank=True, max_length=20)),
                ("display", models.CharField(max_length=300)),
                (
                    "priority",
                    models.CharField(
                        choices=[("routine", "Routine"), ("urgent", "Urgent"), ("stat", "At once")],
                        default="routine",
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "note",
                    models.CharField(blank=True, help_text="For who takes the specimen or the image.", max_length=200),
                ),
                (
                    "sensitivity",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not marked"),
                            ("mental_health", "Mental health"),
                            ("substance_use", "Substance use"),
                            ("reproductive", "Reproductive health"),
                            ("adolescent", "Adolescent"),
                        ],
                        default="",
                        max_length=14,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Prepared"),
                            ("active", "Ordered"),
                            ("specimen_collected", "Specimen taken"),
                            ("preliminary", "Preliminary result"),
                            ("final", "Result is there"),
                            ("revoked", "Revoked"),
                            ("failed", "Nothing more comes"),
                        ],
                        default="active",
                        max_length=18,
                    ),
                ),
                ("ordered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "expected_by",
                    models.DateField(blank=True, help_text="The day by which an answer is expected.", null=True),
                ),
                ("collected_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, help_text="When it was revoked, or failed.", null=True)),
                ("end_reason", models.CharField(blank=True, max_length=200)),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        help_text="The system that told of it; empty for what was ordered here.",
                        max_length=200,
                    ),
                ),
                ("told", models.JSONField(blank=True, default=dict)),
                (
                    "collected_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "encounter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.encounter",
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
                    "ordered_by",
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
                    "provider",
                    models.ForeignKey(
                        blank=True,
                        help_text="Who asks for it, and so has to read the answer.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.provider",
                    ),
                ),
                (
                    "written_by",
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
                "verbose_name": "order",
                "indexes": [
                    models.Index(fields=["patient", "-created_at", "-id"], name="order_by_patient"),
                    models.Index(
                        condition=models.Q(
                            ("source", ""), ("status__in", ["active", "specimen_collected", "preliminary"])
                        ),
                        fields=["expected_by", "id"],
                        name="order_waiting",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                ["draft", "active", "specimen_collected", "preliminary", "final", "revoked", "failed"],
                            )
                        ),
                        name="order_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", False),
                                ("status__in", ["revoked", "failed"]),
                                models.Q(("end_reason", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("status__in", ["revoked", "failed"]), _negated=True),
                                ("end_reason", ""),
                                ("ended_at", None),
                                ("ended_by", None),
                            ),
                            _connector="OR",
                        ),
                        name="order_ended_says_when_and_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ordered_at", None), ("ordered_by", None)),
                            ("ordered_at__isnull", False),
                            _connector="OR",
                        ),
                        name="order_ordered_says_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("collected_at", None), ("collected_by", None)),
                            models.Q(("collected_at__isnull", False), ("collected_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="order_collected_says_who_and_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True),
                            models.Q(
                                ("provider__isnull", False),
                                ("written_by__isnull", False),
                                models.Q(
                                    ("status__in", ["draft", "revoked"]),
                                    models.Q(
                                        ("expected_by__isnull", False),
                                        ("ordered_at__isnull", False),
                                        ("ordered_by__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="order_says_who_ordered_and_when",
                    ),
                ],
            },
        ),
        CompositeParentKey("records_servicerequest", "encounter_id", "records_encounter"),
        migrations.RunSQL(KEEP, "DROP FUNCTION app.keep_order() CASCADE"),
        ProtectTable(
            "records_servicerequest",
            sees=f"{REACHED} AND ({STAFF} OR status <> 'draft')",
            adds=f"{REACHED} AND {STAFF} AND written_by_id = {ME} AND (ordered_by_id IS NULL OR ordered_by_id = {ME})",
            changes=f"{REACHED} AND {STAFF}",
        ),
        ProtectTable("records_favouriteorder", sees=f"user_id = {ME}", changes="false", removes=f"user_id = {ME}"),
    ]
