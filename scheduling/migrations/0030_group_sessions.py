"""Sessions of several people at once, and their seats."""

import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_what_providers_say"),
        ("patients", "0041_grants_change_by_projection_alone"),
        ("scheduling", "0029_free_time_by_weekday"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="GroupSession",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("during", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "wall_start",
                    models.CharField(help_text="As YYYY-MM-DDTHH:MM on the clock at the site.", max_length=16),
                ),
                ("time_zone", models.CharField(max_length=64)),
                ("seats", models.PositiveSmallIntegerField(verbose_name="seats")),
                ("sequence", models.PositiveIntegerField(default=0)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("cancel_reason", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="timeclaim",
            name="claim_of_a_visit_says_which",
        ),
        migrations.AddField(
            model_name="appointment",
            name="seat",
            field=models.PositiveSmallIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="visittype",
            name="seats",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Planned as sessions, in which each takes a seat. Empty means one patient at a time.",
                null=True,
                verbose_name="seats, where several come at once",
            ),
        ),
        migrations.AddConstraint(
            model_name="visittype",
            constraint=models.CheckConstraint(
                condition=models.Q(("seats", None), ("seats__range", (1, 200)), _connector="OR"),
                name="visit_type_has_seats_or_none",
            ),
        ),
        migrations.AddField(
            model_name="groupsession",
            name="cancelled_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="groupsession",
            name="planned_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="groupsession",
            name="provider",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.provider",
                verbose_name="provider",
            ),
        ),
        migrations.AddField(
            model_name="groupsession",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.site",
                verbose_name="site",
            ),
        ),
        migrations.AddField(
            model_name="groupsession",
            name="visit_type",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="scheduling.visittype",
                verbose_name="visit type",
            ),
        ),
        migrations.AddField(
            model_name="appointment",
            name="session",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="scheduling.groupsession",
            ),
        ),
        migrations.AddField(
            model_name="timeclaim",
            name="session",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="claims",
                to="scheduling.groupsession",
            ),
        ),
        migrations.AddIndex(
            model_name="timeclaim",
            index=models.Index(
                condition=models.Q(("session__isnull", False)), fields=["session"], name="claim_by_session"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("seat", None), ("session", None)),
                    models.Q(
                        ("overbook_reason", ""),
                        ("seat__gte", 1),
                        ("seat__isnull", False),
                        ("series_id", None),
                        ("session__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="appointment_seat_in_a_session",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("session__isnull", False),
                    models.Q(("status__in", ["cancelled", "no_show", "left"]), _negated=True),
                ),
                fields=("session", "seat"),
                name="appointment_one_a_seat",
            ),
        ),
        migrations.AddConstraint(
            model_name="timeclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("appointment_id__isnull", False), ("kind", "visit"), ("session", None)),
                    models.Q(("appointment_id", None), ("kind", "visit"), ("session__isnull", False)),
                    models.Q(models.Q(("kind", "visit"), _negated=True), ("appointment_id", None), ("session", None)),
                    _connector="OR",
                ),
                name="claim_of_a_visit_says_which",
            ),
        ),
        migrations.AddIndex(
            model_name="groupsession",
            index=models.Index(fields=["site", "wall_start"], name="group_session_by_site"),
        ),
        migrations.AddConstraint(
            model_name="groupsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("during__isempty", False),
                    ("during__lower_inc", True),
                    ("during__lower_inf", False),
                    ("during__upper_inc", False),
                    ("during__upper_inf", False),
                ),
                name="group_session_half_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="groupsession",
            constraint=models.CheckConstraint(
                condition=models.Q(("seats__range", (1, 200))), name="group_session_has_seats"
            ),
        ),
        migrations.AddConstraint(
            model_name="groupsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cancelled_at__isnull", False), models.Q(("cancel_reason", ""), _negated=True)),
                    models.Q(("cancel_reason", ""), ("cancelled_at", None), ("cancelled_by", None)),
                    _connector="OR",
                ),
                name="group_session_cancelled_says_why",
            ),
        ),
    ]
