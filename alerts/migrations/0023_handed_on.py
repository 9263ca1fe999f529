"""Who has an alert after it was handed on, and how it went round."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_what_providers_say"),
        ("alerts", "0022_mail_of_the_day"),
        ("patients", "0042_letter_wishes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Handing",
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
                    "area",
                    models.CharField(
                        choices=[
                            ("identity", "identity"),
                            ("schedule", "schedule"),
                            ("clinical", "clinical"),
                            ("medication", "medication"),
                            ("billing", "billing"),
                            ("message", "message"),
                        ],
                        max_length=12,
                    ),
                ),
                ("turn", models.PositiveSmallIntegerField()),
                ("handed_at", models.DateTimeField()),
                ("word", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "verbose_name": "handing on of an alert",
                "verbose_name_plural": "handings on of alerts",
            },
        ),
        migrations.AddField(
            model_name="alert",
            name="handed_on_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="alert",
            name="handed_on_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="alert",
            name="turn",
            field=models.PositiveSmallIntegerField(default=0, help_text="How often it was handed on."),
        ),
        migrations.AddField(
            model_name="notice",
            name="turn",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("handed_on_at", None), ("handed_on_by", None), ("turn", 0)),
                    models.Q(("handed_on_at__isnull", False), ("handed_on_by__isnull", False), ("turn__gte", 1)),
                    _connector="OR",
                ),
                name="alert_handed_on_says_who_and_when",
            ),
        ),
        migrations.AddField(
            model_name="handing",
            name="alert",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="handings", to="alerts.alert"
            ),
        ),
        migrations.AddField(
            model_name="handing",
            name="handed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="handing",
            name="instead_of",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="handing",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
            ),
        ),
        migrations.AddField(
            model_name="handing",
            name="team",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.team"
            ),
        ),
        migrations.AddField(
            model_name="handing",
            name="to",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="handing",
            constraint=models.UniqueConstraint(fields=("alert", "turn"), name="handing_one_a_turn"),
        ),
        migrations.AddConstraint(
            model_name="handing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("team", None), ("to__isnull", False)),
                    models.Q(("instead_of", None), ("team__isnull", False), ("to", None)),
                    _connector="OR",
                ),
                name="handing_to_somebody_or_a_team",
            ),
        ),
        migrations.AddConstraint(
            model_name="handing",
            constraint=models.CheckConstraint(condition=models.Q(("turn__gte", 1)), name="handing_counts_from_one"),
        ),
    ]
