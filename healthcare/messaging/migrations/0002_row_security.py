from django.db import migrations

from healthcare.db.rowsecurity import ProtectTable

# Anybody may cause a message, also somebody who is not signed in (a forgotten password), but only in their own name;
# its outside is for administrators, and its inside for the worker alone: the web login has no right to those columns.
ADDS = "created_by_id IS NOT DISTINCT FROM (SELECT app.user_id()) AND status = 'queued'"

WAKE = """
CREATE TRIGGER wake_relay AFTER INSERT ON messaging_message
    FOR EACH STATEMENT EXECUTE FUNCTION app.wake_relay();
"""

FIGURES = """
CREATE FUNCTION app.messages_figures(OUT queued bigint, OUT sending bigint, OUT failed bigint, OUT dead bigint,
    OUT unknown bigint, OUT oldest_due_seconds double precision, OUT oldest_urgent_seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
BEGIN ATOMIC
    SELECT (SELECT count(*) FROM public.messaging_message WHERE status = 'queued'),
        (SELECT count(*) FROM public.messaging_message WHERE status = 'sending'),
        (SELECT count(*) FROM public.messaging_message WHERE status = 'failed'),
        (SELECT count(*) FROM public.messaging_message WHERE status = 'dead'),
        (SELECT count(*) FROM public.messaging_message WHERE status = 'unknown'),
        coalesce(greatest(0, extract(epoch FROM statement_timestamp()
            - (SELECT min(next_at) FROM public.messaging_message WHERE next_at IS NOT NULL))), 0),
        coalesce(greatest(0, extract(epoch FROM statement_timestamp()
            - (SELECT min(next_at) FROM public.messaging_message WHERE next_at IS NOT NULL AND queue = 'urgent'))), 0);
END;
REVOKE ALL ON FUNCTION app.messages_figures() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.messages_figures() TO web, worker;
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial"), ("events", "0002_wake_the_relay")]
    operations = [
        ProtectTable(
            "messaging_message", sees="(SELECT app.acting_role()) = 'administrator'", adds=ADDS, changes="false"
        ),
        migrations.RunSQL(WAKE, "DROP TRIGGER wake_relay ON messaging_message"),
        migrations.RunSQL(FIGURES, "DROP FUNCTION app.messages_figures()"),
    ]
