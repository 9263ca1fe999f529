"""The second wall round bills, and what stays true of them whoever writes: frozen, gapless, append-only, adding up."""

from django.db import migrations

from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
STAFF = "(SELECT app.acting_role()) <> 'patient'"

# Nothing is removed; of a bill only whether it is paid may change, by the moves of billing.models (a test compares).
FROZEN = """
CREATE FUNCTION app.keep_ledger() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION '% on %: the ledger and what was billed are append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = '42501';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON billing_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION app.keep_ledger();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON billing_invoiceline
    FOR EACH ROW EXECUTE FUNCTION app.keep_ledger();
CREATE TRIGGER kept BEFORE DELETE ON billing_invoice FOR EACH ROW EXECUTE FUNCTION app.keep_ledger();
CREATE TRIGGER kept BEFORE DELETE ON billing_numberseries FOR EACH ROW EXECUTE FUNCTION app.keep_ledger();

CREATE FUNCTION app.keep_invoice() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
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
CREATE TRIGGER frozen BEFORE UPDATE ON billing_invoice FOR EACH ROW EXECUTE FUNCTION app.keep_invoice();
"""

# No number twice (a unique constraint), and none skipped: a series steps by one, an invoice bears the number just
# taken, and at the commit each number taken has its invoice.
GAPLESS = """
ALTER TABLE billing_invoice ADD CONSTRAINT invoice_number_is_its_sequence CHECK
    (number = series || '-' || lpad(sequence::text, greatest(6, length(sequence::text)), '0'));

CREATE FUNCTION app.step_series() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.last <> 1 OR TG_OP = 'UPDATE' AND (NEW.name, NEW.last) <> (OLD.name, OLD.last + 1) THEN
        RAISE EXCEPTION 'a number series steps by one' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER steps_by_one BEFORE INSERT OR UPDATE ON billing_numberseries
    FOR EACH ROW EXECUTE FUNCTION app.step_series();

CREATE FUNCTION app.check_number_used() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM billing_invoice i WHERE i.series = NEW.name AND i.sequence = NEW.last) THEN
        RAISE EXCEPTION 'number % of % was taken and no invoice bears it', NEW.last, NEW.name USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER number_used AFTER INSERT OR UPDATE ON billing_numberseries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_number_used();

CREATE FUNCTION app.check_number_taken() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.sequence IS DISTINCT FROM (SELECT s.last FROM billing_numberseries s WHERE s.name = NEW.series) THEN
        RAISE EXCEPTION 'the number of an invoice is the one just taken' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER number_taken BEFORE INSERT ON billing_invoice
    FOR EACH ROW EXECUTE FUNCTION app.check_number_taken();
"""

ADDING_UP = """
-- At the commit: lines and charges make the total, nothing is paid twice, and the status says what the ledger says.
CREATE FUNCTION app.check_invoice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    bill billing_invoice;
    lines numeric;
    charged numeric;
    balance numeric;
BEGIN
    SELECT * INTO bill FROM billing_invoice i WHERE i.id = (to_jsonb(NEW) ->> TG_ARGV[0])::uuid;
    IF bill.id IS NULL THEN
        RETURN NULL; -- an entry that belongs to no invoice
    END IF;
    SELECT coalesce(sum(l.amount), 0) INTO lines FROM billing_invoiceline l WHERE l.invoice_id = bill.id;
    SELECT coalesce(sum(e.amount), 0), coalesce(sum(e.amount) FILTER (WHERE e.kind = 'charge'), 0)
        INTO balance, charged FROM billing_ledgerentry e WHERE e.invoice_id = bill.id;
    IF lines <> bill.total OR charged <> bill.total THEN
        RAISE EXCEPTION 'the lines and the charge of an invoice make its total' USING ERRCODE = '23514';
    END IF;
    IF balance < 0 OR (bill.status = 'issued') <> (balance > 0) THEN
        RAISE EXCEPTION 'an invoice is open while its ledger says that something is owed' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER adds_up AFTER INSERT OR UPDATE ON billing_invoice
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_invoice('id');
CREATE CONSTRAINT TRIGGER adds_up AFTER INSERT ON billing_invoiceline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_invoice('invoice_id');
CREATE CONSTRAINT TRIGGER adds_up AFTER INSERT ON billing_ledgerentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_invoice('invoice_id');

CREATE FUNCTION app.check_reversal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM billing_ledgerentry e WHERE e.id = NEW.reverses_id AND e.amount = -NEW.amount
            AND e.invoice_id IS NOT DISTINCT FROM NEW.invoice_id AND e.kind <> 'reversal') THEN
        RAISE EXCEPTION 'a reversal takes back one whole entry of the same invoice' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER whole_reversal BEFORE INSERT ON billing_ledgerentry
    FOR EACH ROW WHEN (NEW.kind = 'reversal') EXECUTE FUNCTION app.check_reversal();

REVOKE ALL ON FUNCTION app.keep_ledger(), app.keep_invoice(), app.step_series(), app.check_number_used(),
    app.check_number_taken(), app.check_invoice(), app.check_reversal() FROM PUBLIC;
"""
BACK = """
ALTER TABLE billing_invoice DROP CONSTRAINT invoice_number_is_its_sequence;
DROP FUNCTION app.keep_ledger() CASCADE; DROP FUNCTION app.keep_invoice() CASCADE;
DROP FUNCTION app.step_series() CASCADE; DROP FUNCTION app.check_number_used() CASCADE;
DROP FUNCTION app.check_number_taken() CASCADE; DROP FUNCTION app.check_invoice() CASCADE;
DROP FUNCTION app.check_reversal() CASCADE;
"""


def reaching(table: str) -> str:
    return f"({sees('billing', f'{table}.patient_id')})"


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("patients", "0002_walls"), ("records", "0002_walls")]
    operations = [
        CompositeParentKey("billing_invoice", "encounter_id", "records_encounter"),
        CompositeParentKey("billing_invoice", "appointment_id", "scheduling_appointment"),
        CompositeParentKey("billing_invoiceline", "invoice_id", "billing_invoice"),
        CompositeParentKey("billing_ledgerentry", "invoice_id", "billing_invoice"),
        CompositeParentKey("billing_ledgerentry", "reverses_id", "billing_ledgerentry"),
        migrations.RunSQL(FROZEN + GAPLESS + ADDING_UP, BACK),
        # Bills come from a worker; a person says that one is paid, which the ledger has to bear out.
        ProtectTable(
            "billing_invoice",
            sees=reaching("billing_invoice"),
            adds="false",
            changes=f"{reaching('billing_invoice')} AND {STAFF}",
        ),
        ProtectTable("billing_invoiceline", sees=reaching("billing_invoiceline"), adds="false", changes="false"),
        # Staff take payments and take them back, each in their own name; charges are the system's.
        ProtectTable(
            "billing_ledgerentry",
            sees=reaching("billing_ledgerentry"),
            adds=f"{reaching('billing_ledgerentry')} AND {STAFF} AND entered_by_id = {ME}"
            " AND kind IN ('payment', 'reversal')",
            changes="false",
        ),
    ]
