import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable

STANDS_FOR = """
CREATE OR REPLACE FUNCTION app.stood_for() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE WHEN app.user_id() IS NULL THEN '{}' ELSE app.user_id() || array(
        SELECT c.absent_id FROM accounts_cover c
        WHERE c.cover_id = app.user_id() AND c.role = app.acting_role() AND c.validity @> statement_timestamp()) END
$$;
REVOKE ALL ON FUNCTION app.stood_for() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.stood_for() TO owner, web, worker, backup, system_actor;

-- What somebody signed for is made longer by nobody: that is a new row that somebody signs for.
CREATE FUNCTION app.only_shorten() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT NEW.validity <@ OLD.validity THEN
        RAISE EXCEPTION 'the time in which this holds can only be shortened' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.only_shorten() FROM PUBLIC;
CREATE TRIGGER only_shorten BEFORE UPDATE ON accounts_cover FOR EACH ROW EXECUTE FUNCTION app.only_shorten();
"""
BACK = """
DROP FUNCTION app.only_shorten() CASCADE;
CREATE OR REPLACE FUNCTION app.stood_for() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT array_remove(array[app.user_id()], NULL)
$$;
"""
ME, ADMINISTRATOR = "(SELECT app.user_id())", "(SELECT app.acting_role()) = 'administrator'"
# Whoever is away names who stands in, or an administrator does; to end it, so may who stands in.
NAMES = f"granted_by_id = {ME} AND (SELECT app.acting_role()) <> 'patient' AND (absent_id = {ME} OR {ADMINISTRATOR})"
ENDS = f"ended_by_id = {ME} AND ({ME} IN (absent_id, cover_id, granted_by_id) OR {ADMINISTRATOR})"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_provider_languages"),
    ]

    operations = [
        migrations.CreateModel(
            name="Cover",
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
                    "role",
                    models.CharField(
                        choices=[
                            ("front_desk", "Front desk"),
                            ("billing", "Billing"),
                            ("nurse", "Nurse"),
                            ("doctor", "Doctor"),
                            ("pharmacist", "Pharmacist"),
                            ("researcher", "Researcher"),
                            ("privacy_officer", "Privacy officer"),
                            ("administrator", "Administrator"),
                        ],
                        max_length=20,
                        verbose_name="in the role",
                    ),
                ),
                (
                    "validity",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(
                        help_text="From the first moment to, and without, the last; always with an end."
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "absent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="is away",
                    ),
                ),
                (
                    "cover",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="stands in",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "granted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["cover", "role"], name="cover_by_who_stands_in")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("absent", models.F("cover")), _negated=True), name="cover_is_somebody_else"
                    ),
                    models.CheckConstraint(condition=models.Q(("validity__upper_inf", False)), name="cover_ends"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("ended_by", None)),
                            models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="cover_ended_says_who",
                    ),
                ],
            },
        ),
        # After the table, since the body of the function is looked through when it is made.
        migrations.RunSQL(STANDS_FOR, BACK),
        ProtectTable("accounts_cover", sees="true", adds=NAMES, changes=ENDS),
    ]
