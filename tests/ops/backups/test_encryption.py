"""The STREAM construction: nothing altered, moved, left out, added, or of another file is ever handed out."""

import io
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthcare.ops.backups.encryption import (
    CHUNK,
    HEADER,
    TAG,
    BackupDamaged,
    EncryptedReader,
    EncryptedWriter,
    read_keys,
)
from tests.ops.backups.conftest import new_key

KEYS = {b"\1\2\3\4": b"k" * 32}
PIECE = CHUNK + TAG


def write(path: Path, content: bytes, keys: dict[bytes, bytes] = KEYS, label: str = "one") -> Path:
    with path.open("wb") as plain:
        file = EncryptedWriter(plain, keys, label)
        for start in range(0, len(content), 10_000):
            file.write(content[start : start + 10_000])
        file.close()
    return path


def read(path: Path, keys: dict[bytes, bytes] = KEYS, label: str = "one") -> bytes:
    with EncryptedReader(path, keys, label) as file:
        return bytes(file.read())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Three chunks and a bit."""
    return write(tmp_path / "database", os.urandom(3 * CHUNK + 7))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_is_written_comes_back(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    assert read(write(tmp_path / "file", content)) == content


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 10_000), st.integers(1, 255))
def test_no_flipped_bit_goes_unnoticed(content: bytes, at: int, by: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "file", content)
        data = bytearray(path.read_bytes())
        data[at % len(data)] ^= by
        path.write_bytes(data)
        with pytest.raises(BackupDamaged, match=r"^file "):
            read(path)


def test_nothing_of_the_content_is_in_the_file(tmp_path: Path) -> None:
    assert b"Number1" not in write(tmp_path / "file", b"Person Number1 " * 10_000).read_bytes()


def test_the_same_content_is_never_the_same_file(tmp_path: Path) -> None:
    assert write(tmp_path / "a", b"same").read_bytes()[-20:] != write(tmp_path / "b", b"same").read_bytes()[-20:]


def drop_last(data: bytes) -> bytes:
    return data[: HEADER + 3 * PIECE]


def cut_within(data: bytes) -> bytes:
    return data[: HEADER + 2 * PIECE + 100]


def cut_all(data: bytes) -> bytes:
    return data[:HEADER]


def swap(data: bytes) -> bytes:
    first, second = data[HEADER : HEADER + PIECE], data[HEADER + PIECE : HEADER + 2 * PIECE]
    return data[:HEADER] + second + first + data[HEADER + 2 * PIECE :]


def leave_out(data: bytes) -> bytes:
    return data[: HEADER + PIECE] + data[HEADER + 2 * PIECE :]


def repeat(data: bytes) -> bytes:
    return data[: HEADER + PIECE] + data[HEADER : HEADER + PIECE] + data[HEADER + PIECE :]


def append(data: bytes) -> bytes:
    return data + b"more" * 100


def append_chunk(data: bytes) -> bytes:
    return data[: HEADER + 3 * PIECE] + data[HEADER + 3 * PIECE :] + data[HEADER : HEADER + PIECE]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (drop_last, "database is cut after chunk 3"),
        (cut_within, "database is damaged: chunk 3 was altered, cut"),
        (cut_all, "database is damaged: chunk 1"),
        (swap, "database is damaged: chunk 1 was altered, cut, or is not in its place"),
        (leave_out, "database is damaged: chunk 2"),
        (repeat, "database is damaged: chunk 2"),
        (append, "database is damaged: chunk 4"),
        (append_chunk, "database is damaged: chunk 4"),
        (lambda data: data[:20], "database is no file of a backup: its beginning is altered or cut"),
        (lambda data: b"XXXX" + data[4:], "database is no file of a backup"),
    ],
)
def test_it_says_what_is_wrong(path: Path, spoil: Callable[[bytes], bytes], said: str) -> None:
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(BackupDamaged, match=said):
        read(path)


def test_a_whole_chunk_after_the_end_is_noticed(tmp_path: Path) -> None:
    """The end is in the nonce of the last chunk: what follows it makes it no longer the last."""
    path = write(tmp_path / "file", os.urandom(CHUNK))
    path.write_bytes(path.read_bytes() + os.urandom(PIECE))
    with pytest.raises(BackupDamaged, match="file goes on after its end, chunk 1"):
        read(path)


def test_nothing_is_handed_out_of_a_bad_chunk(path: Path) -> None:
    path.write_bytes(swap(path.read_bytes()))
    with EncryptedReader(path, KEYS, "one") as file, pytest.raises(BackupDamaged):
        file.readinto(bytearray(10))


def test_a_file_under_another_name_does_not_open(path: Path) -> None:
    with pytest.raises(BackupDamaged, match="chunk 1"):
        read(path, label="two")


def test_another_key_is_said_before_anything_is_read(path: Path) -> None:
    with pytest.raises(BackupDamaged, match="database was made with another key"):
        read(path, keys={b"\4\3\2\1": b"o" * 32})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackupDamaged, match="files is missing"):
        EncryptedReader(tmp_path / "files", KEYS, "one")


def test_it_can_be_read_in_any_portions(path: Path) -> None:
    whole = read(path)
    with io.BufferedReader(EncryptedReader(path, KEYS, "one"), 1000) as file:
        portions = [file.read(size) for size in (1, 17, CHUNK, 2 * CHUNK, CHUNK)]
    assert b"".join(portions) == whole


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as plain:
        writer = EncryptedWriter(plain, KEYS, "one")
        writer.write(b"x" * 100_000)
        writer.close()
    with EncryptedReader(tmp_path / "file", KEYS, "one") as reader:
        reader.read()
        assert reader.sha256.hexdigest() == writer.sha256.hexdigest()
    assert (tmp_path / "file").stat().st_size == writer.size


def test_a_key_made_anew_still_reads_what_the_one_before_made(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    old = new_key(keys)
    path = write(tmp_path / "file", b"of last year", read_keys(str(keys)))
    new_key(keys, old)
    assert read(path, read_keys(str(keys))) == b"of last year"
    assert read(write(tmp_path / "next", b"of now", read_keys(str(keys))), read_keys(str(keys))) == b"of now"
    new_key(keys)
    with pytest.raises(BackupDamaged, match="another key"):
        read(path, read_keys(str(keys)))


@pytest.mark.parametrize("content", ["", "not base64!", "c2hvcnQ=", "c2hvcnQ=\nc2hvcnQ="])
def test_a_bad_key_file_is_refused_without_being_quoted(tmp_path: Path, content: str) -> None:
    (tmp_path / "keys").write_text(content)
    with pytest.raises(ValueError, match="BACKUP_KEY_FILE") as problem:
        read_keys(str(tmp_path / "keys"))
    assert "c2hv" not in str(problem.value)


def test_a_key_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="BACKUP_KEY_FILE must name a readable file"):
        read_keys(str(tmp_path / "gone"))


def test_a_copy_is_as_good(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    assert read(Path(shutil.copy(path, tmp_path / "elsewhere"))) == read(path)
