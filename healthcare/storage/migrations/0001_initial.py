
import healthcare.db.fields
import healthcare.db.uuids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='StoredObject',
            fields=[
                ('id', models.UUIDField(default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('place', models.CharField(max_length=100, unique=True)),
                ('name', healthcare.db.fields.EncryptedTextField(verbose_name='file name')),
                ('content_type', models.CharField(max_length=100)),
                ('size', models.PositiveIntegerField(help_text='Bytes of the content itself.')),
                ('sha256', models.CharField(max_length=64)),
                ('key_id', models.CharField(db_index=True, max_length=40, verbose_name='encryption key')),
                ('scan', models.CharField(choices=[('unscanned', 'Not scanned'), ('clean', 'Clean'), ('infected', 'Infected')], default='unscanned', max_length=10)),
                ('scanned_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'stored object',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('scan', 'unscanned'), ('scanned_at', None)), models.Q(models.Q(('scan', 'unscanned'), _negated=True), ('scanned_at__isnull', False)), _connector='OR'), name='object_scan_says_when')],
            },
        ),
    ]
