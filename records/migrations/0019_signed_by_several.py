"""Several sign: the nurse beside the doctor, a supervisor besides somebody in training; one version stands (0046)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

import healthcare.db.uuids
from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
STAFF = "(SELECT app.acting_role()) <> 'patient'"
SETS_UP = "(SELECT app.acting_role()) = 'administrator'"
REACHED = f"({sees('clinical', 'records_cosignature.patient_id')})"

# What somebody in training signs is preliminary, by any door; it becomes final with a co-signature, and only so.
COSIGNING = """
CREATE FUNCTION app.guard_signing() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NOT EXISTS (SELECT FROM records_cosignature c
            WHERE c.patient_id = NEW.patient_id AND c.entry_id = NEW.id) THEN
            RAISE EXCEPTION 'this waits for a co-signature' USING ERRCODE = '23514';
        END IF;
    ELSIF NEW.record_status <> 'preliminary' AND EXISTS (SELECT FROM records_supervision s
        JOIN accounts_provider p ON p.id = s.trainee_id
        WHERE p.user_id = NEW.signed_by_id AND s.ended_at IS NULL) THEN
        RAISE EXCEPTION 'what somebody in training signs waits for a co-signature' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.guard_signing() FROM PUBLIC;
CREATE TRIGGER guard_signing BEFORE INSERT ON records_entry FOR EACH ROW
    WHEN (NEW.signed_by_id IS NOT NULL AND NEW.kind IN ('note', 'addendum')) EXECUTE FUNCTION app.guard_signing();
CREATE TRIGGER guard_cosigning BEFORE UPDATE ON records_entry FOR EACH ROW
    WHEN (OLD.record_status = 'preliminary' AND NEW.record_status = 'final' AND NEW.signed_by_id IS NOT NULL)
    EXECUTE FUNCTION app.guard_signing();
CREATE FUNCTION app.guard_cosignature() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM records_entry e
        JOIN accounts_provider t ON t.user_id = e.signed_by_id
        JOIN records_supervision s ON s.trainee_id = t.id
        JOIN accounts_provider p ON p.id = s.supervisor_id
        WHERE e.patient_id = NEW.patient_id AND e.id = NEW.entry_id AND e.record_status = 'preliminary'
            AND e.superseded_at IS NULL AND p.user_id = NEW.signed_by_id AND e.signed_by_id <> NEW.signed_by_id) THEN
        RAISE EXCEPTION 'a supervisor of who signed it co-signs' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.guard_cosignature() FROM PUBLIC;
CREATE TRIGGER guard_cosignature BEFORE INSERT ON records_cosignature FOR EACH ROW
    EXECUTE FUNCTION app.guard_cosignature();
"""
# What was signed is replaced by what is signed, by any door; asked at the end of the transaction, when both are there.
STANDING = """
CREATE FUNCTION app.guard_standing() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM records_entry n WHERE n.supersedes_id = NEW.id AND n.signed_at IS NOT NULL
        AND n.patient_id = NEW.patient_id) THEN
        RAISE EXCEPTION 'what was signed is replaced by what is signed alone' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.guard_standing() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER guard_standing AFTER UPDATE ON records_entry DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.superseded_at IS NULL AND NEW.superseded_at IS NOT NULL AND NEW.signed_at IS NOT NULL)
    EXECUTE FUNCTION app.guard_standing();
"""
STANDING_BACK = "DROP FUNCTION app.guard_standing() CASCADE"
COSIGNING_BACK = """
DROP FUNCTION app.guard_signing() CASCADE;
DROP FUNCTION app.guard_cosignature() CASCADE;
"""
# As before, and an order is a child of its visit as an entry is.
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
CREATE TRIGGER guard_children BEFORE INSERT ON records_servicerequest FOR EACH ROW
    EXECUTE FUNCTION app.guard_children();
"""
CHILDREN_BACK = """
DROP TRIGGER guard_children ON records_servicerequest;
CREATE OR REPLACE FUNCTION app.guard_children() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
"""
# As before, and nothing that was signed waits for a co-signature.
VISITS = """
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
"""


def key(to: str, **more: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=to, **more)


def columns() -> list[tuple[str, models.Field]]:
    unique = models.UUIDField(default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False)
    return [
        ("id", unique),
        ("created_at", models.DateTimeField(auto_now_add=True)),
        ("updated_at", models.DateTimeField(auto_now=True)),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("patients", "0024_walls_of_merges"),
        ("records", "0018_due_results"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            "Supervision",
            [
                *columns(),
                ("trainee", key("accounts.provider", verbose_name="in training")),
                ("supervisor", key("accounts.provider", verbose_name="supervisor")),
                ("added_by", key(settings.AUTH_USER_MODEL, blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                ("ended_by", key(settings.AUTH_USER_MODEL, blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["trainee", "supervisor"], condition=Q(ended_at=None), name="supervision_stands_once"
                    ),
                    models.CheckConstraint(condition=~Q(trainee=F("supervisor")), name="supervision_by_somebody_else"),
                ]
            },
        ),
        migrations.CreateModel(
            "Cosignature",
            [
                *columns(),
                ("entry", key("records.entry", db_constraint=False, db_index=False)),
                ("patient", key("patients.patient")),
                ("signed_by", key(settings.AUTH_USER_MODEL)),
                ("signed_at", models.DateTimeField()),
                (
                    "signature",
                    models.CharField(help_text="SHA-256 of the first signature, who and when.", max_length=64),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["patient", "entry"], name="cosignature_once")],
            },
        ),
        migrations.AddIndex(
            "entry",
            models.Index(
                fields=["signed_by", "signed_at"],
                condition=Q(record_status="preliminary", signed_at__isnull=False, superseded_at=None),
                name="entry_to_cosign",
            ),
        ),
        migrations.AddConstraint(
            "entry",
            models.UniqueConstraint(
                fields=["patient", "encounter"],
                condition=Q(kind="note", encounter__isnull=False, superseded_at=None, voided_at=None),
                name="entry_one_standing_note",
            ),
        ),
        migrations.AddConstraint(
            "entry",
            models.UniqueConstraint(
                fields=["patient", "encounter", "author"],
                condition=Q(kind="nursing_note", encounter__isnull=False, superseded_at=None, voided_at=None),
                name="entry_one_nursing_note_each",
            ),
        ),
        CompositeParentKey("records_cosignature", "entry_id", "records_entry"),
        ProtectTable("records_supervision", sees="true", adds=SETS_UP, changes=SETS_UP),
        ProtectTable(
            "records_cosignature",
            sees=REACHED,
            adds=f"{REACHED} AND {STAFF} AND signed_by_id = {ME}",
            changes="false",
        ),
        migrations.RunSQL(COSIGNING, COSIGNING_BACK),
        migrations.RunSQL(STANDING, STANDING_BACK),
        migrations.RunSQL(CHILDREN, CHILDREN_BACK),
        migrations.RunSQL(VISITS, VISITS_BACK),
    ]
