"""Find a code of ICD-10-CM by what a doctor types, in some milliseconds among 98,000."""

from django.db.models import BooleanField, Case, Q, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Length

from records.models import DiagnosisCode
from records.rules.codes import code_prefix, is_code, tsquery

SHOWN = 20
WORDS = "to_tsvector('simple'::regconfig, COALESCE(terms, '')) @@ to_tsquery('simple'::regconfig, %s)"


def find_codes(text: str, *, at_most: int = SHOWN) -> list[DiagnosisCode]:
    """Codes that may be used and hold every word as the beginning of one of theirs; or those that begin so.

    What begins with the words typed comes first, then the shortest: the plain form of a disease before its varieties.
    """
    condition = Q(pk__in=[])
    if is_code(text):
        condition |= Q(code__startswith=code_prefix(text))
    if asked := tsquery(text):
        condition |= Q(RawSQL(WORDS, [asked], output_field=BooleanField()))  # noqa: S611  constant text, bound words
    begins = Case(When(display__istartswith=text.strip(), then=Value(0)), default=Value(1))
    return list(DiagnosisCode.objects.usable().filter(condition).order_by(begins, Length("display"), "code")[:at_most])


def code_of(text: str) -> DiagnosisCode | None:
    """The code itself; None where it is none, or heads others."""
    return DiagnosisCode.objects.usable().filter(pk=text[:8]).first() if text else None
