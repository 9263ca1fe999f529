"""Papers: what is made of a chart to be printed or kept, and for whom (docs/decisions/0051)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import healthcare.db.uuids
from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME, ROLE = "(SELECT app.user_id())", "(SELECT app.acting_role())"
REACHED = f"({sees('clinical', 'records_paper.patient_id')})"
OWN = f"asked_by_id = {ME} AND asked_as = {ROLE}"
# Written apart from records.models.papers on purpose: a test compares the two.
KEEP = """
CREATE FUNCTION app.keep_paper() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state || '>' || NEW.state) <> ALL ('{asked>made,asked>failed}'::text[]) THEN
        RAISE EXCEPTION 'a paper that is % cannot become %', OLD.state, NEW.state USING ERRCODE = '23514';
    END IF;
    IF OLD.state = 'made' AND (NEW.version, NEW.content_hash, NEW.holds, NEW.document, NEW.made_at)
            IS DISTINCT FROM (OLD.version, OLD.content_hash, OLD.holds, OLD.document, OLD.made_at) THEN
        RAISE EXCEPTION 'a paper is made once' USING ERRCODE = '23514';
    END IF;
    IF OLD.voided_at IS NOT NULL AND (NEW.voided_at, NEW.voided_by_id, NEW.void_reason)
            IS DISTINCT FROM (OLD.voided_at, OLD.voided_by_id, OLD.void_reason) THEN
        RAISE EXCEPTION 'who declared a paper void, when and why, is said once' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.keep_paper() FROM PUBLIC;
CREATE TRIGGER keep_paper BEFORE UPDATE ON records_paper FOR EACH ROW
    WHEN (OLD.patient_id = NEW.patient_id) EXECUTE FUNCTION app.keep_paper();
"""


def key(to: str, **more: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=to, **more)


CHOICES = {
    "kind": [
        ("summary", "Visit summary"),
        ("sick_note", "Sick note"),
        ("immunizations", "Immunization certificate"),
        ("chart", "Full chart"),
    ],
    "state": [("asked", "Being made"), ("made", "Made"), ("failed", "Could not be made")],
}
FIELDS: list[tuple[str, models.Field]] = [
    ("id", models.UUIDField(default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False)),
    ("created_at", models.DateTimeField(auto_now_add=True)),
    ("updated_at", models.DateTimeField(auto_now=True)),
    ("patient", key("patients.patient")),
    ("encounter", key("records.encounter", blank=True, null=True)),
    ("kind", models.CharField(choices=CHOICES["kind"], max_length=13)),
    ("state", models.CharField(choices=CHOICES["state"], default="asked", max_length=6)),
    ("asked_by", key(settings.AUTH_USER_MODEL)),
    ("asked_as", models.CharField(help_text="The role in which it was asked for.", max_length=20)),
    ("asked_at", models.DateTimeField()),
    ("language", models.CharField(max_length=10)),
    ("data", models.JSONField(blank=True, default=dict, help_text="Of a sick note: its days, and what for.")),
    ("signature", models.CharField(blank=True, help_text="SHA-256 of data, signer and time.", max_length=64)),
    ("version", models.PositiveIntegerField(blank=True, null=True)),
    ("content_hash", models.CharField(blank=True, help_text="SHA-256 of what it says.", max_length=64)),
    ("holds", models.JSONField(blank=True, default=dict)),
    ("document", models.UUIDField(blank=True, help_text="The stored object with the PDF.", null=True)),
    ("made_at", models.DateTimeField(blank=True, null=True)),
    ("failure", models.CharField(blank=True, help_text="The kind of failure alone.", max_length=80)),
    ("voided_at", models.DateTimeField(blank=True, null=True)),
    ("voided_by", key(settings.AUTH_USER_MODEL, blank=True, null=True)),
    ("void_reason", models.CharField(blank=True, max_length=200)),
]
CONSTRAINTS = [
    models.CheckConstraint(
        condition=Q(kind__in=["summary", "sick_note"], encounter__isnull=False)
        | Q(kind__in=["immunizations", "chart"], encounter=None),
        name="paper_kind_says_of_what",
    ),
    models.CheckConstraint(
        condition=Q(state="asked", version=None, content_hash="", document=None, made_at=None, failure="")
        | Q(state="failed", version=None, content_hash="", document=None, made_at=None) & ~Q(failure="")
        | Q(state="made", version__gte=1, document__isnull=False, made_at__isnull=False, failure="")
        & ~Q(content_hash=""),
        name="paper_state_says_what_is_there",
    ),
    models.CheckConstraint(
        condition=Q(kind="sick_note") & ~Q(signature="") | ~Q(kind="sick_note") & Q(signature="", data={}),
        name="paper_sick_note_is_signed",
    ),
    models.CheckConstraint(
        condition=Q(voided_at=None, voided_by=None, void_reason="")
        | Q(kind="sick_note", voided_at__isnull=False, voided_by__isnull=False) & ~Q(void_reason=""),
        name="paper_void_says_who_when_and_why",
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0039_site_numbers"),
        ("records", "0025_recalls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            "Paper",
            FIELDS,
            options={
                "verbose_name": "paper",
                "indexes": [models.Index(fields=["patient", "-asked_at", "-id"], name="paper_by_patient")],
                "constraints": CONSTRAINTS,
            },
        ),
        CompositeParentKey("records_paper", "encounter_id", "records_encounter"),
        migrations.RunSQL(KEEP, "DROP FUNCTION app.keep_paper() CASCADE"),
        ProtectTable(
            "records_paper",
            sees=f"{REACHED} AND (kind = 'sick_note' OR ({OWN}))",
            adds=f"{REACHED} AND {OWN} AND state = 'asked' AND (kind <> 'sick_note' OR {ROLE} <> 'patient')",
            changes=f"{REACHED} AND kind = 'sick_note' AND {ROLE} <> 'patient' AND voided_by_id = {ME}",
        ),
    ]
