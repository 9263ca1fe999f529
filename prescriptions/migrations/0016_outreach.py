"""Reaching out to who did not come for a medicine, and the second wall round it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

TABLE = "prescriptions_outreach"
REACH = f"({sees('medication', f'{TABLE}.patient_id')})"
SEEN = f"EXISTS (SELECT 1 FROM prescriptions_prescription p WHERE p.id = {TABLE}.prescription_id)"
OWN = "(SELECT app.acting_role()) <> 'patient' AND reached_by_id = (SELECT app.user_id())"


def key(to: str, **more: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=to, **{"related_name": "+", **more})


class Migration(migrations.Migration):
    dependencies = [
        ("prescriptions", "0015_weight_at_the_dispensary"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Outreach",
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
                    "way",
                    models.CharField(
                        choices=[("phone", "By phone"), ("message", "By message"), ("letter", "By letter")],
                        max_length=7,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("will_collect", "Will come for it"),
                            ("cost", "Costs too much"),
                            ("side_effects", "Fears or had side effects"),
                            ("not_needed", "Does not need it any more"),
                            ("not_reached", "Not reached"),
                            ("other", "Other: said below"),
                        ],
                        max_length=12,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("reached_at", models.DateTimeField()),
                ("reached_by", key(settings.AUTH_USER_MODEL)),
                ("patient", key("patients.patient")),
                ("prescription", key("prescriptions.prescription", related_name="outreach")),
            ],
            options={
                "verbose_name": "outreach",
                "verbose_name_plural": "outreach",
                "indexes": [models.Index(fields=["prescription", "reached_at"], name="outreach_of_prescription")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "other"), _negated=True),
                            models.Q(("note", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="outreach_other_says_it_in_words",
                    )
                ],
            },
        ),
        ProtectTable(TABLE, sees=f"{REACH} AND {SEEN}", adds=f"{OWN} AND {REACH}", changes="false"),
        CompositeParentKey(TABLE, "prescription_id", "prescriptions_prescription"),
    ]
