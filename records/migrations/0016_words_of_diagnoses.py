"""Words that diagnoses are found by, also mistyped; and the diagnoses that somebody keeps at hand, theirs alone."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable

MINE = "user_id = (SELECT app.user_id())"
FILL = """
INSERT INTO records_diagnosisword (word, codes)
SELECT word, ndoc FROM ts_stat('SELECT to_tsvector(''simple'', terms) FROM records_diagnosiscode WHERE billable')
WHERE length(word) BETWEEN 4 AND 100 AND word ~ '^[a-z]+$'
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("records", "0015_plan_items"),
        ("patients", "0003_purposes"),
    ]
    operations = [
        migrations.CreateModel(
            name="DiagnosisWord",
            fields=[
                ("word", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("codes", models.PositiveIntegerField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("word", name="gin_trgm_ops"),
                        name="diagnosis_word_trigrams",
                    ),
                    models.Index(
                        django.contrib.postgres.indexes.OpClass("word", name="varchar_pattern_ops"),
                        name="diagnosis_word_prefix",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DiagnosisFavorite",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("code", models.CharField(max_length=8)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "favorite diagnosis",
                "constraints": [models.UniqueConstraint(fields=("user", "code"), name="diagnosis_favorite_once")],
            },
        ),
        ProtectTable("records_diagnosisfavorite", sees=MINE, adds=MINE, changes="false", removes=MINE),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
