"""For the page of those who keep the post running: counts and times by channel, of nobody in particular."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION app.post_by_channel() RETURNS TABLE (channel text, queued bigint, oldest_due timestamptz,
    oldest_urgent timestamptz, unknown bigint, dead bigint, failed bigint, delivered bigint, stopped bigint,
    last_sent timestamptz, broken_until timestamptz, failures integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
BEGIN ATOMIC
    SELECT each.channel,
        (SELECT count(*) FROM public.messaging_message m WHERE m.status = 'queued' AND m.channel = each.channel),
        (SELECT min(m.next_at) FROM public.messaging_message m
            WHERE m.next_at <= statement_timestamp() AND m.channel = each.channel),
        (SELECT min(m.next_at) FROM public.messaging_message m
            WHERE m.next_at <= statement_timestamp() AND m.queue = 'urgent' AND m.channel = each.channel),
        coalesce(ended.unknown, 0), coalesce(ended.dead, 0), coalesce(ended.failed, 0), coalesce(ended.delivered, 0),
        (SELECT count(*) FROM public.messaging_optout o WHERE o.channel = each.channel AND o.ended_at IS NULL),
        c.sent_at, CASE WHEN c.open_until > statement_timestamp() THEN c.open_until END, coalesce(c.failures, 0)
    FROM (VALUES ('email'), ('sms'), ('push')) AS each (channel)
        LEFT JOIN public.messaging_circuit c ON c.channel = each.channel
        LEFT JOIN (
            SELECT m.channel, count(*) FILTER (WHERE m.status = 'unknown') AS unknown,
                count(*) FILTER (WHERE m.status = 'dead') AS dead,
                count(*) FILTER (WHERE m.status = 'failed' AND m.error <> 'withdrawn') AS failed,
                count(*) FILTER (WHERE m.status IN ('sent', 'delivered')) AS delivered
            FROM public.messaging_message m
            WHERE m.status IN ('unknown', 'dead', 'failed', 'sent', 'delivered')
                AND m.created_at > statement_timestamp() - interval '7 days'
            GROUP BY m.channel
        ) AS ended ON ended.channel = each.channel;
END;
REVOKE ALL ON FUNCTION app.post_by_channel() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.post_by_channel() TO web, worker;
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0004_stops_and_replies")]
    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION app.post_by_channel()")]
