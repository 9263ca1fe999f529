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
        ("patients", "0027_birth_to_ask"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Address",
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
                    "use",
                    models.CharField(
                        choices=[
                            ("work", "At work"),
                            ("temp", "For a while"),
                            ("billing", "For bills"),
                            ("old", "Former address"),
                        ],
                        max_length=8,
                        verbose_name="kind of address",
                    ),
                ),
                ("line", models.CharField(max_length=200, verbose_name="street address")),
                ("city", models.CharField(max_length=100, verbose_name="city")),
                ("state", models.CharField(blank=True, max_length=2, verbose_name="state")),
                ("postal_code", models.CharField(blank=True, max_length=10, verbose_name="ZIP code")),
                ("until", models.DateField(blank=True, null=True, verbose_name="until")),
                (
                    "latitude",
                    models.FloatField(editable=False, help_text="Degrees, of the centre of the ZIP code.", null=True),
                ),
                ("longitude", models.FloatField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "address",
                "verbose_name_plural": "addresses",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PatientName",
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
                    "use",
                    models.CharField(
                        choices=[("maiden", "Name at birth"), ("old", "Former name"), ("nickname", "Also known as")],
                        max_length=8,
                        verbose_name="kind of name",
                    ),
                ),
                ("given_name", models.CharField(max_length=100, verbose_name="given name")),
                ("family_name", models.CharField(max_length=100, verbose_name="family name")),
                ("until", models.DateField(blank=True, null=True, verbose_name="used until")),
            ],
            options={
                "verbose_name": "name",
                "verbose_name_plural": "names",
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="patient",
            name="gender_identity",
            field=models.CharField(
                blank=True,
                choices=[
                    ("female", "Woman"),
                    ("male", "Man"),
                    ("trans_female", "Trans woman"),
                    ("trans_male", "Trans man"),
                    ("non_binary", "Non-binary"),
                    ("other", "Another"),
                    ("not_said", "Prefers not to say"),
                ],
                max_length=12,
                verbose_name="gender identity",
            ),
        ),
        migrations.AddField(
            model_name="patient",
            name="interpreter",
            field=models.BooleanField(blank=True, null=True, verbose_name="needs an interpreter"),
        ),
        migrations.AddField(
            model_name="patient",
            name="language",
            field=models.CharField(blank=True, help_text="BCP 47.", max_length=8, verbose_name="language"),
        ),
        migrations.AddField(
            model_name="patient",
            name="pronouns",
            field=models.CharField(blank=True, max_length=40, verbose_name="pronouns"),
        ),
        migrations.AddField(
            model_name="patient",
            name="quiet_from",
            field=models.TimeField(blank=True, null=True, verbose_name="not written to from"),
        ),
        migrations.AddField(
            model_name="patient",
            name="quiet_until",
            field=models.TimeField(blank=True, null=True, verbose_name="not written to until"),
        ),
        migrations.AddField(
            model_name="patient",
            name="sex_at_birth",
            field=models.CharField(
                blank=True,
                choices=[
                    ("female", "Female"),
                    ("male", "Male"),
                    ("intersex", "Intersex"),
                    ("not_said", "Prefers not to say"),
                ],
                max_length=10,
                verbose_name="sex at birth",
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("quiet_from", None), ("quiet_until", None)),
                    models.Q(("quiet_from__isnull", False), ("quiet_until__isnull", False)),
                    _connector="OR",
                ),
                name="patient_quiet_hours_have_both_ends",
            ),
        ),
        migrations.AddField(
            model_name="address",
            name="added_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="address",
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
            model_name="address",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
            ),
        ),
        migrations.AddField(
            model_name="patientname",
            name="added_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="patientname",
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
            model_name="patientname",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
            ),
        ),
        migrations.AddIndex(
            model_name="address",
            index=models.Index(condition=models.Q(("ended_at", None)), fields=["patient"], name="address_of_patient"),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("ended_by", None)),
                    models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                    _connector="OR",
                ),
                name="address_ended_says_who",
            ),
        ),
        migrations.AddIndex(
            model_name="patientname",
            index=models.Index(
                condition=models.Q(("ended_at", None)), fields=["patient"], name="patientname_of_patient"
            ),
        ),
        migrations.AddConstraint(
            model_name="patientname",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("ended_by", None)),
                    models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                    _connector="OR",
                ),
                name="patientname_ended_says_who",
            ),
        ),
        *(
            ProtectTable(
                f"patients_{table}",
                sees=REACHED.format(table=table),
                adds=f"{STAFF} AND added_by_id = {ME} AND ended_at IS NULL AND {REACHED.format(table=table)}",
                changes=f"{STAFF} AND (ended_by_id IS NULL OR ended_by_id = {ME}) AND {REACHED.format(table=table)}",
            )
            for table in ("address", "patientname")
        ),
    ]
