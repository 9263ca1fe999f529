"""Load the codes of ICD-10-CM into their table, and keep those at hand that one uses."""

from collections.abc import Iterable

from django.db import connection, transaction

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from records.models import DiagnosisCode, DiagnosisFavorite
from records.rules.codes import fold

# Words that a mistyped one may have been meant to be: no numbers, and none so short that all are alike.
WORDS = """
INSERT INTO records_diagnosisword (word, codes)
SELECT word, ndoc FROM ts_stat('SELECT to_tsvector(''simple'', terms) FROM records_diagnosiscode WHERE billable')
WHERE length(word) BETWEEN 4 AND 100 AND word ~ '^[a-z]+$'
"""
COPY = "COPY records_diagnosiscode (code, display, billable, terms) FROM STDIN"


@transaction.atomic
def load_codes(*, by: User | None, codes: Iterable[tuple[str, str, bool, list[str]]]) -> int:
    """Replace the table by these codes: code, description, billable, inclusion terms. Returns how many.

    A reference of no patient: entries hold their code and its words themselves, so nothing hangs on a row here.
    """
    loaded = 0
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM records_diagnosiscode")
        cursor.execute("DELETE FROM records_diagnosisword")
        with cursor.copy(COPY) as copy:
            for code, display, billable, terms in codes:
                words = fold(" ".join([display, *terms]))
                copy.write_row((code, display[:300], billable, f"{code.lower().replace('.', '')} {words}"))
                loaded += 1
        cursor.execute(WORDS)
    record("records.load_codes", by=by, detail={"codes": loaded})
    return loaded


@transaction.atomic
def keep_favorite(*, by: User, code: DiagnosisCode) -> None:
    """Keep a code at hand; once is enough. Raises NotAllowed for whoever records no diagnoses."""
    check_can(by, Permission.RECORD_CONDITION)
    row, made = DiagnosisFavorite.objects.get_or_create(user=by, code=code.pk)
    if made:
        record("records.keep_favorite", by=by, target=row)


@transaction.atomic
def drop_favorite(*, by: User, code: DiagnosisCode) -> None:
    """No longer keep it at hand. Raises NotAllowed as above."""
    check_can(by, Permission.RECORD_CONDITION)
    row = DiagnosisFavorite.objects.filter(user=by, code=code.pk).first()
    if row is not None:
        record("records.drop_favorite", by=by, target=row)
        row.delete()
