"""What a conversation is about, as a reference that says nothing by itself; it never changes (0077)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0033_conversations")]
    operations = [
        migrations.AddField(
            model_name="thread",
            name="source",
            field=models.CharField(
                blank=True,
                default="",
                help_text="app.model:id of what it is about; each reader has it resolved.",
                max_length=80,
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("source", ""), ("source__regex", "^[a-z]+[.][a-z]+:[0-9a-f-]{36}$"), _connector="OR"
                ),
                name="thread_source_is_a_reference",
            ),
        ),
    ]
