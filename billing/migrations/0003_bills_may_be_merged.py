"""What was billed and paid stays; whose it is may change, by a merge of two records alone (0039)."""

from django.db import migrations

FREED = """
DROP TRIGGER append_only ON billing_ledgerentry;
CREATE TRIGGER append_only BEFORE UPDATE ON billing_ledgerentry FOR EACH ROW
    WHEN (OLD.patient_id = NEW.patient_id) EXECUTE FUNCTION app.keep_ledger();
CREATE TRIGGER kept BEFORE DELETE ON billing_ledgerentry FOR EACH ROW EXECUTE FUNCTION app.keep_ledger();
DROP TRIGGER append_only ON billing_invoiceline;
CREATE TRIGGER append_only BEFORE UPDATE ON billing_invoiceline FOR EACH ROW
    WHEN (OLD.patient_id = NEW.patient_id) EXECUTE FUNCTION app.keep_ledger();
CREATE TRIGGER kept BEFORE DELETE ON billing_invoiceline FOR EACH ROW EXECUTE FUNCTION app.keep_ledger();
DROP TRIGGER frozen ON billing_invoice;
CREATE TRIGGER frozen BEFORE UPDATE ON billing_invoice FOR EACH ROW
    WHEN (OLD.patient_id = NEW.patient_id) EXECUTE FUNCTION app.keep_invoice();
"""
BACK = """
DROP TRIGGER kept ON billing_ledgerentry; DROP TRIGGER append_only ON billing_ledgerentry;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON billing_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION app.keep_ledger();
DROP TRIGGER kept ON billing_invoiceline; DROP TRIGGER append_only ON billing_invoiceline;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON billing_invoiceline
    FOR EACH ROW EXECUTE FUNCTION app.keep_ledger();
DROP TRIGGER frozen ON billing_invoice;
CREATE TRIGGER frozen BEFORE UPDATE ON billing_invoice FOR EACH ROW EXECUTE FUNCTION app.keep_invoice();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_walls"), ("patients", "0024_walls_of_merges")]
    operations = [migrations.RunSQL(FREED, BACK)]
