"""What an entry or a closed thread says stays; whose it is may change, by a merge of two records alone (0039)."""

from django.db import migrations

FREED = """
DROP TRIGGER keep_entry ON records_entry;
CREATE TRIGGER keep_entry BEFORE UPDATE ON records_entry FOR EACH ROW
    WHEN (OLD.patient_id = NEW.patient_id) EXECUTE FUNCTION app.keep_entry();
DROP TRIGGER keep_thread ON records_thread;
CREATE TRIGGER keep_thread BEFORE UPDATE ON records_thread FOR EACH ROW
    WHEN (OLD.patient_id = NEW.patient_id) EXECUTE FUNCTION app.keep_thread();
"""
BACK = """
DROP TRIGGER keep_entry ON records_entry;
CREATE TRIGGER keep_entry BEFORE UPDATE ON records_entry FOR EACH ROW EXECUTE FUNCTION app.keep_entry();
DROP TRIGGER keep_thread ON records_thread;
CREATE TRIGGER keep_thread BEFORE UPDATE ON records_thread FOR EACH ROW EXECUTE FUNCTION app.keep_thread();
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0010_allergies_whole"), ("patients", "0024_walls_of_merges")]
    operations = [migrations.RunSQL(FREED, BACK)]
