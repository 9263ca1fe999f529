import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
STAFF = "(SELECT app.acting_role()) <> 'patient'"
REACHED = sees("identity", "patients_{table}.patient_id")


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0028_profile"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactPoint",
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
                (
                    "system",
                    models.CharField(
                        choices=[("phone", "Phone"), ("email", "E-mail")], max_length=5, verbose_name="phone or e-mail"
                    ),
                ),
                (
                    "use",
                    models.CharField(
                        choices=[("mobile", "Mobile"), ("home", "Home"), ("work", "Work"), ("temp", "For a while")],
                        max_length=6,
                        verbose_name="where",
                    ),
                ),
                ("value", models.CharField(max_length=254, verbose_name="number or address")),
                (
                    "bad",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("bounced", "What was sent came back"),
                            ("wrong", "Belongs to somebody else"),
                            ("silent", "Nobody answers any more"),
                        ],
                        max_length=8,
                        verbose_name="what is wrong",
                    ),
                ),
                ("bad_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "contact point",
                "verbose_name_plural": "contact points",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("bad", ""), ("bad_at", None)),
                            models.Q(models.Q(("bad", ""), _negated=True), ("bad_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="contactpoint_bad_says_since_when",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactPreference",
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
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("email", "E-mail"),
                            ("sms", "Text message"),
                            ("phone", "Telephone"),
                            ("letter", "Letter"),
                        ],
                        max_length=6,
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("visits", "Visits and reminders"),
                            ("health", "Results, medicines and messages"),
                            ("bills", "Bills"),
                            ("news", "News and offers"),
                        ],
                        max_length=6,
                    ),
                ),
                ("allowed", models.BooleanField()),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("portal", "In the portal"),
                            ("in_person", "In person, at the clinic"),
                            ("paper", "Signed on paper"),
                            ("phone", "By telephone"),
                        ],
                        max_length=10,
                    ),
                ),
            ],
            options={
                "verbose_name": "contact preference",
                "verbose_name_plural": "contact preferences",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RelatedPerson",
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
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "relation",
                    models.CharField(
                        choices=[
                            ("partner", "Spouse or partner"),
                            ("parent", "Parent"),
                            ("child", "Son or daughter"),
                            ("sibling", "Sibling"),
                            ("guardian", "Legal guardian"),
                            ("relative", "Other relative"),
                            ("friend", "Friend"),
                            ("caregiver", "Caregiver"),
                            ("other", "Somebody else"),
                        ],
                        max_length=10,
                        verbose_name="who they are to the patient",
                    ),
                ),
                ("phone", models.CharField(blank=True, max_length=20, verbose_name="phone")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("emergency", models.BooleanField(default=False, verbose_name="call them in an emergency")),
                (
                    "may_be_told",
                    models.BooleanField(default=False, verbose_name="may be told about the patient's health"),
                ),
            ],
            options={
                "verbose_name": "related person",
                "verbose_name_plural": "related persons",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("emergency", False), models.Q(("phone", ""), _negated=True), _connector="OR"
                        ),
                        name="relatedperson_called_has_a_phone",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="contactpoint",
            name="added_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="contactpoint",
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
            model_name="contactpoint",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
            ),
        ),
        migrations.AddField(
            model_name="contactpreference",
            name="added_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="contactpreference",
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
            model_name="contactpreference",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
            ),
        ),
        migrations.AddField(
            model_name="relatedperson",
            name="added_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="relatedperson",
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
            model_name="relatedperson",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
            ),
        ),
        migrations.AddIndex(
            model_name="contactpoint",
            index=models.Index(
                condition=models.Q(("ended_at", None)), fields=["patient"], name="contactpoint_of_patient"
            ),
        ),
        migrations.AddConstraint(
            model_name="contactpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("ended_by", None)),
                    models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                    _connector="OR",
                ),
                name="contactpoint_ended_says_who",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactpoint",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("patient", "system", "value"), name="contactpoint_once"
            ),
        ),
        migrations.AddIndex(
            model_name="contactpreference",
            index=models.Index(
                condition=models.Q(("ended_at", None)), fields=["patient"], name="contactpreference_of_patient"
            ),
        ),
        migrations.AddConstraint(
            model_name="contactpreference",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("ended_by", None)),
                    models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                    _connector="OR",
                ),
                name="contactpreference_ended_says_who",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactpreference",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("patient", "channel", "purpose"),
                name="contactpreference_one_stands",
            ),
        ),
        migrations.AddIndex(
            model_name="relatedperson",
            index=models.Index(
                condition=models.Q(("ended_at", None)), fields=["patient"], name="relatedperson_of_patient"
            ),
        ),
        migrations.AddConstraint(
            model_name="relatedperson",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("ended_by", None)),
                    models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                    _connector="OR",
                ),
                name="relatedperson_ended_says_who",
            ),
        ),
        *(
            ProtectTable(
                f"patients_{table}",
                sees=REACHED.format(table=table),
                adds=f"{STAFF} AND added_by_id = {ME} AND ended_at IS NULL AND {REACHED.format(table=table)}",
                changes=f"{STAFF} AND (ended_by_id IS NULL OR ended_by_id = {ME}) AND {REACHED.format(table=table)}",
            )
            for table in ("contactpoint", "relatedperson")
        ),
        # What they want to hear patients say for themselves.
        ProtectTable(
            "patients_contactpreference",
            sees=REACHED.format(table="contactpreference"),
            adds=f"added_by_id = {ME} AND ended_at IS NULL AND {REACHED.format(table='contactpreference')}",
            changes=f"ended_by_id = {ME} AND {REACHED.format(table='contactpreference')}",
        ),
    ]
