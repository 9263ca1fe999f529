from django.db import migrations

import healthcare.db.fields


class Migration(migrations.Migration):
    dependencies = [("messaging", "0002_row_security")]
    operations = [
        migrations.AddField("message", "attachments", healthcare.db.fields.EncryptedTextField(null=True)),
    ]
