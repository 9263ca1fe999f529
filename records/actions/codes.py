"""Load the codes of ICD-10-CM into their table."""

from collections.abc import Iterable

from django.db import connection, transaction

from healthcare.accounts.models import User
from healthcare.audit import record
from records.rules.codes import fold

COPY = "COPY records_diagnosiscode (code, display, billable, terms) FROM STDIN"


@transaction.atomic
def load_codes(*, by: User | None, codes: Iterable[tuple[str, str, bool, list[str]]]) -> int:
    """Replace the table by these codes: code, description, billable, inclusion terms. Returns how many.

    A reference of no patient: entries hold their code and its words themselves, so nothing hangs on a row here.
    """
    loaded = 0
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM records_diagnosiscode")
        with cursor.copy(COPY) as copy:
            for code, display, billable, terms in codes:
                words = fold(" ".join([display, *terms]))
                copy.write_row((code, display[:300], billable, f"{code.lower().replace('.', '')} {words}"))
                loaded += 1
    record("records.load_codes", by=by, detail={"codes": loaded})
    return loaded
