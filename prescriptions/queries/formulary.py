"""The formulary: what a doctor may mean by what they type."""

import re
from dataclasses import dataclass

from django.db import connection

from prescriptions.models import Medication
from prescriptions.rules.allergens import plain

FOUND = 60  # lines of the formulary shown at most
LIKE = 0.45  # how alike a misspelt word must be; pg_trgm's word_similarity, 0 to 1
LONGEST_SEARCH = 80
SEARCH = """
SELECT m.id FROM prescriptions_medication m
WHERE m.active AND NOT EXISTS (
    SELECT 1 FROM unnest(%(words)s::text[]) AS w(word)
    WHERE strpos(m.search_text, w.word) = 0
    AND (w.word ~ '[0-9]' OR length(w.word) < 4 OR word_similarity(w.word, m.search_text) < %(like)s)
)
ORDER BY (SELECT count(*) FROM unnest(%(words)s::text[]) AS w(word) WHERE strpos(m.search_text, w.word) = 0),
    NOT starts_with(m.name, (%(words)s::text[])[1]), strpos(m.name, ' + ') > 0,
    (SELECT sum(word_similarity(w.word, m.search_text)) FROM unnest(%(words)s::text[]) AS w(word)) DESC,
    m.name, m.form, m.key
LIMIT %(limit)s
"""


@dataclass(frozen=True)
class FoundMedicine:
    """One name of the formulary with every form and strength of it that fits."""

    name: str
    brands: tuple[str, ...]
    lines: tuple[Medication, ...]


def find_medications(text: str, *, at_most: int = FOUND) -> list[FoundMedicine]:
    """What a doctor may mean: any part of a name, brand, ingredient, strength or form, in any order, or nearly so.

    Numbers are taken as written, words of four letters and more may be misspelt. What fits as written comes first.
    """
    words = [word for word in re.split(r"[\s,+/]+", plain(text.replace("\0", " "))[:LONGEST_SEARCH]) if word][:8]
    if not words:
        return []
    with connection.cursor() as cursor:
        cursor.execute(SEARCH, {"words": words, "like": LIKE, "limit": at_most})
        ids = [row[0] for row in cursor.fetchall()]
    rows = Medication.objects.in_bulk(ids)
    groups: dict[str, list[Medication]] = {}
    for key in ids:
        groups.setdefault(rows[key].name, []).append(rows[key])
    return [
        FoundMedicine(
            name,
            tuple(sorted({brand for line in lines for brand in line.brand_names})),
            tuple(sorted(lines, key=_size)),
        )
        for name, lines in groups.items()
    ]


def _size(line: Medication) -> tuple[str, list[float], str]:
    """Forms together, the weakest first."""
    numbers = re.findall(r"[0-9.]+", line.strength.replace(",", ""))
    return line.form, [float(number) for number in numbers], line.key
