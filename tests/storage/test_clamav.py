"""The scanner speaks to clamd: a counterpart that answers, errs, hangs up, or is not there."""

import socket
from collections.abc import Iterator

import pytest

from healthcare.storage import clamav
from healthcare.storage.clamav import NoAnswer, scan
from healthcare.storage.objects import is_scanned, put, scan_content
from tests.storage.clamd import EICAR, ERROR, Clamd, clamd
from tests.storage.conftest import PDF, files

SCANNER = "healthcare.storage.clamav.scan"


@pytest.fixture
def served(settings) -> Iterator[Clamd]:
    with clamd() as found:
        settings.CLAMAV_ADDRESS = found.address
        yield found


def test_what_is_clean_arrives_whole_in_many_pieces(served) -> None:
    content = bytes(range(256)) * 1024
    assert len(content) > 3 * clamav.CHUNK
    assert scan(content) == "clean"
    assert served.read == [content]


def test_what_it_finds_is_infected(served) -> None:
    assert scan(b"a letter " + EICAR) == "infected"


@pytest.mark.parametrize(
    "answer", [b"", ERROR, b"stream: OK", b"stream: Broken ERROR\0", b"\0", b"OK\0", b"x" * 10_000 + b"\0"]
)
def test_whatever_else_it_says_is_no_answer(served, answer) -> None:
    served.answer = answer
    with pytest.raises(NoAnswer):
        scan(PDF)


def test_where_nobody_listens_is_an_error(settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        settings.CLAMAV_ADDRESS = f"127.0.0.1:{gone.getsockname()[1]}"
    with pytest.raises(OSError, match="refused"):
        scan(PDF)


@pytest.mark.django_db
def test_as_the_scanner_of_the_storage(served, settings, as_alice) -> None:
    settings.STORAGE_SCANNER = SCANNER
    assert is_scanned()
    assert [scan_content(PDF), scan_content(EICAR)] == ["clean", "infected"]
    served.answer = ERROR
    assert scan_content(PDF) == "unscanned"


@pytest.mark.django_db
def test_an_owner_may_have_it_scanned_later(served, settings, as_alice, folder) -> None:
    settings.STORAGE_SCANNER = SCANNER
    stored = put(PDF + EICAR, content_type="application/pdf", name="a.pdf", scan=False)
    assert (stored.scan, stored.scanned_at, served.read) == ("unscanned", None, [])
    assert len(files(folder)) == 1
