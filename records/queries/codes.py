"""Find a code of ICD-10-CM by what a doctor types, in some milliseconds among 98,000."""

from django.db.models import BooleanField, Case, Q, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Length

from records.models import DiagnosisCode
from records.rules.codes import code_prefix, is_code, tsquery, usual_code

SHOWN = 20
WORDS = "to_tsvector('simple'::regconfig, COALESCE(terms, '')) @@ to_tsquery('simple'::regconfig, %s)"


def find_codes(text: str, *, at_most: int = SHOWN) -> list[DiagnosisCode]:
    """Codes that may be used and hold every word as the beginning of one of theirs; or those that begin so.

    What the words mean by themselves comes first, then what begins with them, then the shortest.
    """
    usual = usual_code(text)
    condition = Q(pk=usual)
    if is_code(text):
        condition |= Q(code__startswith=code_prefix(text))
    if asked := tsquery(text):
        condition |= Q(RawSQL(WORDS, [asked], output_field=BooleanField()))  # noqa: S611  constant text, bound words
    begins = Case(
        When(pk=usual, then=Value(0)), When(display__istartswith=text.strip(), then=Value(1)), default=Value(2)
    )
    return list(DiagnosisCode.objects.usable().filter(condition).order_by(begins, Length("display"), "code")[:at_most])


def code_of(text: str) -> DiagnosisCode | None:
    """The code itself; None where it is none, or heads others."""
    return DiagnosisCode.objects.usable().filter(pk=text[:8]).first() if text else None
