"""Files of messages: whose they are, what may change of them, and who adds one (0080)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import healthcare.db.fields
import healthcare.db.uuids
from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
REACHED = f"({sees('message', 'records_attachment.patient_id')})"
# Written apart from records.models.attachments on purpose: a test compares the two.
KEEP = """
CREATE FUNCTION app.keep_attachment() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state || '>' || NEW.state) <> ALL (
            '{pending>clean,pending>infected,unknown>pending}'::text[]) THEN
        RAISE EXCEPTION 'a file that is % cannot become %', OLD.state, NEW.state USING ERRCODE = '23514';
    END IF;
    IF NEW.document IS DISTINCT FROM OLD.document AND NEW.document IS NOT NULL THEN
        RAISE EXCEPTION 'the file of a message is no other one later' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.keep_attachment() FROM PUBLIC;
CREATE TRIGGER keep_attachment BEFORE UPDATE ON records_attachment FOR EACH ROW EXECUTE FUNCTION app.keep_attachment();
"""
# Nobody puts a file to what somebody else wrote.
OF_ITS_AUTHOR = """
CREATE UNIQUE INDEX records_message_id_author ON records_message (id, author_id);
ALTER TABLE records_attachment ADD CONSTRAINT records_attachment_of_its_author FOREIGN KEY (message_id, added_by_id)
    REFERENCES records_message (id, author_id) DEFERRABLE INITIALLY DEFERRED
"""
ALONE = """
ALTER TABLE records_attachment DROP CONSTRAINT records_attachment_of_its_author;
DROP INDEX records_message_id_author
"""


def key(to: str) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=to)


QUEUES = ["urgent", "default", "bulk", "sync", "maintenance"]
STATES = [("pending", "Being checked"), ("unknown", "Not checked"), ("clean", "Nothing found"), ("infected", "Removed")]
FIELDS: list[tuple[str, models.Field]] = [
    ("id", models.UUIDField(default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False)),
    ("created_at", models.DateTimeField(auto_now_add=True)),
    ("updated_at", models.DateTimeField(auto_now=True)),
    ("queue", models.CharField(choices=[(name, name) for name in QUEUES], default="default", max_length=12)),
    ("next_at", models.DateTimeField(null=True)),
    ("handed_until", models.DateTimeField(null=True)),
    ("attempts", models.PositiveSmallIntegerField(default=0)),
    ("error", models.CharField(blank=True, max_length=80)),
    ("name", healthcare.db.fields.EncryptedTextField(verbose_name="file name")),
    ("content_type", models.CharField(max_length=40)),
    ("size", models.PositiveIntegerField(help_text="Bytes.")),
    ("document", models.UUIDField(blank=True, help_text="The stored object; none once it was removed.", null=True)),
    ("state", models.CharField(choices=STATES, max_length=8)),
    ("added_by", key(settings.AUTH_USER_MODEL)),
    ("message", key("records.message")),
    ("patient", key("patients.patient")),
]
CONSTRAINTS = [
    models.CheckConstraint(
        condition=Q(state="infected", document=None)
        | Q(state__in=["pending", "unknown", "clean"], document__isnull=False),
        name="attachment_is_there_unless_infected",
    ),
    models.CheckConstraint(
        condition=Q(state="pending", next_at__isnull=False) | ~Q(state="pending") & Q(next_at=None),
        name="attachment_waits_while_pending",
    ),
    models.CheckConstraint(
        condition=Q(content_type__in=["application/pdf", "image/jpeg", "image/png", "text/plain"]),
        name="attachment_type_is_taken",
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0041_grants_change_by_projection_alone"),
        ("records", "0035_templates_of_messages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            "Attachment",
            FIELDS,
            options={
                "verbose_name": "file of a message",
                "verbose_name_plural": "files of messages",
                "abstract": False,
                "indexes": [
                    models.Index(
                        fields=["queue", "next_at"], condition=Q(next_at__isnull=False), name="attachment_waiting"
                    )
                ],
                "constraints": CONSTRAINTS,
            },
        ),
        CompositeParentKey("records_attachment", "message_id", "records_message"),
        migrations.RunSQL(OF_ITS_AUTHOR, ALONE),
        migrations.RunSQL(KEEP, "DROP FUNCTION app.keep_attachment() CASCADE"),
        ProtectTable(
            "records_attachment",
            sees=REACHED,
            adds=f"{REACHED} AND added_by_id = {ME} AND state IN ('pending', 'unknown')",
            changes="false",
        ),
    ]
