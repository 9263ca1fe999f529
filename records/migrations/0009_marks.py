"""A mark is put on an entry and taken off after it is written: it is no part of what the entry says. An allergy has
none, and loses one that another system put there: what protects the patient is hidden from nobody who treats them."""

from django.db import migrations, models
from django.db.models import Q

from patients.rules import opens_marked, sees

BEFORE = "life text[] := '{record_status,"
AFTER = "life text[] := '{sensitivity,record_status,"
REPLACE = """
DO $do$
DECLARE
    body text := pg_get_functiondef('app.keep_entry()'::regprocedure);
BEGIN
    IF position(%(there)s IN body) = 0 THEN
        RAISE EXCEPTION 'app.keep_entry is not as this migration knows it';
    END IF;
    EXECUTE replace(body, %(there)s, %(then)s);
END $do$;
"""
UNMARK = "UPDATE records_entry SET sensitivity = '' WHERE kind = 'allergy' AND sensitivity <> ''"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# As 0008_handed_over said, and what is to be marked waits for who holds the label.
ME, STAFF = "(SELECT app.user_id())", "(SELECT app.acting_role()) <> 'patient'"
LEFT = """author_id = ANY ((SELECT app.stood_for())::uuid[])
AND EXISTS (SELECT 1 FROM accounts_user u WHERE u.id = author_id AND NOT u.is_active)"""


def drafts(left: str) -> str:
    sees_ = f"(author_id = {ME} OR ({left})) AND {STAFF} AND ({sees('clinical', 'records_draft.patient_id')})"
    return f"""
ALTER POLICY person_sees ON records_draft USING ({sees_});
ALTER POLICY person_changes ON records_draft USING ({sees_}) WITH CHECK (author_id = {ME} AND {sees_});
ALTER POLICY person_removes ON records_draft USING ({sees_});
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0008_handed_over")]
    operations = [
        migrations.AddField(
            model_name="draft",
            name="sensitivity",
            field=models.CharField(blank=True, default="", help_text="How it is to be marked.", max_length=14),
        ),
        migrations.RunSQL(
            REPLACE % {"there": literal(BEFORE), "then": literal(AFTER)},
            REPLACE % {"there": literal(AFTER), "then": literal(BEFORE)},
        ),
        migrations.RunSQL(drafts(f"{LEFT} AND {opens_marked('records_draft')}"), drafts(LEFT)),
        migrations.RunSQL(UNMARK, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=~Q(kind="allergy") | Q(sensitivity=""), name="entry_allergy_is_not_marked"
            ),
        ),
    ]
