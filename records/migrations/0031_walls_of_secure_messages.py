"""The second wall round pools, and round threads as they are now: who opens them again, and who says so."""

from typing import Any

from django.db import migrations, models

from healthcare.db.rowsecurity import ProtectTable
from patients.rules import sees
from records.rules.messages import answer_due

ME, ROLE = "(SELECT app.user_id())", "(SELECT app.acting_role())"
STAFF = f"({ROLE} <> 'patient')"
SETS_UP = f"{ROLE} = 'administrator'"
THREAD = f"({sees('message', 'records_thread.patient_id')})"
MESSAGE = f"({sees('message', 'records_message.patient_id')})"
OWN = f"""EXISTS (SELECT 1 FROM patients_carerelationship r WHERE r.user_id = {ME} AND r.kind = 'self'
    AND r.patient_id = records_message.patient_id AND r.validity @> statement_timestamp())"""
NEW = "UPDATE records_thread SET status = 'new' WHERE status = 'open' AND taken_by_id IS NULL"
# What was changed above is checked now: a table with checks that wait cannot be altered.
SETTLED = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"
OPEN = "UPDATE records_thread SET status = 'open' WHERE status IN ('new', 'asked')"
WRITES = f"{MESSAGE} AND author_id = {ME} AND author_role = {ROLE} AND to_patient = {STAFF}"
POLICIES = f"""
ALTER POLICY person_adds ON records_thread WITH CHECK ({THREAD} AND started_by_id = {ME}
    AND ({STAFF} AND status = 'open' OR NOT {STAFF} AND status = 'new' AND taken_by_id IS NULL));
ALTER POLICY person_changes ON records_thread USING ({THREAD})
    WITH CHECK ({THREAD} AND (status <> 'closed' OR closed_by_id = {ME}));
ALTER POLICY person_adds ON records_message
    WITH CHECK ({WRITES} AND as_proxy = (NOT {STAFF} AND NOT {OWN}));
"""
POLICIES_BACK = f"""
ALTER POLICY person_adds ON records_thread WITH CHECK ({THREAD} AND started_by_id = {ME} AND status = 'open'
    AND ({STAFF} OR taken_by_id IS NULL));
ALTER POLICY person_changes ON records_thread USING ({THREAD})
    WITH CHECK ({THREAD} AND (status = 'open' OR closed_by_id = {ME}));
ALTER POLICY person_adds ON records_message WITH CHECK ({WRITES});
"""
# Written apart from records.models.messages on purpose: a test compares the two.
KEEP = """
CREATE OR REPLACE FUNCTION app.keep_thread() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    opens boolean := OLD.status = 'closed' AND NEW.status = 'open';
BEGIN
    IF NEW.status <> OLD.status AND (OLD.status || '>' || NEW.status) <> ALL (
            '{new>open,new>closed,open>asked,open>closed,asked>open,asked>closed,closed>open}'::text[])
    THEN
        RAISE EXCEPTION 'a thread that is % cannot become %', OLD.status, NEW.status USING ERRCODE = '23514';
    END IF;
    IF OLD.status = 'closed' AND NOT opens OR opens IS DISTINCT FROM (NEW.reopened_at IS DISTINCT FROM OLD.reopened_at)
    THEN
        RAISE EXCEPTION 'a closed thread stays as it is until it is opened again, which says when'
            USING ERRCODE = '23514';
    END IF;
    IF app.acting_role() = 'patient' AND (NEW.status <> OLD.status AND NEW.status <> 'open'
            OR (NEW.taken_by_id, NEW.taken_at, NEW.pool_id)
                IS DISTINCT FROM (OLD.taken_by_id, OLD.taken_at, OLD.pool_id)
            OR OLD.status = 'new' AND NEW.status <> 'new') THEN
        RAISE EXCEPTION 'a patient neither takes, hands on nor closes a thread' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
"""
KEEP_BACK = """
CREATE OR REPLACE FUNCTION app.keep_thread() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.status = 'closed' THEN
        RAISE EXCEPTION 'a closed thread stays as it is' USING ERRCODE = '23514';
    END IF;
    IF app.acting_role() = 'patient' AND (NEW.status, NEW.taken_by_id, NEW.taken_at)
        IS DISTINCT FROM (OLD.status, OLD.taken_by_id, OLD.taken_at) THEN
        RAISE EXCEPTION 'a patient neither takes nor closes a thread' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
"""
SAME_SITE = """
ALTER TABLE records_thread ADD CONSTRAINT records_thread_pool_of_its_site FOREIGN KEY (pool_id, site_id)
    REFERENCES records_pool (id, site_id) DEFERRABLE INITIALLY DEFERRED
"""
# As 0017_answers has it, with what waits for the patient among what somebody who leaves had.
HELD = """
CREATE OR REPLACE FUNCTION app.held_in_records(who uuid) RETURNS TABLE (kind text, held bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.acting_role() IS DISTINCT FROM 'administrator' AND app.system_purpose() IS NULL THEN
        RAISE EXCEPTION 'what a colleague holds is counted for who closes the account' USING ERRCODE = '42501';
    END IF;
    RETURN QUERY
    SELECT 'notes', count(*) FROM records_encounter e JOIN accounts_provider p ON p.id = e.provider_id
    WHERE p.user_id = who AND e.status IN ('in_progress', 'finished') AND e.note_signed_at IS NULL AND e.source = ''
    UNION ALL
    SELECT 'results', count(*) FROM records_entry e JOIN accounts_provider p ON p.id = e.provider_id
    WHERE p.user_id = who AND e.kind IN ('laboratory_result', 'diagnostic_report') AND e.acknowledged_at IS NULL
        AND e.superseded_at IS NULL AND e.voided_at IS NULL AND e.source = ''
    UNION ALL
    SELECT 'threads', count(*) FROM records_thread t
    WHERE t.taken_by_id = who AND t.status %(open)s;
END $$;
"""
# To whom a thread can be given: the grants of colleagues are behind the wall, and one who is kept out would own it
# unseen. Ids alone, of the site that is asked about, and to whoever reaches the patient's messages themself.
ANSWERERS = """
CREATE FUNCTION app.who_may_answer(patient uuid, site uuid) RETURNS TABLE (person uuid, in_role text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    permission integer := app.scope_permission('message');
BEGIN
    IF app.system_purpose() IS NULL AND (app.acting_role() IS NOT DISTINCT FROM 'patient'
            OR app.reaches(patient, 'message') IS NOT TRUE) THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT DISTINCT m.user_id, m.role::text FROM accounts_membership m
    WHERE m.site_id = site AND m.validity @> statement_timestamp()
        AND (EXISTS (SELECT 1 FROM patients_usergrant g
                WHERE g.user_id = m.user_id AND g.role = m.role AND g.content_object_id = patient
                AND g.permission_id = permission
                AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())
            OR EXISTS (SELECT 1 FROM accounts_membership w
                JOIN accounts_team t ON t.site_id = w.site_id AND t.role = w.role
                JOIN patients_groupgrant g ON g.group_id = t.group_id
                WHERE w.user_id = m.user_id AND w.role = m.role AND w.validity @> statement_timestamp()
                AND g.content_object_id = patient AND g.permission_id = permission
                AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp()))
        AND NOT EXISTS (SELECT 1 FROM patients_restriction x WHERE x.user_id = m.user_id AND x.patient_id = patient
            AND x.validity @> statement_timestamp())
        AND NOT EXISTS (SELECT 1 FROM patients_carerelationship r WHERE r.user_id = m.user_id
            AND r.patient_id = patient AND r.kind = 'self' AND r.validity @> statement_timestamp());
END $$;
REVOKE ALL ON FUNCTION app.who_may_answer(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.who_may_answer(uuid, uuid) TO web, worker, system_actor;
"""


def promise(apps: Any, schema_editor: Any) -> None:
    """What waits already was promised two working days."""
    threads = apps.get_model("records", "Thread").objects.filter(waiting_since__isnull=False)
    for thread in threads.select_related("site").iterator():
        due = answer_due(thread.waiting_since, thread.site.time_zone)
        threads.filter(pk=thread.pk).update(due_at=due, next_at=due)


class Migration(migrations.Migration):
    dependencies = [("records", "0030_secure_messages"), ("patients", "0041_grants_change_by_projection_alone")]
    operations = [
        migrations.RunSQL(NEW, OPEN),
        migrations.RunPython(promise, migrations.RunPython.noop),
        migrations.RunSQL(SETTLED, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["new", "open", "asked", "closed"])),
                name="thread_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", False), ("closed_by__isnull", False), ("status", "closed")),
                    models.Q(models.Q(("status", "closed"), _negated=True), ("closed_at", None), ("closed_by", None)),
                    _connector="OR",
                ),
                name="thread_closed_says_who_and_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("status", "new"), _negated=True), ("taken_by", None), _connector="OR"),
                name="thread_new_is_nobodys",
            ),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["new", "open"]), ("waiting_since", None), _connector="OR"),
                name="thread_waits_for_one_side",
            ),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("due_at", None), ("next_at", None), ("waiting_since", None)),
                    models.Q(("due_at__isnull", False), ("waiting_since__isnull", False)),
                    _connector="OR",
                ),
                name="thread_that_waits_is_promised",
            ),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.CheckConstraint(
                condition=models.Q(("pool", None), ("provider", None), _connector="OR"),
                name="thread_to_a_pool_or_a_provider",
            ),
        ),
        ProtectTable("records_pool", sees="true", adds=SETS_UP, changes=SETS_UP),
        ProtectTable("records_poolmember", sees=STAFF, adds=SETS_UP, changes=SETS_UP),
        migrations.RunSQL(SAME_SITE, "ALTER TABLE records_thread DROP CONSTRAINT records_thread_pool_of_its_site"),
        migrations.RunSQL(KEEP, KEEP_BACK),
        migrations.RunSQL(POLICIES, POLICIES_BACK),
        migrations.RunSQL(HELD % {"open": "<> 'closed'"}, HELD % {"open": "= 'open'"}),
        migrations.RunSQL(ANSWERERS, "DROP FUNCTION app.who_may_answer(uuid, uuid)"),
    ]
