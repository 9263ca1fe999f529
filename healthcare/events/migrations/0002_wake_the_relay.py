from django.db import migrations

# The trigger wakes the relay at the commit, in whatever way a row came to be due; NOTIFYs of one transaction are one.
WAKE = """
CREATE FUNCTION app.wake_relay() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_notify('outbox', '');
    RETURN NULL;
END $$;
CREATE TRIGGER wake_relay AFTER INSERT ON events_outboxevent
    FOR EACH STATEMENT EXECUTE FUNCTION app.wake_relay();
"""
SLEEP = "DROP TRIGGER wake_relay ON events_outboxevent; DROP FUNCTION app.wake_relay()"

# Numbers alone, for whoever may read no row.
FIGURES = """
CREATE FUNCTION app.outbox_figures(OUT oldest_seconds double precision, OUT oldest_urgent_seconds double precision,
    OUT pending bigint, OUT dead bigint, OUT jobs_failed_last_day bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
BEGIN ATOMIC
    SELECT coalesce(extract(epoch FROM statement_timestamp() - least(
            (SELECT min(created_at) FROM public.events_outboxevent WHERE exploded_at IS NULL),
            (SELECT min(created_at) FROM public.events_delivery WHERE next_at IS NOT NULL))), 0),
        coalesce(extract(epoch FROM statement_timestamp()
            - (SELECT min(created_at) FROM public.events_delivery WHERE next_at IS NOT NULL AND queue = 'urgent')), 0),
        (SELECT count(*) FROM public.events_delivery WHERE next_at IS NOT NULL),
        (SELECT count(*) FROM public.events_delivery WHERE status = 'dead'),
        (SELECT count(*) FROM public.events_jobtick
            WHERE error <> '' AND created_at > statement_timestamp() - interval '1 day');
END;
REVOKE ALL ON FUNCTION app.outbox_figures() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.outbox_figures() TO web, worker;
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial"), ("db", "0001_context")]
    operations = [
        migrations.RunSQL(WAKE, SLEEP),
        migrations.RunSQL(FIGURES, "DROP FUNCTION app.outbox_figures()"),
    ]
