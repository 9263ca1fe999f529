"""What content is, by its first bytes; what it is called or said to be proves nothing."""

import json

MEBIBYTE = 1024 * 1024
#: The types that are accepted, and the most bytes of each.
LIMITS = {
    "application/pdf": 25 * MEBIBYTE,
    "application/dicom": 25 * MEBIBYTE,
    "image/jpeg": 25 * MEBIBYTE,
    "image/png": 25 * MEBIBYTE,
    "image/tiff": 25 * MEBIBYTE,
    "image/webp": 25 * MEBIBYTE,
    "application/json": 10 * MEBIBYTE,
    "application/xml": 10 * MEBIBYTE,
    "text/csv": 10 * MEBIBYTE,
    "text/plain": 10 * MEBIBYTE,
}
LARGEST = max(LIMITS.values())
SIGNATURES = (
    ("application/pdf", 0, b"%PDF-"),
    ("application/dicom", 128, b"DICM"),
    ("image/jpeg", 0, b"\xff\xd8\xff"),
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/tiff", 0, b"II*\x00"),
    ("image/tiff", 0, b"MM\x00*"),
    ("image/webp", 8, b"WEBP"),
)
TEXT = ("text/csv", "text/plain")
CONTROL = frozenset({*range(32), 127}) - {9, 10, 12, 13}


class RefusedContent(Exception):
    """Nothing was stored. `reason` is a category: empty, too_large, type, infected."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_content(content: bytes, content_type: str) -> None:
    """Raises RefusedContent for what is empty, too large, of a type not accepted, or not of the type it claims."""
    if not content:
        raise RefusedContent("empty")
    limit = LIMITS.get(content_type)
    if limit is None:
        raise RefusedContent("type")
    if len(content) > limit:
        raise RefusedContent("too_large")
    if content_type not in possible_types(content):
        raise RefusedContent("type")


def possible_types(content: bytes) -> frozenset[str]:
    """What the content can be: one type for a signature, several for text."""
    for content_type, offset, signature in SIGNATURES:
        if content[offset : offset + len(signature)] == signature:
            return frozenset({content_type})
    text = _text(content)
    if text is None:
        return frozenset()
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        # Markup is never plain text: a browser that guesses would make a page of it.
        return frozenset({"application/xml"}) if text.lstrip("\ufeff \t\r\n").startswith("<?xml") else frozenset()
    return frozenset({*TEXT, "application/json"} if _is_json(text) else TEXT)


def _text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if CONTROL & set(content) else text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
