"""Counts of what waits for one colleague, past the walls: for who closes the account."""

from django.db import connection

from healthcare.accounts.models import User


def held_by(user: User) -> dict[str, int]:
    """Drafts, and what was not collected. The database refuses anybody but an administrator."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, held FROM app.held_in_prescriptions(%s)", [user.pk])
        return dict(cursor.fetchall())
