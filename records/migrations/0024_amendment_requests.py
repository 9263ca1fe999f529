"""Requests for an amendment, with what was answered, disagreed and rebutted (docs/decisions/0053)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import opens_marked, sees

ME, ROLE = "(SELECT app.user_id())", "(SELECT app.acting_role())"
OFFICER = f"{ROLE} = 'privacy_officer'"
REACHED = f"""({sees("clinical", "records_amendmentrequest.patient_id")})
AND {opens_marked("records_amendmentrequest", written_by=("asked_by_id", "written_by_id"))}"""
# Who asked takes back and disagrees; staff does the rest. In whose name, the trigger says.
ASKERS_DEED = f"""(answered_by_id = {ME} AND state = 'withdrawn' OR disagreed_by_id = {ME} AND state = 'denied')"""
# Written apart from records.rules.amendments and the actions on purpose: tests compare them.
KEEP = """
CREATE FUNCTION app.keep_amendment() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    me uuid := app.user_id();
    asks boolean := app.acting_role() IS NOT DISTINCT FROM 'patient' AND app.system_purpose() IS NULL;
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state || '>' || NEW.state) <> ALL (
            '{waiting>accepted,waiting>denied,waiting>withdrawn}'::text[]) THEN
        RAISE EXCEPTION 'a request that is % cannot become %', OLD.state, NEW.state USING ERRCODE = '23514';
    END IF;
    IF OLD.answered_at IS NOT NULL AND (NEW.answered_at, NEW.answered_by_id, NEW.ground, NEW.answer)
            IS DISTINCT FROM (OLD.answered_at, OLD.answered_by_id, OLD.ground, OLD.answer)
        OR OLD.extended_at IS NOT NULL AND (NEW.extended_at, NEW.extended_by_id, NEW.extension_reason)
            IS DISTINCT FROM (OLD.extended_at, OLD.extended_by_id, OLD.extension_reason)
        OR OLD.made_at IS NOT NULL AND (NEW.made_at, NEW.made_by_id, NEW.made_in_id)
            IS DISTINCT FROM (OLD.made_at, OLD.made_by_id, OLD.made_in_id)
        OR OLD.disagreed_at IS NOT NULL AND (NEW.disagreed_at, NEW.disagreed_by_id, NEW.disagreement)
            IS DISTINCT FROM (OLD.disagreed_at, OLD.disagreed_by_id, OLD.disagreement)
        OR OLD.rebutted_at IS NOT NULL AND (NEW.rebutted_at, NEW.rebutted_by_id, NEW.rebuttal)
            IS DISTINCT FROM (OLD.rebutted_at, OLD.rebutted_by_id, OLD.rebuttal) THEN
        RAISE EXCEPTION 'who said what of a request, and when, is said once' USING ERRCODE = '23514';
    END IF;
    IF NEW.due_at <> OLD.due_at AND (OLD.extended_at IS NOT NULL OR NEW.extended_at IS NULL
            OR NEW.due_at > OLD.due_at + interval '30 days') OR NEW.extended_at > OLD.due_at THEN
        RAISE EXCEPTION 'the time for an answer is extended once, by 30 days, before it is over'
            USING ERRCODE = '23514';
    END IF;
    IF app.system_purpose() IS NULL AND (
        OLD.answered_by_id IS NULL AND NEW.answered_by_id <> me OR OLD.extended_by_id IS NULL
            AND NEW.extended_by_id <> me
        OR OLD.made_by_id IS NULL AND NEW.made_by_id <> me OR OLD.disagreed_by_id IS NULL AND NEW.disagreed_by_id <> me
        OR OLD.rebutted_by_id IS NULL AND NEW.rebutted_by_id <> me
        OR NEW.owner_id IS DISTINCT FROM OLD.owner_id AND NEW.owner_id <> me) THEN
        RAISE EXCEPTION 'a request is answered in one''s own name' USING ERRCODE = '23514';
    END IF;
    IF app.system_purpose() IS NULL AND (
        (NEW.disagreed_at IS DISTINCT FROM OLD.disagreed_at OR NEW.state = 'withdrawn' AND OLD.state = 'waiting')
            AND NOT asks
        OR asks AND (NEW.rebutted_at, NEW.extended_at, NEW.made_at, NEW.owner_id)
            IS DISTINCT FROM (OLD.rebutted_at, OLD.extended_at, OLD.made_at, OLD.owner_id)
        OR asks AND NEW.state IS DISTINCT FROM OLD.state AND NEW.state <> 'withdrawn') THEN
        RAISE EXCEPTION 'the patient asks, takes back and disagrees; the clinic answers' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.keep_amendment() FROM PUBLIC;
CREATE TRIGGER keep_amendment BEFORE UPDATE ON records_amendmentrequest FOR EACH ROW
    WHEN (OLD.patient_id = NEW.patient_id) EXECUTE FUNCTION app.keep_amendment();
"""


def key(to: str, **more: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=to, **more)


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0039_site_numbers"),
        ("records", "0022_release"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AmendmentRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "queue",
                    models.CharField(
                        choices=[
                            ("urgent", "urgent"),
                            ("default", "default"),
                            ("bulk", "bulk"),
                            ("sync", "sync"),
                            ("maintenance", "maintenance"),
                        ],
                        default="default",
                        max_length=12,
                    ),
                ),
                ("next_at", models.DateTimeField(null=True)),
                ("handed_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=80)),
                (
                    "sensitivity",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not marked"),
                            ("mental_health", "Mental health"),
                            ("substance_use", "Substance use"),
                            ("reproductive", "Reproductive health"),
                            ("adolescent", "Adolescent"),
                        ],
                        default="",
                        max_length=14,
                    ),
                ),
                (
                    "written_by",
                    key(
                        settings.AUTH_USER_MODEL,
                        blank=True,
                        null=True,
                        help_text="Who wrote the entry; marked or not, they see it.",
                    ),
                ),
                ("wanted", models.TextField(verbose_name="what it should say")),
                ("reason", models.TextField(verbose_name="why")),
                ("asked_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(help_text="The last moment for an answer.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits for an answer"),
                            ("accepted", "Accepted"),
                            ("denied", "Denied"),
                            ("withdrawn", "Taken back"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("taken_at", models.DateTimeField(blank=True, null=True)),
                ("extended_at", models.DateTimeField(blank=True, null=True)),
                ("extension_reason", models.TextField(blank=True)),
                ("answered_at", models.DateTimeField(blank=True, help_text="Or taken back.", null=True)),
                (
                    "ground",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("accurate", "It is accurate and complete"),
                            ("not_ours", "It was not written by this clinic"),
                            ("not_in_record", "It is not part of the record that decisions are made by"),
                            ("not_open", "It is not open to patients by law"),
                        ],
                        max_length=13,
                    ),
                ),
                ("answer", models.TextField(blank=True)),
                ("made_at", models.DateTimeField(blank=True, null=True)),
                ("disagreement", models.TextField(blank=True, verbose_name="statement of disagreement")),
                ("disagreed_at", models.DateTimeField(blank=True, null=True)),
                ("rebuttal", models.TextField(blank=True)),
                ("rebutted_at", models.DateTimeField(blank=True, null=True)),
                ("answered_by", key(settings.AUTH_USER_MODEL, blank=True, null=True)),
                ("asked_by", key(settings.AUTH_USER_MODEL)),
                ("disagreed_by", key(settings.AUTH_USER_MODEL, blank=True, null=True)),
                ("entry", key("records.entry", blank=True, null=True, db_constraint=False, db_index=False)),
                ("extended_by", key(settings.AUTH_USER_MODEL, blank=True, null=True)),
                ("made_by", key(settings.AUTH_USER_MODEL, blank=True, null=True)),
                ("made_in", key("records.entry", blank=True, null=True, db_constraint=False, db_index=False)),
                ("owner", key(settings.AUTH_USER_MODEL, blank=True, null=True)),
                ("patient", key("patients.patient")),
                ("rebutted_by", key(settings.AUTH_USER_MODEL, blank=True, null=True)),
            ],
            options={
                "verbose_name": "request for an amendment",
                "verbose_name_plural": "requests for an amendment",
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_at__isnull", False)),
                        fields=["queue", "next_at"],
                        name="amendmentrequest_waiting",
                    ),
                    models.Index(fields=["patient", "entry"], name="amendment_by_entry"),
                    models.Index(
                        condition=models.Q(
                            ("state", "waiting"), models.Q(("made_at", None), ("state", "accepted")), _connector="OR"
                        ),
                        fields=["due_at", "id"],
                        name="amendment_open",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("entry__isnull", False), ("state", "waiting")),
                        fields=("patient", "entry"),
                        name="amendment_one_waits_per_entry",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "accepted", "denied", "withdrawn"])),
                        name="amendment_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("wanted", ""), _negated=True), models.Q(("reason", ""), _negated=True)
                        ),
                        name="amendment_says_what_and_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("owner", None), ("taken_at", None)),
                            models.Q(("owner__isnull", False), ("taken_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="amendment_taken_says_by_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("extended_at", None), ("extended_by", None), ("extension_reason", "")),
                            models.Q(
                                ("extended_at__isnull", False),
                                ("extended_by__isnull", False),
                                models.Q(("extension_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="amendment_extended_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("answer", ""),
                                ("answered_at", None),
                                ("answered_by", None),
                                ("ground", ""),
                                ("state", "waiting"),
                            ),
                            models.Q(
                                ("answer", ""),
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                                ("ground", ""),
                                ("state", "withdrawn"),
                            ),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                                ("ground", ""),
                                ("state", "accepted"),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                                ("state", "denied"),
                                models.Q(("answer", ""), _negated=True),
                                ("ground__in", ["accurate", "not_ours", "not_in_record", "not_open"]),
                            ),
                            _connector="OR",
                        ),
                        name="amendment_answered_says_by_whom_and_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("made_at", None), ("made_by", None), ("made_in", None)),
                            models.Q(
                                ("made_at__isnull", False),
                                ("made_by__isnull", False),
                                ("made_in__isnull", False),
                                ("state", "accepted"),
                            ),
                            _connector="OR",
                        ),
                        name="amendment_made_says_where",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("disagreed_at", None), ("disagreed_by", None), ("disagreement", "")),
                                models.Q(
                                    ("disagreed_at__isnull", False),
                                    ("disagreed_by__isnull", False),
                                    models.Q(("disagreement", ""), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            models.Q(("disagreed_at", None), ("state", "denied"), _connector="OR"),
                        ),
                        name="amendment_disagreed_when_denied",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("rebuttal", ""), ("rebutted_at", None), ("rebutted_by", None)),
                                models.Q(
                                    ("rebutted_at__isnull", False),
                                    ("rebutted_by__isnull", False),
                                    models.Q(("rebuttal", ""), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            models.Q(("rebutted_at", None), ("disagreed_at__isnull", False), _connector="OR"),
                        ),
                        name="amendment_rebutted_when_disagreed",
                    ),
                ],
            },
        ),
        CompositeParentKey("records_amendmentrequest", "entry_id", "records_entry"),
        CompositeParentKey("records_amendmentrequest", "made_in_id", "records_entry"),
        ProtectTable(
            "records_amendmentrequest",
            sees=f"{OFFICER} OR ({REACHED})",
            adds=f"{ROLE} = 'patient' AND asked_by_id = {ME} AND state = 'waiting' AND {REACHED}",
            changes=f"({ROLE} <> 'patient' OR {ASKERS_DEED}) AND {REACHED}",
        ),
        migrations.RunSQL(KEEP, "DROP FUNCTION app.keep_amendment() CASCADE"),
    ]
