"""Recalls: who is to come again by when and for what kind of visit, and never why (docs/decisions/0053)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME, STAFF = "(SELECT app.user_id())", "(SELECT app.acting_role()) <> 'patient'"
REACHED = f"({sees('schedule', 'records_recall.patient_id')})"
# Written apart from records.models.recalls on purpose: a test compares the two.
KEEP = """
CREATE FUNCTION app.keep_recall() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state || '>' || NEW.state) <> ALL (
            '{planned>due,planned>done,planned>cancelled,due>done,due>cancelled}'::text[]) THEN
        RAISE EXCEPTION 'a recall that is % cannot become %', OLD.state, NEW.state USING ERRCODE = '23514';
    END IF;
    IF OLD.ended_at IS NOT NULL AND (NEW.ended_at, NEW.ended_by_id, NEW.ended_because, NEW.encounter_id)
            IS DISTINCT FROM (OLD.ended_at, OLD.ended_by_id, OLD.ended_because, OLD.encounter_id) THEN
        RAISE EXCEPTION 'when a recall ended, and why, is said once' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.keep_recall() FROM PUBLIC;
CREATE TRIGGER keep_recall BEFORE UPDATE ON records_recall FOR EACH ROW
    WHEN (OLD.patient_id = NEW.patient_id) EXECUTE FUNCTION app.keep_recall();
"""


def key(to: str, **more: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=to, **more)


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0039_site_numbers"),
        ("records", "0024_amendment_requests"),
        ("scheduling", "0010_photos"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Recall",
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
                ("due_on", models.DateField(verbose_name="by")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("due", "To be called in"),
                            ("done", "Was here"),
                            ("cancelled", "Not needed any more"),
                        ],
                        default="planned",
                        max_length=9,
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ended_because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("visit", "A visit of this kind took place"),
                            ("by_hand", "Somebody said so"),
                            ("plan_ended", "What was planned is over"),
                            ("died", "The patient has died"),
                        ],
                        max_length=10,
                    ),
                ),
                ("encounter", key("records.encounter", blank=True, null=True, db_index=False)),
                ("ended_by", key(settings.AUTH_USER_MODEL, blank=True, null=True, help_text="Empty: nobody by hand.")),
                ("entry", key("records.entry", db_constraint=False, db_index=False)),
                ("patient", key("patients.patient")),
                ("planned_by", key(settings.AUTH_USER_MODEL)),
                ("visit_type", key("scheduling.visittype", db_index=False)),
            ],
            options={
                "verbose_name": "recall",
                "verbose_name_plural": "recalls",
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_at__isnull", False)),
                        fields=["queue", "next_at"],
                        name="recall_waiting",
                    ),
                    models.Index(fields=["patient", "entry"], name="recall_by_entry"),
                    models.Index(
                        condition=models.Q(("state__in", ["planned", "due"])),
                        fields=["due_on", "id"],
                        name="recall_standing",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("patient", "entry"), name="recall_once_per_plan"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at", None),
                                ("ended_because", ""),
                                ("ended_by", None),
                                ("state__in", ["planned", "due"]),
                            ),
                            models.Q(
                                ("ended_at__isnull", False),
                                ("next_at", None),
                                ("state__in", ["done", "cancelled"]),
                                models.Q(("ended_because", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="recall_ended_says_when_and_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("encounter", None), ("ended_because", "visit"), _connector="OR"),
                        name="recall_visit_ended_it",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_because", "by_hand"), _negated=True),
                            ("ended_by__isnull", False),
                            _connector="OR",
                        ),
                        name="recall_by_hand_says_whose",
                    ),
                ],
            },
        ),
        CompositeParentKey("records_recall", "entry_id", "records_entry"),
        CompositeParentKey("records_recall", "encounter_id", "records_encounter"),
        ProtectTable(
            "records_recall",
            sees=REACHED,
            adds=f"{STAFF} AND planned_by_id = {ME} AND state = 'planned' AND {REACHED}",
            changes=f"{STAFF} AND (ended_by_id IS NULL OR ended_by_id = {ME}) AND {REACHED}",
        ),
        migrations.RunSQL(KEEP, "DROP FUNCTION app.keep_recall() CASCADE"),
    ]
