"""A date of birth may be known in part, estimated, or not at all; what is not known to the day is shown as no day."""

from importlib import import_module

from django.db import migrations, models

# The search shows the year of what is not known to the day, and compares it with what it may be.
SEARCH = """
DO $$
DECLARE
    found text := pg_get_functiondef('app.find_patients(text,date,text,text,integer)'::regprocedure);
    changed text := replace(found, 'CASE WHEN j.visible THEN j.birth_date END',
        'CASE WHEN j.visible AND j.birth_precision = ''day'' THEN j.birth_date END');
BEGIN
    IF found = changed THEN RAISE EXCEPTION 'the search does not stand as it was expected'; END IF;
    EXECUTE changed;
END $$;
"""
REVIEW = """
DO $$
DECLARE
    found text := pg_get_functiondef('app.names_for_review(uuid[])'::regprocedure);
    changed text := replace(found, 'p.birth_date, p.mrn',
        'CASE WHEN p.birth_precision = ''day'' THEN p.birth_date END, p.mrn');
BEGIN
    IF found = changed THEN RAISE EXCEPTION 'the names for a review do not stand as they were expected'; END IF;
    EXECUTE changed;
END $$;
"""
KEYS = """app.match_keys({p}family_name, {p}given_name, {p}preferred_name,
        CASE WHEN {p}birth_precision = 'day' THEN array[{p}birth_date] ELSE '{{}}'::date[] END, {p}phone, {p}email)"""
INDEX = f"""
DROP INDEX patient_match_keys;
CREATE INDEX patient_match_keys ON patients_patient USING gin (({KEYS.format(p="")})) WITH (fastupdate = off);
"""
SLACK = """CASE p.birth_precision WHEN 'month' THEN 16 WHEN 'year' THEN 184 WHEN 'estimated' THEN 5 * 366 ELSE 0 END"""


def duplicates() -> str:
    """The search for duplicates as it stood before, asking for as much of a birth as is known."""
    before = import_module("patients.migrations.0020_matching").FIND
    found = before[before.index("CREATE FUNCTION app.find_duplicates") :]
    for old, new in (
        ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
        (
            "app.match_keys(p.family_name, p.given_name, p.preferred_name, array[p.birth_date],\n"
            "            p.phone, p.email)",
            KEYS.format(p="p."),
        ),
        ("p.preferred_name, p.birth_date, 0, p.sex", f"p.preferred_name, p.birth_date, {SLACK}, p.sex"),
        (
            "CASE WHEN s.visible OR s.confirmed THEN s.birth_date END",
            "CASE WHEN (s.visible OR s.confirmed) AND s.birth_precision = 'day' THEN s.birth_date END",
        ),
    ):
        if found.count(old) != 1:
            raise ValueError(f"the search for duplicates does not hold this once: {old}")
        found = found.replace(old, new)
    return found


class Migration(migrations.Migration):
    dependencies = [("patients", "0021_quick_reach")]
    operations = [
        migrations.AlterField(
            model_name="patient",
            name="birth_date",
            field=models.DateField(blank=True, null=True, verbose_name="date of birth"),
        ),
        migrations.AddField(
            model_name="patient",
            name="birth_precision",
            field=models.CharField(
                choices=[
                    ("day", "Day"),
                    ("month", "Month and year"),
                    ("year", "Year"),
                    ("estimated", "Estimated from the looks"),
                    ("unknown", "Not known"),
                ],
                default="day",
                max_length=9,
                verbose_name="how well it is known",
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(("birth_date", None), ("birth_precision", "unknown"))
                | (models.Q(birth_date__isnull=False) & ~models.Q(birth_precision="unknown")),
                name="patient_birth_date_or_unknown",
            ),
        ),
        migrations.RunSQL(SEARCH + REVIEW + INDEX + duplicates(), migrations.RunSQL.noop),
    ]
