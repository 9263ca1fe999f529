"""A visit is entered in error with a reason, and everything in it that answers no order with it (0057)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

from patients.rules import sees

REACHED = f"({sees('clinical', 'records_encounter.patient_id')})"
STAFF = "(SELECT app.acting_role()) <> 'patient'"
SEES = f"""ALTER POLICY person_sees ON records_encounter
    USING ({REACHED} AND ({STAFF} OR status <> 'entered_in_error' %s))"""

# What was signed, written or measured in such a visit is void with it, by any door; asked at the end of the
# transaction, when both are said. Results answer an order and not the visit: they stand, and are looked at one by one.
WRONG = """
CREATE FUNCTION app.guard_wrong_visit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM records_entry e WHERE e.patient_id = NEW.patient_id AND e.encounter_id = NEW.id
        AND e.voided_at IS NULL AND e.superseded_at IS NULL
        AND e.kind NOT IN ('diagnostic_report', 'laboratory_result')) THEN
        RAISE EXCEPTION 'something still stands in a visit entered in error' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.guard_wrong_visit() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER guard_wrong_visit AFTER UPDATE ON records_encounter DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND NEW.status = 'entered_in_error' AND NEW.source = '')
    EXECUTE FUNCTION app.guard_wrong_visit();
"""
WRONG_BACK = "DROP FUNCTION app.guard_wrong_visit() CASCADE"
# As before, and a visit entered in error still takes what answers an order of it.
CHILDREN = """
CREATE OR REPLACE FUNCTION app.guard_children() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    visit record;
    row_of jsonb := to_jsonb(NEW);
    kind text := coalesce(row_of ->> 'kind', 'order');
    deed text := CASE WHEN TG_TABLE_NAME = 'records_draft' THEN 'draft' WHEN TG_OP = 'UPDATE' THEN 'void'
        WHEN row_of ->> 'supersedes_id' IS NOT NULL THEN 'replace' ELSE 'add' END;
BEGIN
    IF NEW.encounter_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT e.status, e.closed_at, e.source INTO visit FROM records_encounter e
        WHERE e.id = NEW.encounter_id AND e.patient_id = NEW.patient_id FOR SHARE;
    IF NOT FOUND OR visit.source <> '' AND coalesce(row_of ->> 'source', '') <> '' THEN
        RETURN NEW;
    END IF;
    IF visit.status = 'entered_in_error' AND deed <> 'void'
        AND (deed = 'draft' OR kind NOT IN ('diagnostic_report', 'laboratory_result')) THEN
        RAISE EXCEPTION 'a visit entered in error takes nothing more' USING ERRCODE = '23514';
    END IF;
    IF visit.closed_at IS NOT NULL AND (
        deed = 'draft'
        OR deed = 'void' AND kind IN ('note', 'nursing_note')
        OR deed = 'add' AND kind NOT IN ('addendum', 'diagnostic_report', 'laboratory_result')
    ) THEN
        RAISE EXCEPTION 'the record of this visit is closed' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""
CHILDREN_BACK = """
CREATE OR REPLACE FUNCTION app.guard_children() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    visit record;
    row_of jsonb := to_jsonb(NEW);
    kind text := coalesce(row_of ->> 'kind', 'order');
    deed text := CASE WHEN TG_TABLE_NAME = 'records_draft' THEN 'draft' WHEN TG_OP = 'UPDATE' THEN 'void'
        WHEN row_of ->> 'supersedes_id' IS NOT NULL THEN 'replace' ELSE 'add' END;
BEGIN
    IF NEW.encounter_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT e.status, e.closed_at, e.source INTO visit FROM records_encounter e
        WHERE e.id = NEW.encounter_id AND e.patient_id = NEW.patient_id FOR SHARE;
    IF NOT FOUND OR visit.source <> '' AND coalesce(row_of ->> 'source', '') <> '' THEN
        RETURN NEW;
    END IF;
    IF visit.status = 'entered_in_error' AND deed <> 'void' THEN
        RAISE EXCEPTION 'a visit entered in error takes nothing more' USING ERRCODE = '23514';
    END IF;
    IF visit.closed_at IS NOT NULL AND (
        deed = 'draft'
        OR deed = 'void' AND kind IN ('note', 'nursing_note')
        OR deed = 'add' AND kind NOT IN ('addendum', 'diagnostic_report', 'laboratory_result')
    ) THEN
        RAISE EXCEPTION 'the record of this visit is closed' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""
# As before, and only an open visit becomes one entered in error, which then stays as it is.
VISITS = """
CREATE OR REPLACE FUNCTION app.guard_visit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    life text[] := '{closed_at,closed_by_id,reopened_at,reopened_by_id,reopen_reason,status,updated_at}';
    me uuid := app.user_id();
    whose text[] := '{patient_id,updated_at}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.closed_at IS NOT NULL AND app.system_purpose() IS NULL THEN
            RAISE EXCEPTION 'a visit is closed after it was begun' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.source <> OLD.source THEN
        RAISE EXCEPTION 'who told of a visit does not change' USING ERRCODE = '23514';
    END IF;
    IF NEW.status <> OLD.status AND OLD.source = '' AND (OLD.status || '>' || NEW.status) <> ALL ('{
        planned>in_progress,planned>entered_in_error,in_progress>finished,in_progress>entered_in_error,
        finished>entered_in_error}'::text[]) THEN
        RAISE EXCEPTION 'a visit that is % cannot become %', OLD.status, NEW.status USING ERRCODE = '23514';
    END IF;
    IF OLD.status = 'entered_in_error' AND OLD.source = ''
        AND (to_jsonb(NEW) - whose) IS DISTINCT FROM (to_jsonb(OLD) - whose) THEN
        RAISE EXCEPTION 'a visit entered in error does not change any more' USING ERRCODE = '23514';
    END IF;
    IF NEW.status <> OLD.status AND NEW.status = 'entered_in_error' AND OLD.source = '' AND (OLD.closed_at IS NOT NULL
        OR NEW.voided_at IS NULL OR NEW.voided_by_id IS DISTINCT FROM coalesce(me, NEW.voided_by_id)) THEN
        RAISE EXCEPTION 'an open visit is marked as wrong, in one''s own name and with a reason'
            USING ERRCODE = '23514';
    END IF;
    IF OLD.closed_at IS NOT NULL AND (to_jsonb(NEW) - life) IS DISTINCT FROM (to_jsonb(OLD) - life) THEN
        RAISE EXCEPTION 'the record of this visit is closed' USING ERRCODE = '23514';
    END IF;
    IF OLD.closed_at IS NOT NULL AND NEW.closed_at IS NOT NULL
        AND (NEW.closed_at, NEW.closed_by_id) IS DISTINCT FROM (OLD.closed_at, OLD.closed_by_id) THEN
        RAISE EXCEPTION 'who closed a visit, and when, is said once' USING ERRCODE = '23514';
    END IF;
    IF OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL THEN
        IF NEW.status <> 'finished' OR NEW.closed_by_id IS DISTINCT FROM coalesce(me, NEW.closed_by_id)
            OR NOT EXISTS (SELECT FROM records_entry n WHERE n.patient_id = NEW.patient_id AND n.encounter_id = NEW.id
                AND n.kind = 'note' AND n.signed_at IS NOT NULL AND n.superseded_at IS NULL
                AND n.voided_at IS NULL)
            OR EXISTS (SELECT FROM records_entry n WHERE n.patient_id = NEW.patient_id AND n.encounter_id = NEW.id
                AND n.signed_at IS NOT NULL AND n.record_status = 'preliminary' AND n.superseded_at IS NULL) THEN
            RAISE EXCEPTION 'a visit is closed once it is finished, and its notes are signed and co-signed'
                USING ERRCODE = '23514';
        END IF;
    END IF;
    IF OLD.closed_at IS NOT NULL AND NEW.closed_at IS NULL THEN
        IF NEW.reopened_at IS NULL OR NEW.reopened_at <= coalesce(OLD.reopened_at, '-infinity')
            OR NEW.reopened_by_id IS DISTINCT FROM coalesce(me, NEW.reopened_by_id) THEN
            RAISE EXCEPTION 'a visit is opened again in one''s own name and with a reason' USING ERRCODE = '23514';
        END IF;
    ELSIF (NEW.reopened_at, NEW.reopened_by_id, NEW.reopen_reason)
        IS DISTINCT FROM (OLD.reopened_at, OLD.reopened_by_id, OLD.reopen_reason) THEN
        RAISE EXCEPTION 'only a closed visit is opened again' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""
VISITS_BACK = """
CREATE OR REPLACE FUNCTION app.guard_visit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    life text[] := '{closed_at,closed_by_id,reopened_at,reopened_by_id,reopen_reason,status,updated_at}';
    me uuid := app.user_id();
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.closed_at IS NOT NULL AND app.system_purpose() IS NULL THEN
            RAISE EXCEPTION 'a visit is closed after it was begun' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.source <> OLD.source THEN
        RAISE EXCEPTION 'who told of a visit does not change' USING ERRCODE = '23514';
    END IF;
    IF NEW.status <> OLD.status AND OLD.source = '' AND (OLD.status || '>' || NEW.status) <> ALL ('{
        planned>in_progress,planned>entered_in_error,in_progress>finished,in_progress>entered_in_error,
        finished>entered_in_error}'::text[]) THEN
        RAISE EXCEPTION 'a visit that is % cannot become %', OLD.status, NEW.status USING ERRCODE = '23514';
    END IF;
    IF OLD.closed_at IS NOT NULL AND (to_jsonb(NEW) - life) IS DISTINCT FROM (to_jsonb(OLD) - life) THEN
        RAISE EXCEPTION 'the record of this visit is closed' USING ERRCODE = '23514';
    END IF;
    IF OLD.closed_at IS NOT NULL AND NEW.closed_at IS NOT NULL
        AND (NEW.closed_at, NEW.closed_by_id) IS DISTINCT FROM (OLD.closed_at, OLD.closed_by_id) THEN
        RAISE EXCEPTION 'who closed a visit, and when, is said once' USING ERRCODE = '23514';
    END IF;
    IF OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL THEN
        IF NEW.status <> 'finished' OR NEW.closed_by_id IS DISTINCT FROM coalesce(me, NEW.closed_by_id)
            OR NOT EXISTS (SELECT FROM records_entry n WHERE n.patient_id = NEW.patient_id AND n.encounter_id = NEW.id
                AND n.kind = 'note' AND n.signed_at IS NOT NULL AND n.superseded_at IS NULL
                AND n.voided_at IS NULL)
            OR EXISTS (SELECT FROM records_entry n WHERE n.patient_id = NEW.patient_id AND n.encounter_id = NEW.id
                AND n.signed_at IS NOT NULL AND n.record_status = 'preliminary' AND n.superseded_at IS NULL) THEN
            RAISE EXCEPTION 'a visit is closed once it is finished, and its notes are signed and co-signed'
                USING ERRCODE = '23514';
        END IF;
    END IF;
    IF OLD.closed_at IS NOT NULL AND NEW.closed_at IS NULL THEN
        IF NEW.reopened_at IS NULL OR NEW.reopened_at <= coalesce(OLD.reopened_at, '-infinity')
            OR NEW.reopened_by_id IS DISTINCT FROM coalesce(me, NEW.reopened_by_id) THEN
            RAISE EXCEPTION 'a visit is opened again in one''s own name and with a reason' USING ERRCODE = '23514';
        END IF;
    ELSIF (NEW.reopened_at, NEW.reopened_by_id, NEW.reopen_reason)
        IS DISTINCT FROM (OLD.reopened_at, OLD.reopened_by_id, OLD.reopen_reason) THEN
        RAISE EXCEPTION 'only a closed visit is opened again' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("records", "0026_unmatched_results"),
        ("scheduling", "0002_walls"),
    ]

    operations = [
        migrations.AddField("encounter", "voided_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "encounter",
            "voided_by",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            "encounter", "void_reason", models.CharField(blank=True, default="", max_length=200), preserve_default=False
        ),
        migrations.AddField(
            "encounter",
            "void_told",
            models.BooleanField(
                default=False, help_text="The patient had its note to read, and reads that it was wrong."
            ),
        ),
        migrations.AlterField(
            "encounter",
            "appointment",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="scheduling.appointment",
            ),
        ),
        migrations.AddConstraint(
            "encounter",
            models.UniqueConstraint(
                fields=["appointment"],
                condition=~Q(status="entered_in_error"),
                name="encounter_one_an_appointment",
            ),
        ),
        migrations.AddConstraint(
            "encounter",
            models.CheckConstraint(
                condition=Q(status="entered_in_error", source="", voided_at__isnull=False) & ~Q(void_reason="")
                | (~Q(status="entered_in_error") | ~Q(source=""))
                & Q(voided_at=None, voided_by=None, void_reason="", void_told=False),
                name="encounter_void_says_who_when_and_why",
            ),
        ),
        migrations.RunSQL(WRONG, WRONG_BACK),
        migrations.RunSQL(CHILDREN, CHILDREN_BACK),
        migrations.RunSQL(VISITS, VISITS_BACK),
        migrations.RunSQL(SEES % "OR void_told", SEES % ""),
    ]
