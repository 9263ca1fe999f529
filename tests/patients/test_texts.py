"""The words that patients agree to: each version is a file that never changes."""

import pytest

from patients.models import Consent
from patients.texts import LASTS, UnknownText, consent_texts, current_text, text_of

# What somebody may have agreed to. A line is added for a new file; no line ever changes.
PUBLISHED = {
    ("privacy_notice", "2026-11"): "aa5c4b523c181818a267fd8a0439335eebfb56b93b2793f00e2abadfd17587ce",
    ("research", "2026-11"): "ac191e34fc27c989b707bdc8cd5193243b4886d402c70a54b142fb8909980f2d",
    ("substance_use", "2026-11"): "4bc5af45cc0fe251ad3f50b2090650abe0913c4f243a86af8d71c8032ee1bea2",
    ("treatment", "2026-11"): "647b05a5c6be73366693dde46e9449dea55a6b83ce5c17e619c28caa00c2b476",
}


def test_published_words_never_change() -> None:
    found = {(text.purpose, text.version): text.digest for texts in consent_texts().values() for text in texts}
    assert found == PUBLISHED, "Words that were published stay as they are: write a new version instead."


@pytest.mark.parametrize("purpose", Consent.Purpose.values)
def test_every_purpose_has_words_that_people_can_read(purpose) -> None:
    text = current_text(purpose)
    assert text.title
    assert len(text.paragraphs) >= 2
    assert text == consent_texts()[purpose][-1] == text_of(purpose, text.version, text.digest)
    assert all(len(paragraph) < 700 for paragraph in text.paragraphs)


def test_words_that_nobody_has_are_unknown() -> None:
    text = current_text("research")
    with pytest.raises(UnknownText):
        text_of("research", text.version, "0" * 64)
    with pytest.raises(UnknownText):
        text_of("treatment", "1999-01", text.digest)
    with pytest.raises(UnknownText):
        current_text("marketing")


def test_only_purposes_end_by_themselves_whose_text_says_so() -> None:
    for purpose in Consent.Purpose.values:
        said = " ".join(current_text(purpose).paragraphs)
        assert ("ends by itself" in said) == (purpose in LASTS)
