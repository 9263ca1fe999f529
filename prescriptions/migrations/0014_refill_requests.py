"""Requests for a refill, and the second wall round them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

TABLE = "prescriptions_refillrequest"
ME, ROLE = "(SELECT app.user_id())", "(SELECT app.acting_role())"
REACH = f"({sees('medication', f'{TABLE}.patient_id')})"
SEEN = f"EXISTS (SELECT 1 FROM prescriptions_prescription p WHERE p.id = {TABLE}.prescription_id)"
# The patient's side asks and takes back; staff answers in its own name, or begins what will be the answer.
ASKED = f"{ROLE} = 'patient' AND asked_by_id = {ME} AND state = 'waiting'"
ANSWERED = f"""(answered_by_id = {ME} AND ({ROLE} <> 'patient' OR state = 'withdrawn')
 OR state = 'waiting' AND {ROLE} <> 'patient')"""
KEEP = f"""
CREATE FUNCTION app.keep_refill() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'what was answered or taken back stays so' USING ERRCODE = '23514';
END $$;
REVOKE ALL ON FUNCTION app.keep_refill() FROM PUBLIC;
CREATE TRIGGER keep_refill BEFORE UPDATE ON {TABLE} FOR EACH ROW
    WHEN (OLD.patient_id = NEW.patient_id AND OLD.state <> 'waiting') EXECUTE FUNCTION app.keep_refill();
"""


def key(to: str, **more: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=to, **{"related_name": "+", **more})


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0041_grants_change_by_projection_alone"),
        ("prescriptions", "0013_checked_at_the_dispensary"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="RefillRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("note", models.CharField(blank=True, help_text="In the words of who asked.", max_length=300)),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits for an answer"),
                            ("approved", "Approved"),
                            ("denied", "Denied"),
                            ("withdrawn", "Taken back"),
                            ("closed", "The prescription was cancelled"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                (
                    "answered_at",
                    models.DateTimeField(blank=True, help_text="Or taken back, or closed.", null=True),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("visit_first", "Your doctor wants to see you first. Please book a visit."),
                            ("test_first", "A test is needed first. Please call us."),
                            ("too_early", "It is too early: you should still have enough."),
                            ("over", "The treatment is over: you no longer need it."),
                            ("changed", "You are to take something else instead."),
                            ("other", "For another reason: said below."),
                        ],
                        max_length=11,
                    ),
                ),
                ("answer", models.CharField(blank=True, max_length=300)),
                ("answered_by", key(settings.AUTH_USER_MODEL, blank=True, null=True)),
                ("asked_by", key(settings.AUTH_USER_MODEL)),
                ("made_in", key("prescriptions.prescription", blank=True, null=True)),
                ("patient", key("patients.patient")),
                ("prescription", key("prescriptions.prescription", related_name="refill_requests")),
            ],
            options={
                "verbose_name": "request for a refill",
                "verbose_name_plural": "requests for a refill",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["asked_at", "id"], name="refill_waiting"
                    ),
                    models.Index(fields=["patient", "asked_at"], name="refill_by_patient"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("prescription",),
                        name="refill_one_waits_per_prescription",
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
                        name="refill_answered_says_by_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "denied"), models.Q(("reason", ""), _negated=True)),
                            models.Q(models.Q(("state", "denied"), _negated=True), ("reason", "")),
                            _connector="OR",
                        ),
                        name="refill_denied_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", "other"), _negated=True),
                            models.Q(("answer", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="refill_denied_otherwise_says_it_in_words",
                    ),
                ],
            },
        ),
        ProtectTable(
            TABLE,
            sees=f"{REACH} AND {SEEN}",
            adds=f"{ASKED} AND {REACH}",
            changes=f"{ANSWERED} AND {REACH}",
        ),
        CompositeParentKey(TABLE, "prescription_id", "prescriptions_prescription"),
        CompositeParentKey(TABLE, "made_in_id", "prescriptions_prescription"),
        migrations.RunSQL(KEEP, "DROP FUNCTION app.keep_refill() CASCADE"),
    ]
