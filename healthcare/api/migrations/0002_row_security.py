from django.db import migrations

from healthcare.db.rowsecurity import ProtectTable

# Only the person in that role, by the signed context, can have a live row; so no SQL from a page mints a way in as
# somebody else. Reading is open, as for sessions: a row holds hashes, and is looked up before anybody is known.
# Ending one needs no name: a password link, an administrator and the application itself may all do it.
MINE = "user_id = (SELECT app.user_id()) AND role = (SELECT app.acting_role())"
ENDED_OR_MINE = f"revoked IS NOT NULL OR ({MINE})"
ADMINISTRATOR = "(SELECT app.acting_role()) = 'administrator'"


class Migration(migrations.Migration):
    dependencies = [("api", "0001_initial"), ("accounts", "0002_row_security"), ("db", "0001_context")]
    operations = [
        ProtectTable("api_application", sees="true", adds=ADMINISTRATOR, changes=ADMINISTRATOR),
        ProtectTable("api_grant", sees="true", adds=MINE, changes=MINE, removes="true"),
        ProtectTable("api_accesstoken", sees="true", adds=MINE, changes=ENDED_OR_MINE),
        ProtectTable("api_refreshtoken", sees="true", adds=MINE, changes=ENDED_OR_MINE),
    ]
