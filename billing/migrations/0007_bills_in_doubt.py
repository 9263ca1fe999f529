"""A bill whose visit was entered in error says so; else it stays as it was issued."""

from django.db import migrations, models
from django.db.models import Q

KEEP = """
CREATE OR REPLACE FUNCTION app.keep_invoice() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    life text[] := '{status,settled_at,document,doubted_at,updated_at}';
BEGIN
    IF (to_jsonb(NEW) - life) IS DISTINCT FROM (to_jsonb(OLD) - life)
        OR OLD.doubted_at IS NOT NULL AND NEW.doubted_at IS DISTINCT FROM OLD.doubted_at THEN
        RAISE EXCEPTION 'an issued invoice is frozen' USING ERRCODE = '23514';
    END IF;
    IF NEW.status <> OLD.status AND (OLD.status || '>' || NEW.status) <> ALL
        ('{issued>settled,issued>void,settled>issued}'::text[]) THEN
        RAISE EXCEPTION 'an invoice that is % cannot become %', OLD.status, NEW.status USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""
BACK = """
CREATE OR REPLACE FUNCTION app.keep_invoice() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    life text[] := '{status,settled_at,document,updated_at}';
BEGIN
    IF (to_jsonb(NEW) - life) IS DISTINCT FROM (to_jsonb(OLD) - life) THEN
        RAISE EXCEPTION 'an issued invoice is frozen' USING ERRCODE = '23514';
    END IF;
    IF NEW.status <> OLD.status AND (OLD.status || '>' || NEW.status) <> ALL
        ('{issued>settled,issued>void,settled>issued}'::text[]) THEN
        RAISE EXCEPTION 'an invoice that is % cannot become %', OLD.status, NEW.status USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_walls_of_coverage")]

    operations = [
        migrations.AddField(
            "invoice",
            "doubted_at",
            models.DateTimeField(blank=True, help_text="Since when its visit was entered in error.", null=True),
        ),
        migrations.AddIndex(
            "invoice",
            models.Index(
                fields=["due_date", "id"],
                condition=Q(status="issued", doubted_at__isnull=False),
                name="invoice_in_doubt_by_due_date",
            ),
        ),
        migrations.RunSQL(KEEP, BACK),
    ]
