"""What was signed stays; whose it is may change, by a merge of two records alone (0039)."""

from django.db import migrations

FREED = """
DROP TRIGGER keep_signed ON prescriptions_prescription;
CREATE TRIGGER keep_signed BEFORE UPDATE ON prescriptions_prescription FOR EACH ROW
    WHEN (OLD.patient_id = NEW.patient_id) EXECUTE FUNCTION app.keep_signed_prescription();
"""
BACK = """
DROP TRIGGER keep_signed ON prescriptions_prescription;
CREATE TRIGGER keep_signed BEFORE UPDATE ON prescriptions_prescription
    FOR EACH ROW EXECUTE FUNCTION app.keep_signed_prescription();
"""


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0006_walls_of_marks"), ("patients", "0024_walls_of_merges")]
    operations = [migrations.RunSQL(FREED, BACK)]
