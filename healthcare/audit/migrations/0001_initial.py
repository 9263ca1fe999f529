import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import healthcare.db.uuids

# RFC 9562 section 5.7: 48 bits of Unix milliseconds, then version and variant; the smallest key of a moment.
FLOOR7 = """
CREATE OR REPLACE FUNCTION app.floor7(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;
GRANT EXECUTE ON FUNCTION app.floor7(timestamptz) TO owner, web, worker, backup, system_actor;
"""

# Key, time, transaction and epoch are defaults that no login may choose: INSERT is granted on the other columns alone.
EVENTS = """
CREATE TABLE audit_auditevent (
    id uuid NOT NULL DEFAULT uuidv7() PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    action text NOT NULL CHECK (length(action) BETWEEN 3 AND 100),
    actor_id uuid,
    actor_role text NOT NULL,
    purpose text NOT NULL,
    patient_id uuid,
    target_type text NOT NULL,
    target_id uuid,
    outcome text NOT NULL CHECK (outcome IN ('ok', 'denied', 'failed')),
    detail jsonb NOT NULL CHECK (length(detail::text) <= 10000),
    request_id text NOT NULL,
    address inet,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    epoch integer NOT NULL DEFAULT 1
) PARTITION BY RANGE (id);
CREATE INDEX auditevent_by_patient ON audit_auditevent (patient_id, id DESC) WHERE patient_id IS NOT NULL;
CREATE INDEX auditevent_by_actor ON audit_auditevent (actor_id, id DESC) WHERE actor_id IS NOT NULL;
CREATE INDEX auditevent_by_sealing ON audit_auditevent (epoch, xid, id);
CREATE TABLE audit_auditevent_default PARTITION OF audit_auditevent DEFAULT;
ALTER TABLE audit_auditevent_default ENABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("db", "0001_context"), ("contenttypes", "0002_remove_content_type_name")]
    operations = [
        migrations.RunSQL(FLOOR7, "DROP FUNCTION app.floor7(timestamptz)"),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(EVENTS, "DROP TABLE audit_auditevent")],
            state_operations=[
                migrations.CreateModel(
                    name="AuditEvent",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ("at", models.DateTimeField()),
                        ("action", models.TextField()),
                        ("actor_id", models.UUIDField(null=True)),
                        ("actor_role", models.TextField(blank=True)),
                        ("purpose", models.TextField(blank=True)),
                        ("patient_id", models.UUIDField(null=True)),
                        ("target_type", models.TextField(blank=True)),
                        ("target_id", models.UUIDField(null=True)),
                        (
                            "outcome",
                            models.TextField(choices=[("ok", "Done"), ("denied", "Denied"), ("failed", "Failed")]),
                        ),
                        ("detail", models.JSONField(default=dict)),
                        ("request_id", models.TextField(blank=True)),
                        ("address", models.GenericIPAddressField(null=True)),
                    ],
                    options={
                        "verbose_name": "audit event",
                        "indexes": [
                            models.Index(
                                fields=["patient_id", "-id"],
                                name="auditevent_by_patient",
                                condition=models.Q(patient_id__isnull=False),
                            ),
                            models.Index(
                                fields=["actor_id", "-id"],
                                name="auditevent_by_actor",
                                condition=models.Q(actor_id__isnull=False),
                            ),
                        ],
                    },
                )
            ],
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("version", models.SmallIntegerField()),
                ("epoch", models.IntegerField()),
                ("horizon_xid", models.BigIntegerField()),
                ("horizon_id", models.UUIDField()),
                ("ceiling_xid", models.BigIntegerField()),
                ("count", models.IntegerField()),
                ("total", models.BigIntegerField()),
                (
                    "event_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None),
                ),
                ("row_hashes", models.BinaryField()),
                (
                    "suspects",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None),
                ),
                ("previous", models.BinaryField()),
                ("head", models.BinaryField()),
                ("sealed_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "audit seal",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(count__gte=1, number__gte=1), name="seal_is_numbered_and_full"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("patient_id", models.UUIDField(null=True)),
                ("actor_id", models.UUIDField(null=True)),
                ("actor_role", models.TextField(blank=True)),
                ("purpose", models.TextField(blank=True)),
                ("object_pk", models.CharField(db_index=True, max_length=255, verbose_name="object pk")),
                (
                    "object_id",
                    models.BigIntegerField(blank=True, db_index=True, null=True, verbose_name="object id"),
                ),
                ("object_repr", models.TextField(verbose_name="object representation")),
                ("serialized_data", models.JSONField(null=True)),
                (
                    "action",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "create"), (1, "update"), (2, "delete"), (3, "access")],
                        db_index=True,
                        verbose_name="action",
                    ),
                ),
                ("changes_text", models.TextField(blank=True, verbose_name="change message")),
                ("changes", models.JSONField(null=True, verbose_name="change message")),
                (
                    "cid",
                    models.CharField(
                        blank=True, db_index=True, max_length=255, null=True, verbose_name="Correlation ID"
                    ),
                ),
                (
                    "remote_addr",
                    models.GenericIPAddressField(blank=True, null=True, verbose_name="remote address"),
                ),
                ("remote_port", models.PositiveIntegerField(blank=True, null=True, verbose_name="remote port")),
                (
                    "timestamp",
                    models.DateTimeField(
                        db_index=True, default=django.utils.timezone.now, verbose_name="timestamp"
                    ),
                ),
                ("additional_data", models.JSONField(blank=True, null=True, verbose_name="additional data")),
                (
                    "actor_email",
                    models.CharField(blank=True, max_length=254, null=True, verbose_name="actor email"),
                ),
                (
                    "content_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contenttypes.contenttype",
                        verbose_name="content type",
                    ),
                ),
            ],
            options={
                "verbose_name": "change",
                "indexes": [models.Index(fields=["patient_id", "-id"], name="change_by_patient")],
            },
        ),
    ]
