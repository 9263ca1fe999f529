"""Pools for messages; threads in four states, with what was promised, in a pool or to one person (0073)."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_what_providers_say"),
        ("patients", "0041_grants_change_by_projection_alone"),
        ("records", "0029_recalls_open_again"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Pool",
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
                    "name",
                    models.CharField(
                        help_text="Patients read it: “Nurses”, “Prescriptions”.", max_length=60, verbose_name="name"
                    ),
                ),
                (
                    "takes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("question", "Health question"),
                                ("medicine", "Medicine or refill"),
                                ("result", "Test result"),
                                ("visit", "Visit"),
                                ("form", "Form or letter"),
                                ("bill", "Bill"),
                                ("other", "Something else"),
                            ],
                            max_length=8,
                        ),
                        blank=True,
                        default=list,
                        help_text="What patients of the site write about that.",
                        size=None,
                        verbose_name="what comes here by itself",
                    ),
                ),
                (
                    "answer_hours",
                    models.PositiveSmallIntegerField(
                        default=16,
                        help_text="Working hours are Monday to Friday from 9 to 5 at the site; 8 are a day.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(80),
                        ],
                        verbose_name="answers within so many working hours",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "pool for messages",
                "verbose_name_plural": "pools for messages",
            },
        ),
        migrations.CreateModel(
            name="PoolMember",
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
            ],
            options={
                "verbose_name": "member of a pool",
                "verbose_name_plural": "members of pools",
            },
        ),
        migrations.RemoveConstraint(
            model_name="thread",
            name="thread_closed_says_who_and_when",
        ),
        migrations.RemoveConstraint(
            model_name="thread",
            name="thread_closed_waits_for_nothing",
        ),
        migrations.RemoveIndex(
            model_name="thread",
            name="thread_waiting",
        ),
        migrations.RemoveIndex(
            model_name="thread",
            name="thread_by_owner",
        ),
        migrations.AddField(
            model_name="message",
            name="as_proxy",
            field=models.BooleanField(default=False, help_text="Written by somebody who acts for the patient."),
        ),
        migrations.AddField(
            model_name="thread",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="thread",
            name="due_at",
            field=models.DateTimeField(blank=True, help_text="By when an answer was promised.", null=True),
        ),
        migrations.AddField(
            model_name="thread",
            name="error",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name="thread",
            name="handed_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="thread",
            name="next_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="thread",
            name="provider",
            field=models.ForeignKey(
                blank=True,
                help_text="To whom the patient wrote, where it was to one person.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.provider",
            ),
        ),
        migrations.AddField(
            model_name="thread",
            name="queue",
            field=models.CharField(
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
        migrations.AddField(
            model_name="thread",
            name="reopened_at",
            field=models.DateTimeField(
                blank=True, help_text="When somebody last wrote into it after it was closed.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="thread",
            name="status",
            field=models.CharField(
                choices=[
                    ("new", "New"),
                    ("open", "Open"),
                    ("asked", "Waiting for the patient"),
                    ("closed", "Closed"),
                ],
                default="new",
                max_length=6,
            ),
        ),
        migrations.AddField(
            model_name="pool",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.site", verbose_name="site"
            ),
        ),
        migrations.AddField(
            model_name="thread",
            name="pool",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.pool"
            ),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(
                condition=models.Q(("next_at__isnull", False)), fields=["queue", "next_at"], name="thread_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(
                condition=models.Q(("waiting_since__isnull", False)), fields=["site", "due_at"], name="thread_waits"
            ),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(
                condition=models.Q(("status", "closed"), _negated=True),
                fields=["taken_by", "last_at"],
                name="thread_by_owner",
            ),
        ),
        migrations.AddField(
            model_name="poolmember",
            name="added_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="poolmember",
            name="ended_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="poolmember",
            name="pool",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.pool"
            ),
        ),
        migrations.AddField(
            model_name="poolmember",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="pool",
            constraint=models.UniqueConstraint(
                condition=models.Q(("active", True)), fields=("site", "name"), name="pool_named_once_a_site"
            ),
        ),
        migrations.AddConstraint(
            model_name="pool",
            constraint=models.UniqueConstraint(fields=("id", "site"), name="pool_of_a_site"),
        ),
        migrations.AddConstraint(
            model_name="pool",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer_hours__gte", 1), ("answer_hours__lte", 80)), name="pool_promises_in_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="poolmember",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("pool", "user"), name="pool_member_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="poolmember",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("ended_by", None)),
                    models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                    _connector="OR",
                ),
                name="pool_member_ended_says_who",
            ),
        ),
    ]
