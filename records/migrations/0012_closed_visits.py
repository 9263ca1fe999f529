"""The record of a visit can be closed: from then on its children obey, whoever writes them (docs/decisions/0046)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Says the same as records/rules/states.py; a test compares the two. The visit is held until the transaction ends, so
# that nobody closes it while something is being written into it. It is read as the owner: what its writer may not see
# binds them all the same.
CHILDREN = """
CREATE FUNCTION app.guard_children() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    visit record;
    row_of jsonb := to_jsonb(NEW);
    kind text := row_of ->> 'kind';
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
REVOKE ALL ON FUNCTION app.guard_children() FROM PUBLIC;
CREATE TRIGGER guard_children BEFORE INSERT ON records_entry FOR EACH ROW EXECUTE FUNCTION app.guard_children();
CREATE TRIGGER guard_voiding BEFORE UPDATE ON records_entry FOR EACH ROW
    WHEN (OLD.patient_id = NEW.patient_id AND OLD.record_status <> NEW.record_status
        AND NEW.record_status = 'entered_in_error')
    EXECUTE FUNCTION app.guard_children();
CREATE TRIGGER guard_children BEFORE INSERT ON records_draft FOR EACH ROW EXECUTE FUNCTION app.guard_children();
CREATE TRIGGER guard_rewriting BEFORE UPDATE ON records_draft FOR EACH ROW
    WHEN (OLD.patient_id = NEW.patient_id) EXECUTE FUNCTION app.guard_children();
"""
CHILDREN_BACK = "DROP FUNCTION app.guard_children() CASCADE"

# The visit itself: its moves by a table, what a closed one says fixed, and closed in nobody else's name.
VISITS = """
CREATE FUNCTION app.guard_visit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
                AND n.voided_at IS NULL) THEN
            RAISE EXCEPTION 'a visit is closed once it is finished and its note is signed' USING ERRCODE = '23514';
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
REVOKE ALL ON FUNCTION app.guard_visit() FROM PUBLIC;
CREATE TRIGGER guard_beginning BEFORE INSERT ON records_encounter FOR EACH ROW EXECUTE FUNCTION app.guard_visit();
CREATE TRIGGER guard_visit BEFORE UPDATE ON records_encounter FOR EACH ROW
    WHEN (OLD.patient_id = NEW.patient_id) EXECUTE FUNCTION app.guard_visit();
"""
VISITS_BACK = "DROP FUNCTION app.guard_visit() CASCADE"
WHO = {
    "blank": True,
    "null": True,
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "+",
    "to": settings.AUTH_USER_MODEL,
}


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0011_entries_may_be_merged"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("encounter", "closed_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("encounter", "closed_by", models.ForeignKey(**WHO)),
        migrations.AddField("encounter", "reopened_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("encounter", "reopened_by", models.ForeignKey(**WHO)),
        migrations.AddField("encounter", "reopen_reason", models.CharField(blank=True, max_length=200)),
        migrations.AddConstraint(
            "encounter",
            models.CheckConstraint(
                condition=models.Q(closed_at=None, closed_by=None)
                | models.Q(closed_at__isnull=False, closed_by__isnull=False),
                name="encounter_closed_says_who_and_when",
            ),
        ),
        migrations.AddConstraint(
            "encounter",
            models.CheckConstraint(
                condition=models.Q(reopened_at=None, reopened_by=None, reopen_reason="")
                | models.Q(reopened_at__isnull=False, reopened_by__isnull=False) & ~models.Q(reopen_reason=""),
                name="encounter_reopened_says_who_when_and_why",
            ),
        ),
        migrations.RunSQL(CHILDREN, CHILDREN_BACK),
        migrations.RunSQL(VISITS, VISITS_BACK),
    ]
