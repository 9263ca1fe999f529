import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
STAFF = "(SELECT app.acting_role()) <> 'patient'"
REACHED = sees("identity", "patients_deathreport.patient_id")


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0018_audit_for_proxies"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DeathReport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("died_on", models.DateField(blank=True, null=True, verbose_name="died on")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("family", "The family"),
                            ("hospital", "A hospital or another clinic"),
                            ("certificate", "A death certificate or an authority"),
                            ("here", "It was here, at the clinic"),
                            ("other", "Somebody else"),
                        ],
                        max_length=12,
                        verbose_name="who told it",
                    ),
                ),
                ("taken_back_at", models.DateTimeField(blank=True, null=True)),
                ("taken_back_reason", models.CharField(blank=True, max_length=300)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "reported_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "taken_back_by",
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
                "verbose_name": "report of a death",
                "verbose_name_plural": "reports of deaths",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("taken_back_at", None)), fields=("patient",), name="death_reported_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("taken_back_at", None), ("taken_back_by", None), ("taken_back_reason", "")),
                            models.Q(
                                ("taken_back_at__isnull", False),
                                ("taken_back_by__isnull", False),
                                models.Q(("taken_back_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="death_taken_back_says_by_whom_and_why",
                    ),
                ],
            },
        ),
        ProtectTable(
            "patients_deathreport",
            sees=REACHED,
            adds=f"{STAFF} AND reported_by_id = {ME} AND taken_back_at IS NULL AND {REACHED}",
            changes=f"{STAFF} AND taken_back_by_id = {ME} AND {REACHED}",
        ),
    ]
