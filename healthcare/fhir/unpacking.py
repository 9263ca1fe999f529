"""Files, folders and archives into documents, read as they stream; nothing is unpacked to disk.

A packed file may be at most a hundred times as large as it lies there, holds so many members and so many bytes, and its
members are plain files with plain names (CWE-22, CWE-59, CWE-409).
"""

import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tqdm.utils import CallbackIOWrapper

RATIO = 100
FREE = 1 << 20  # bytes that may come out of however little
MOST_BYTES = 8 << 30  # out of one packed file
MOST_MEMBERS = 10_000
AT_ONCE = 64 << 20  # bytes of one header, one line or one resource
DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, OSError)


class Refused(Exception):
    """This file or member is not read, or not read on. The message says why."""


@dataclass(frozen=True)
class Rejection:
    """One line of the report."""

    file: str
    resource: str
    reason: str


@dataclass
class Document:
    """One JSON text or, with `lines`, one on each line. Read it before the next is asked for."""

    name: str
    stream: "Metered"
    lines: bool


class Metered(io.RawIOBase):
    """Counts what comes out of a stream, and stops where it is too much. Seeks forward alone, as tarfile needs it."""

    def __init__(self, inner: IO[bytes], *, most: int | None = None) -> None:
        self.inner, self.most = inner, most
        self.position = self.since = 0

    def readable(self) -> bool:
        return True

    seekable = readable

    def tell(self) -> int:
        return self.position

    def read(self, size: int = -1) -> bytes:
        if size > AT_ONCE:
            raise Refused("A header in it claims to be larger than anything real.")
        found = self.inner.read(FREE if size < 0 else size)
        self.position += len(found)
        self.since += len(found)
        if self.most is not None and self.position > self.most:
            raise Refused(f"It unpacks to more than {RATIO} times its size, or to more than {MOST_BYTES >> 30} GiB.")
        if self.since > AT_ONCE:
            raise Refused(f"One resource in it is larger than {AT_ONCE >> 20} MiB.")
        return found

    def readinto(self, buffer: Any) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        while self.position < offset and self.read(min(FREE, offset - self.position)):
            self.since = 0
        return self.position


def most_of(packed: int) -> int:
    return min(MOST_BYTES, max(FREE, packed * RATIO))


def documents(
    paths: Iterable[Path], *, on_bytes: Callable[[int], object], pass_over: Callable[[str], object]
) -> Iterator[Document | Rejection]:
    """What there is to read, in the order of the names. `pass_over` is told of files in folders that are not FHIR."""
    for path in paths:
        for found in _files(path) if path.is_dir() else [path]:
            inside = found != path
            if inside and not found.is_symlink() and found.is_file() and not _is_known(found.name):
                pass_over(str(found))
                continue
            try:
                if inside and not stat.S_ISREG(found.lstat().st_mode):
                    raise Refused("It is a link or a device, not a file.")
                yield from _of_file(found, on_bytes, pass_over)
            except Refused as refusal:
                yield Rejection(str(found), "", str(refusal))
            except DAMAGED as problem:
                yield Rejection(str(found), "", f"It cannot be read, or not to its end ({type(problem).__name__}).")


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        yield from (Path(place) / name for name in sorted([*names, *links]))


def _is_known(name: str) -> bool:
    name = name.lower().removesuffix(".gz")
    return name.endswith((".json", ".ndjson", ".jsonl", ".zip", ".tar", ".tar.xz", ".tgz"))


def _of_file(path: Path, on_bytes: Callable[[int], object], pass_over: Any) -> Iterator[Document | Rejection]:
    name, size = path.name.lower(), path.stat().st_size
    if not _is_known(name):
        raise Refused("Its name ends in none of .json .ndjson .jsonl, these with .gz, .zip .tar .tar.gz .tar.xz.")
    with path.open("rb") as raw:
        counted: Any = CallbackIOWrapper(on_bytes, raw, "read")
        if name.endswith(".zip"):
            yield from _of_zip(counted, str(path), size, pass_over)
        elif name.endswith((".tar", ".tar.gz", ".tgz", ".tar.xz")):
            yield from _of_tar(Metered(_inflated(counted, name), most=most_of(size)), str(path), pass_over)
        else:
            most = most_of(size) if name.endswith(".gz") else None
            yield _document(str(path), Metered(_inflated(counted, name), most=most))


def _inflated(raw: Any, name: str) -> Any:
    if name.endswith(".xz"):
        return lzma.LZMAFile(raw)
    return gzip.GzipFile(fileobj=raw) if name.endswith(("gz", "tgz")) else raw


def _of_zip(raw: Any, path: str, size: int, pass_over: Any) -> Iterator[Document | Rejection]:
    with zipfile.ZipFile(raw) as archive:
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            raise Refused(f"It holds more than {MOST_MEMBERS} files.")
        left = most_of(size)
        for member in members:
            kind = stat.S_IFMT(member.external_attr >> 16)
            special = kind not in (0, stat.S_IFREG, stat.S_IFDIR)
            if member.is_dir() or _passed_over(member.filename, special, path, pass_over):
                continue
            try:
                _check_member(member.filename, special)
                with archive.open(member) as stream:
                    metered = Metered(stream, most=min(left, most_of(member.compress_size)))
                    yield _document(f"{path}!{member.filename}", metered)
                    left -= metered.position
            except (Refused, NotImplementedError, *DAMAGED) as problem:
                yield Rejection(f"{path}!{_shown(member.filename)}", "", _why(problem))


def _of_tar(stream: Metered, path: str, pass_over: Any) -> Iterator[Document | Rejection]:
    with closing(tarfile.TarFile(fileobj=stream)) as archive:
        for count, member in enumerate(archive):
            if count >= MOST_MEMBERS:
                raise Refused(f"It holds more than {MOST_MEMBERS} files.")
            special = not member.isfile() or member.issparse()
            if member.isdir() or _passed_over(member.name, special, path, pass_over):
                continue
            stream.since = 0
            try:
                _check_member(member.name, special)
                yield _document(f"{path}!{member.name}", Metered(archive.extractfile(member) or io.BytesIO()))
            except Refused as refusal:
                yield Rejection(f"{path}!{_shown(member.name)}", "", str(refusal))


def _passed_over(name: str, special: bool, path: str, pass_over: Any) -> bool:
    """A read-me among the resources is none of ours; a link or a name that climbs is refused whatever its name."""
    if special or _is_known(name) or _climbs(name):
        return False
    pass_over(f"{path}!{_shown(name)}")
    return True


def _check_member(name: str, special: bool) -> None:
    if special:
        raise Refused("It is a link or a device, not a file.")
    if _climbs(name):
        raise Refused("Its name leads out of the archive.")
    if not name.lower().endswith((".json", ".ndjson", ".jsonl")):
        raise Refused("It is an archive within an archive.")


def _climbs(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ":" in name[:2] or ".." in name.split("/") or "\0" in name


def _shown(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode()[:200]


def _why(problem: Exception) -> str:
    return str(problem) if isinstance(problem, Refused) else f"It cannot be read ({type(problem).__name__})."


def _document(name: str, stream: Metered) -> Document:
    return Document(name, stream, lines=name.lower().removesuffix(".gz").endswith((".ndjson", ".jsonl")))
