"""Text of an entry that is kept encrypted, for conversations that were filed: found by no search (0077)."""

from django.db import migrations

import healthcare.db.fields

CHANGED = """
DO $$
DECLARE
    body text;
    name text;
BEGIN
    FOREACH name IN ARRAY '{{app.words_of,app.text_of}}'::text[] LOOP
        SELECT pg_get_functiondef(p.oid) INTO body FROM pg_proc p WHERE p.oid::regproc::text = name;
        IF strpos(body, $it${before}$it$) = 0 THEN
            RAISE EXCEPTION '% is not as this migration knows it', name;
        END IF;
        EXECUTE replace(body, $it${before}$it$, $it${after}$it$);
    END LOOP;
END $$;
"""
TITLE_ALONE, BESIDES = "kind IN ('imported', 'vital_signs')", "kind IN ('imported', 'vital_signs', 'conversation')"


class Migration(migrations.Migration):
    dependencies = [("records", "0031_walls_of_secure_messages")]
    operations = [
        migrations.AddField(
            model_name="entry",
            name="sealed",
            field=healthcare.db.fields.EncryptedTextField(
                help_text="What it says that stands nowhere in clear, and in no index.", null=True
            ),
        ),
        migrations.RunSQL(
            CHANGED.format(before=TITLE_ALONE, after=BESIDES), CHANGED.format(before=BESIDES, after=TITLE_ALONE)
        ),
    ]
