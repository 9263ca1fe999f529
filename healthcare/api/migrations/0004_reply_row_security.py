from django.db import migrations

from healthcare.db.rowsecurity import ProtectTable


class Migration(migrations.Migration):
    dependencies = [("api", "0003_reply")]
    operations = [ProtectTable("api_reply", sees="user_id = (SELECT app.user_id())")]
