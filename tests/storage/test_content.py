"""What content is, by its bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcare.storage.content import LIMITS, RefusedContent, check_content, possible_types

EXAMPLES = {
    "application/pdf": b"%PDF-1.7 ...",
    "application/dicom": bytes(128) + b"DICM...",
    "image/jpeg": b"\xff\xd8\xff\xe0...",
    "image/png": b"\x89PNG\r\n\x1a\n...",
    "image/tiff": b"MM\x00*...",
    "image/webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    "application/json": b'{"resourceType": "Bundle"}',
    "application/xml": b'\xef\xbb\xbf<?xml version="1.0"?><ClinicalDocument/>',
    "text/csv": b"a,b\r\n1,2\r\n",
    "text/plain": "Größe: 1,70 m\n".encode(),
}


def test_every_accepted_type_has_an_example():
    assert EXAMPLES.keys() == LIMITS.keys()


@pytest.mark.parametrize("claimed", sorted(LIMITS))
@pytest.mark.parametrize("real", sorted(EXAMPLES))
def test_content_is_accepted_as_what_it_is_and_as_nothing_else(real, claimed):
    text = {"text/csv", "text/plain", "application/json"}
    if claimed == real or (claimed in {"text/csv", "text/plain"} and real in text):
        check_content(EXAMPLES[real], claimed)
    else:
        with pytest.raises(RefusedContent) as refused:
            check_content(EXAMPLES[real], claimed)
        assert refused.value.reason == "type"


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script>",
        b" \n<!DOCTYPE html>",
        b"MZ\x90\x00",
        b"\x7fELF",
        b"PK\x03\x04",
        b"GIF89a\x00",
    ],
)
def test_pages_programs_and_archives_are_nothing_we_take(content):
    assert possible_types(content) == frozenset()


def test_empty_too_large_and_unknown_are_refused():
    with pytest.raises(RefusedContent, match="empty"):
        check_content(b"", "text/plain")
    with pytest.raises(RefusedContent, match="too_large"):
        check_content(b"a" * (LIMITS["text/plain"] + 1), "text/plain")
    with pytest.raises(RefusedContent, match="type"):
        check_content(b"GIF89a", "image/gif")


@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(content):
    assert possible_types(content) <= LIMITS.keys()
