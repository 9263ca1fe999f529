"""The text of a PDF as WeasyPrint writes it: glyphs of fonts, and for each font a table back to characters.

ISO 32000-2, 9.10.3.
"""

import re
import unicodedata
import zlib

OBJECT = re.compile(rb"(\d+) 0 obj\s(.*?)\nendobj", re.DOTALL)
STREAM = re.compile(rb"stream\n(.*?)\nendstream", re.DOTALL)


def objects_of(pdf: bytes) -> dict[int, bytes]:
    """The objects, with those that are packed into streams of objects."""
    found = {int(number): body for number, body in OBJECT.findall(pdf)}
    for body in list(found.values()):
        if b"/ObjStm" in body:
            count, first = (int(re.search(rb"/" + name + rb" (\d+)", body)[1]) for name in (b"N", b"First"))  # type: ignore[index]
            content = unpacked(body)
            numbers = [int(each) for each in content[:first].split()]
            ends = [*numbers[3::2], len(content) - first]
            for number, start, end in zip(numbers[: 2 * count : 2], numbers[1 : 2 * count : 2], ends, strict=True):
                found[number] = content[first + start : first + end]
    return found


def unpacked(body: bytes) -> bytes:
    stream = STREAM.search(body)
    if stream is None:
        return b""
    content = stream[1]
    return zlib.decompress(content) if b"/FlateDecode" in body else content


def characters(table: bytes) -> dict[int, str]:
    """Glyph → characters, of one table."""
    found: dict[int, str] = {}
    for section in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for glyph, text in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]*)>", section):
            found[int(glyph, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    return found


def text_of(pdf: bytes) -> str:
    """What stands on the pages, in the order in which it was drawn, a space between pieces; composed (NFC)."""
    objects = objects_of(pdf)
    fonts: dict[bytes, dict[int, str]] = {}
    for body in objects.values():
        for name, number in re.findall(rb"/([A-Za-z0-9_+-]+) (\d+) 0 R", body):
            table = re.search(rb"/ToUnicode (\d+) 0 R", objects.get(int(number), b""))
            if table:
                fonts[name] = characters(unpacked(objects[int(table[1])]))
    said: list[str] = []
    for body in objects.values():
        content = unpacked(body)
        if b" Tf" in content and b"BT" in content:
            said.append(drawn(content, fonts))
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", " ".join(said)))


def drawn(content: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    font: dict[int, str] = {}
    said = ""
    for name, shown in re.findall(rb"/(\S+) [\d.]+ Tf|(\[[^\]]*\]\s*TJ|<[0-9A-Fa-f]*>\s*Tj)", content):
        if name:
            font = fonts.get(name, {})
            continue
        glyphs = b"".join(re.findall(rb"<([0-9A-Fa-f]*)>", shown)).decode()
        said += "".join(font.get(int(glyphs[at : at + 4], 16), "") for at in range(0, len(glyphs), 4)) + " "
    return said
