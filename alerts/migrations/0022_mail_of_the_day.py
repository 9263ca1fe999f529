"""What is kept for a mail of the day, and when that leaves; each in its patient's reach."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable
from patients.rules import sees


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0021_letters_about_messages"),
        ("patients", "0042_letter_wishes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Digest",
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
                (
                    "state",
                    models.CharField(
                        choices=[("due", "Waits"), ("sent", "Sent"), ("empty", "Nothing was left to send")],
                        default="due",
                        max_length=5,
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "mail of the day",
                "verbose_name_plural": "mails of the day",
                "abstract": False,
            },
        ),
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_sent_or_says_why_not",
        ),
        migrations.AlterField(
            model_name="notice",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("no_address", "No e-mail address is known"),
                    ("no_account", "There is no portal account to read it in"),
                    ("bad_address", "The e-mail address cannot be used"),
                    ("once_a_day", "The patient wants to hear of it once a day"),
                    ("over", "It was read, settled or taken back before it could be sent"),
                    ("outdated", "The visit was changed again meanwhile"),
                    ("visit_past", "The visit had begun"),
                    ("patient_died", "The patient has died"),
                    ("refused", "The patient does not want it in this way"),
                    ("no_other_way", "There is no other way to write to them"),
                    ("quiet_hours", "It would have come in their quiet hours, or too late"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="state",
            field=models.CharField(
                choices=[
                    ("gathered", "Kept for the mail of the day"),
                    ("queued", "In the post"),
                    ("skipped", "Not sent"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(condition=models.Q(("state", "gathered")), fields=["patient"], name="notice_gathered"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("message_id__isnull", False), ("reason", ""), ("state", "queued")),
                    models.Q(("message_id", None), ("reason", "once_a_day"), ("state", "gathered")),
                    models.Q(("message_id", None), ("state", "skipped"), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="notice_sent_or_says_why_not",
            ),
        ),
        migrations.AddField(
            model_name="digest",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
            ),
        ),
        migrations.AddIndex(
            model_name="digest",
            index=models.Index(
                condition=models.Q(("next_at__isnull", False)), fields=["queue", "next_at"], name="digest_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="digest",
            index=models.Index(condition=models.Q(("state", "due")), fields=["patient"], name="digest_of_patient"),
        ),
        migrations.AddConstraint(
            model_name="digest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("next_at__isnull", False), ("state", "due")),
                    models.Q(models.Q(("state", "due"), _negated=True), ("next_at", None)),
                    _connector="OR",
                ),
                name="digest_waits_while_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="digest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sent_at__isnull", False), ("state", "sent")),
                    models.Q(models.Q(("state", "sent"), _negated=True), ("sent_at", None)),
                    _connector="OR",
                ),
                name="digest_sent_says_when",
            ),
        ),
        ProtectTable("alerts_digest", sees=sees("identity", "alerts_digest.patient_id"), adds="false", changes="false"),
    ]
