"""Medical record numbers, in the order they are given."""

from django.db import connection

from patients.rules import medical_record_number


def next_numbers(count: int) -> list[str]:
    """So many numbers that nobody has; those of a transaction that is rolled back are never given again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('patients_mrn_seq') FROM generate_series(1, %s)", [count])
        return [medical_record_number(number) for (number,) in cursor.fetchall()]
