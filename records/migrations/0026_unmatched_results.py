"""Results of nobody sure: ciphertext that belongs to no patient, read and settled through two functions alone
(docs/decisions/0056).
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.fields
import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable

# The right is given by a role, as delivered or edited: as app.may_review_registrations.
FUNCTIONS = """
CREATE FUNCTION app.may_enter_results() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT app.user_id() IS NOT NULL
        AND app.acting_role() IN ('front_desk', 'billing', 'nurse', 'doctor', 'pharmacist') AND coalesce(
        (SELECT e.held FROM accounts_roleedit e
            WHERE e.role = app.acting_role() AND e.permission = 'records.enter_result'),
        app.acting_role() IN ('nurse', 'doctor'))
$$;

-- Those in a state, the oldest first, each with its masked headline; with `one` that one alone, and what it says.
CREATE FUNCTION app.unmatched_results(wanted text, one uuid) RETURNS TABLE (id uuid, state text, why text, system text,
    resource_type text, source_id text, created_at timestamptz, settled_at timestamptz, settled_by text, reason text,
    headline text, content text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF NOT app.may_enter_results() THEN
        RAISE EXCEPTION 'this is for who enters results' USING ERRCODE = '42501';
    END IF;
    IF app.acts_since(CASE WHEN one IS NULL THEN 'records.list_unmatched' ELSE 'records.open_unmatched' END,
            clock_timestamp() - interval '1 minute') > 60 THEN
        RAISE EXCEPTION 'too many lists' USING ERRCODE = 'HC429';
    END IF;
    RETURN QUERY
    SELECT r.id, r.state::text, r.why::text, r.system::text, r.resource_type::text, r.source_id::text, r.created_at,
        r.settled_at, u.full_name::text, r.reason::text, r.headline, CASE WHEN one IS NOT NULL THEN r.content END
    FROM records_unmatchedresult r LEFT JOIN accounts_user u ON u.id = r.settled_by_id
    WHERE CASE WHEN one IS NULL THEN r.state = wanted ELSE r.id = one END
    ORDER BY r.created_at, r.id LIMIT 200;
END $$;

-- One person wins: true for whoever moved it first. What was matched is known from then on by its source.
CREATE FUNCTION app.settle_unmatched_result(one uuid, before text, after text, because text, whose uuid, made uuid)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.may_enter_results() THEN
        RAISE EXCEPTION 'this is for who enters results' USING ERRCODE = '42501';
    END IF;
    IF (before || '>' || after) <> ALL ('{open>matched,open>aside,aside>open}'::text[]) THEN
        RAISE EXCEPTION 'what is % does not become %', before, after USING ERRCODE = '23514';
    END IF;
    IF after = 'matched' AND NOT (app.reaches(whose, 'clinical')
            AND EXISTS (SELECT 1 FROM records_entry e WHERE e.patient_id = whose AND e.id = made)) THEN
        RAISE EXCEPTION 'it is matched to an entry of a patient in reach' USING ERRCODE = '42501';
    END IF;
    UPDATE records_unmatchedresult r SET state = after, updated_at = clock_timestamp(),
        settled_at = CASE WHEN after <> 'open' THEN clock_timestamp() END,
        settled_by_id = CASE WHEN after <> 'open' THEN app.user_id() END,
        reason = CASE WHEN after = 'aside' THEN because ELSE '' END,
        matched_to = CASE WHEN after = 'matched' THEN whose END, became = CASE WHEN after = 'matched' THEN made END
    WHERE r.id = one AND r.state = before AND (after <> 'open' OR NOT EXISTS (SELECT 1 FROM records_unmatchedresult o
        WHERE (o.system, o.resource_type, o.source_id) = (r.system, r.resource_type, r.source_id)
            AND o.state = 'open'));
    IF FOUND AND after = 'matched' THEN
        INSERT INTO patients_importedsource AS s (id, created_at, updated_at, run, system, resource_type, source_id,
            model, row_id, patient_id, kept, digest, identifiers)
        SELECT gen_random_uuid(), clock_timestamp(), clock_timestamp(), r.run, r.system, r.resource_type, r.source_id,
            'records.entry', made, whose, false, r.digest, '{}'
        FROM records_unmatchedresult r WHERE r.id = one
        ON CONFLICT (system, source_id, resource_type) DO UPDATE SET model = excluded.model, row_id = excluded.row_id,
            patient_id = excluded.patient_id, kept = false, digest = excluded.digest, run = excluded.run,
            updated_at = excluded.updated_at;
        RETURN true;
    END IF;
    RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION app.may_enter_results(), app.unmatched_results(text, uuid),
    app.settle_unmatched_result(uuid, text, text, text, uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.may_enter_results() TO owner, web, worker, system_actor;
GRANT EXECUTE ON FUNCTION app.unmatched_results(text, uuid),
    app.settle_unmatched_result(uuid, text, text, text, uuid, uuid) TO web, worker;
"""
BACK = """
DROP FUNCTION app.settle_unmatched_result(uuid, text, text, text, uuid, uuid);
DROP FUNCTION app.unmatched_results(text, uuid);
DROP FUNCTION app.may_enter_results();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0021_papers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="UnmatchedResult",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Waits"),
                            ("matched", "Matched"),
                            ("aside", "Set aside"),
                            ("arrived", "Told again, and then of somebody known"),
                        ],
                        default="open",
                        max_length=7,
                    ),
                ),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("nobody", "Whom it speaks of is not known here"),
                            ("number", "A number in it is known here; nothing else says whose it is"),
                            ("several", "Its numbers are those of several people"),
                            ("order", "It names one patient, and the order of another"),
                            ("before", "It spoke of another patient before"),
                        ],
                        max_length=7,
                    ),
                ),
                (
                    "system",
                    models.CharField(
                        blank=True, help_text="Base of the source's addresses, or its name.", max_length=200
                    ),
                ),
                ("resource_type", models.CharField(max_length=40)),
                ("source_id", models.CharField(max_length=64)),
                ("digest", models.CharField(help_text="SHA-256 of the canonical JSON.", max_length=64)),
                ("run", models.UUIDField(help_text="The import that told it last.")),
                (
                    "headline",
                    healthcare.db.fields.EncryptedTextField(
                        help_text="What the list shows: the test, and the first letters of a name."
                    ),
                ),
                ("content", healthcare.db.fields.EncryptedTextField(help_text="What was told, as JSON.")),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, help_text="Why it was set aside.", max_length=200)),
                ("matched_to", models.UUIDField(blank=True, null=True)),
                ("became", models.UUIDField(blank=True, null=True)),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "unmatched result",
                "verbose_name_plural": "unmatched results",
                "indexes": [
                    models.Index(condition=models.Q(("state", "open")), fields=["created_at"], name="unmatched_open"),
                    models.Index(condition=models.Q(("state", "aside")), fields=["settled_at"], name="unmatched_aside"),
                    models.Index(fields=["system", "source_id"], name="unmatched_by_source"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("system", "source_id", "resource_type"),
                        name="unmatched_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), ("settled_at", None), ("settled_by", None), ("state", "open")),
                            models.Q(
                                ("reason", ""),
                                ("settled_at__isnull", False),
                                ("settled_by", None),
                                ("state", "arrived"),
                            ),
                            models.Q(
                                ("reason", ""),
                                ("settled_at__isnull", False),
                                ("settled_by__isnull", False),
                                ("state", "matched"),
                            ),
                            models.Q(
                                ("settled_at__isnull", False),
                                ("settled_by__isnull", False),
                                ("state", "aside"),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="unmatched_settled_says_by_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("became__isnull", False), ("matched_to__isnull", False), ("state", "matched")),
                            models.Q(
                                models.Q(("state", "matched"), _negated=True), ("became", None), ("matched_to", None)
                            ),
                            _connector="OR",
                        ),
                        name="unmatched_matched_says_to_what",
                    ),
                ],
            },
        ),
        ProtectTable("records_unmatchedresult", sees="false"),
        migrations.RunSQL(FUNCTIONS, BACK),
    ]
