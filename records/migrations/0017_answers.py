"""What answers an order says so, and reports in words wait to be read as numbers do."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from healthcare.db.rowsecurity import CompositeParentKey

# As 0008_handed_over has it, with reports in words among what somebody who leaves was to read.
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
    SELECT 'threads', count(*) FROM records_thread t WHERE t.taken_by_id = who AND t.status = 'open';
END $$;
"""
BEFORE = """
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
    WHERE p.user_id = who AND e.kind = 'laboratory_result' AND e.acknowledged_at IS NULL AND e.superseded_at IS NULL
        AND e.voided_at IS NULL AND e.source = ''
    UNION ALL
    SELECT 'threads', count(*) FROM records_thread t WHERE t.taken_by_id = who AND t.status = 'open';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_what_providers_say"),
        ("patients", "0039_site_numbers"),
        ("records", "0016_words_of_diagnoses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="entry",
            name="entry_unread_results",
        ),
        migrations.AddField(
            model_name="entry",
            name="request",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                help_text="The order that it answers.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="records.servicerequest",
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(
                    ("acknowledged_at", None),
                    ("kind__in", ["laboratory_result", "diagnostic_report"]),
                    ("superseded_at", None),
                    ("voided_at", None),
                ),
                fields=["provider", "effective_at"],
                name="entry_results_to_read",
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("request__isnull", False)), fields=["patient", "request"], name="entry_by_request"
            ),
        ),
        CompositeParentKey("records_entry", "request_id", "records_servicerequest"),
        migrations.RunSQL(HELD, BEFORE),
    ]
