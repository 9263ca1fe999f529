"""Find a code of ICD-10-CM by what a doctor types, in some milliseconds among 75,000."""

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import BooleanField, Case, Q, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Length

from healthcare.accounts.models import User
from records.models import DiagnosisCode, DiagnosisFavorite, DiagnosisWord
from records.rules.codes import SHORTEST_WORD, code_prefix, fold, is_code, meanings, tsquery, usual_code, words_of

SHOWN = 20
MEANT = 4  # words that a mistyped one may have been
AS_LIKE = 0.15  # of pg_trgm's similarity, which finds from 0.3 on: a transposed pair in a word of eight is at 0.4
WORDS = "to_tsvector('simple'::regconfig, COALESCE(terms, '')) @@ to_tsquery('simple'::regconfig, %s)"


def find_codes(text: str, *, at_most: int = SHOWN) -> list[DiagnosisCode]:
    """Codes that may be used and hold every word as the beginning of one of theirs; or those that begin so.

    What the words mean by themselves comes first, then what begins with them, then the shortest; what is left of an
    injury comes behind the injury. Where no code holds
    them all, words that none holds are read as the nearest that one does.
    """
    found = _asked(text, at_most)
    if found:
        return found
    meant = _as_meant(fold(text))
    return _asked(meant, at_most) if meant != fold(text) else []


def _asked(text: str, at_most: int) -> list[DiagnosisCode]:
    usual, asked = usual_code(text), tsquery(words_of(text))
    condition = Q(pk=usual)
    if is_code(text):
        condition |= Q(code__startswith=code_prefix(text))
    if asked:
        condition |= Q(RawSQL(WORDS, [asked], output_field=BooleanField()))  # noqa: S611  constant text, bound words
    begins = Case(
        When(pk=usual, then=Value(0)),
        When(display__istartswith=text.strip(), then=Value(1)),
        When(Q(display__endswith="sequela") | Q(display__contains="subsequent encounter"), then=Value(3)),
        default=Value(2),
    )
    return list(DiagnosisCode.objects.usable().filter(condition).order_by(begins, Length("display"), "code")[:at_most])


def _as_meant(folded: str) -> str:
    """The same with every word that no code holds as the likest that one does; of those as like, the most frequent."""
    return " ".join(
        _meant_by(word) if len(word) >= SHORTEST_WORD and word not in meanings() else word for word in folded.split()
    )


def _meant_by(word: str) -> str:
    if DiagnosisWord.objects.filter(word__startswith=word).exists():
        return word
    alike = DiagnosisWord.objects.filter(word__trigram_similar=word).annotate(alike=TrigramSimilarity("word", word))
    found = list(alike.order_by("-alike", "-codes", "word")[:MEANT])
    near = [one for one in found if one.alike >= found[0].alike - AS_LIKE]
    return max(near, key=lambda one: (one.codes, one.word)).word if near else word


def code_of(text: str) -> DiagnosisCode | None:
    """The code itself; None where it is none, or heads others."""
    return DiagnosisCode.objects.usable().filter(pk=text[:8]).first() if text else None


def favorites_of(user: User) -> list[DiagnosisCode]:
    """The codes that somebody keeps at hand, by name; one that is no longer published is left out."""
    kept = DiagnosisFavorite.objects.filter(user=user).values("code")
    return list(DiagnosisCode.objects.usable().filter(pk__in=kept).order_by("display", "code"))
