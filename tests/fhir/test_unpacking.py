"""What is packed comes out as a stream, and nothing that was packed to harm does (abuse cases 77 and 92)."""

import gzip
import io
import json
import lzma
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from healthcare.fhir import unpacking
from healthcare.fhir.unpacking import Metered, Refused
from tests.fhir.samples import bundle, observation, organization, patient, read, refused, taken, written

TEXT = json.dumps(bundle(patient(), observation())).encode()


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, *members: tarfile.TarInfo, content: bytes = TEXT, mode: str = "w:xz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for member in members:
            member.size = len(content) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(content) if member.isreg() else None)
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, to: str = "") -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, to
    return found


def reasons(*paths: Path) -> list[str]:
    return [found.reason for found in refused(read(*paths))]


# == What is read ==
def test_a_plain_file(tmp_path):
    assert [item.type for item in taken(read(written(tmp_path / "one.json", bundle(patient(), observation()))))] == [
        "Patient",
        "Observation",
    ]


@pytest.mark.parametrize("name", ["one.json.gz", "one.ndjson.gz"])
def test_a_gzipped_file(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(TEXT))
    assert len(taken(read(path))) == 2


@pytest.mark.parametrize(
    ("name", "mode"), [("a.tar", "w:"), ("a.tar.gz", "w:gz"), ("a.tgz", "w:gz"), ("a.tar.xz", "w:xz")]
)
def test_an_archive_with_a_folder_and_two_files(tmp_path, name, mode):
    members = [member("r4", tarfile.DIRTYPE), member("r4/one.json"), member("r4/two.ndjson")]
    found = taken(read(tarred(tmp_path / name, *members, mode=mode)))
    assert [item.file.partition("!")[2] for item in found] == ["r4/one.json"] * 2 + ["r4/two.ndjson"] * 2


def test_a_zip(tmp_path):
    path = zipped(tmp_path / "a.zip", **{"r4/": b"", "r4/one.json": TEXT, "two.jsonl": TEXT})
    assert len(taken(read(path))) == 4


def test_a_folder_is_read_by_name_at_every_depth_and_what_is_no_fhir_is_told(tmp_path):
    (tmp_path / "deep").mkdir()
    written(tmp_path / "deep" / "b.json", patient("b"))
    written(tmp_path / "a.ndjson", patient("a"))
    (tmp_path / "manifest.tsv").write_text("file\tcount\n")
    passed_over: list[str] = []
    assert [item.source_id for item in taken(read(tmp_path, passed_over=passed_over))] == ["a", "b"]
    assert passed_over == [str(tmp_path / "manifest.tsv")]


def test_a_read_me_in_an_archive_is_passed_over(tmp_path):
    passed_over: list[str] = []
    path = zipped(tmp_path / "a.zip", **{"README.md": b"hello", "one.json": TEXT})
    assert refused(read(path, passed_over=passed_over)) == []
    assert passed_over == [f"{path}!README.md"]


def test_what_was_read_is_told_in_bytes(tmp_path):
    path = written(tmp_path / "one.json", patient())
    counted: list[int] = []
    for document in unpacking.documents([path], on_bytes=counted.append, pass_over=print):
        document.stream.read()
    assert sum(counted) == path.stat().st_size


def test_a_file_named_by_hand_must_say_what_it_is(tmp_path):
    path = tmp_path / "one.txt"
    path.write_bytes(TEXT)
    assert "ends in none of" in reasons(path)[0]


# == What is refused ==
@pytest.mark.parametrize(
    "name", ["../one.json", "/etc/one.json", "a/../../one.json", "C:\\one.json", "a\\..\\one.json"]
)
def test_names_that_lead_out_are_refused_and_the_rest_is_read(tmp_path, name):
    path = tarred(tmp_path / "a.tar.xz", member(name), member("good.json"))
    assert reasons(path) == ["Its name leads out of the archive."]
    assert len(taken(read(path))) == 2


@pytest.mark.parametrize("name", ["../one.json", "/etc/one.json"])
def test_names_that_lead_out_of_a_zip(tmp_path, name):
    path = zipped(tmp_path / "a.zip", **{name: TEXT, "good.json": TEXT})
    assert reasons(path) == ["Its name leads out of the archive."]
    assert len(taken(read(path))) == 2


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_an_archive(tmp_path, kind):
    path = tarred(tmp_path / "a.tar.xz", member("good.json"), member("link.json", kind, to="/etc/passwd"))
    assert reasons(path) == ["It is a link or a device, not a file."]
    assert len(taken(read(path))) == 2


def test_links_in_a_zip(tmp_path):
    path = tmp_path / "a.zip"
    link = zipfile.ZipInfo("link.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert reasons(path) == ["It is a link or a device, not a file."]


def test_a_sparse_file_claims_what_is_not_there(tmp_path):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w:", format=tarfile.GNU_FORMAT) as archive:
        sparse = member("one.json", tarfile.GNUTYPE_SPARSE)
        archive.addfile(sparse, io.BytesIO())
    assert taken(read(path)) == []
    assert reasons(path)


def test_links_and_pipes_in_a_folder(tmp_path):
    folder, outside = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    outside.mkdir()
    written(outside / "one.json", patient())
    (folder / "file.json").symlink_to(outside / "one.json")
    (folder / "folder.json").symlink_to(outside)
    os.mkfifo(folder / "pipe.json")
    assert reasons(folder) == ["It is a link or a device, not a file."] * 3
    assert taken(read(folder)) == []


def test_an_archive_within_an_archive(tmp_path):
    inner = zipped(tmp_path / "inner.zip", **{"one.json": TEXT})
    assert reasons(zipped(tmp_path / "a.zip", **{"inner.zip": inner.read_bytes()})) == [
        "It is an archive within an archive."
    ]


@pytest.mark.parametrize("name", ["bomb.zip", "bomb.tar.xz", "bomb.json.gz"])
def test_what_unpacks_to_more_than_a_hundred_times_its_size(tmp_path, name):
    content = b'{"resourceType": "Bundle", "entry": [' + b" " * (8 << 20)
    path = tmp_path / name
    if name.endswith("zip"):
        zipped(path, **{"one.json": content})
    elif name.endswith("xz"):
        tarred(path, member("one.json"), content=content)
    else:
        path.write_bytes(gzip.compress(content))
    assert any("more than 100 times" in reason for reason in reasons(path))


def test_small_files_may_be_dense(tmp_path):
    """A hundred times nothing is nothing: up to a mebibyte may come out of however little."""
    path = tmp_path / "one.json.gz"
    path.write_bytes(gzip.compress(json.dumps(patient()).encode() + b" " * 900_000))
    assert len(taken(read(path))) == 1


def test_members_of_a_zip_share_what_the_whole_may_unpack_to(tmp_path, monkeypatch):
    """As overlapping members do: each alone is within bounds (David Fifield, A better zip bomb, 2019)."""
    monkeypatch.setattr(unpacking, "FREE", 1 << 11)
    monkeypatch.setattr(unpacking, "RATIO", 1)
    text = json.dumps(patient(text={"div": "x" * 1500})).encode()
    path = zipped(tmp_path / "a.zip", **{f"{number}.json": text for number in range(9)})
    found = read(path)
    assert taken(found)
    assert refused(found)


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_more_members_than_anybody_needs(tmp_path, monkeypatch, name):
    monkeypatch.setattr(unpacking, "MOST_MEMBERS", 2)
    names = [f"{number}.json" for number in range(3)]
    path = tmp_path / name
    if name.endswith("zip"):
        zipped(path, **dict.fromkeys(names, TEXT))
    else:
        tarred(path, *[member(one) for one in names], mode="w:gz")
    assert "It holds more than 2 files." in reasons(path)


def test_a_header_that_claims_gigabytes_is_not_read_into_memory(tmp_path):
    path = tmp_path / "a.tar"
    header = member("x", tarfile.XHDTYPE)
    header.size = 4 << 30
    path.write_bytes(header.tobuf(tarfile.PAX_FORMAT) + b"\0" * 1024)
    assert reasons(path) == ["A header in it claims to be larger than anything real."]


def test_one_resource_larger_than_may_be_held_at_once(tmp_path, monkeypatch):
    path = written(tmp_path / "one.json", bundle(patient(), organization(alias=["x" * 3_000_000]), patient("p2")))
    monkeypatch.setattr(unpacking, "AT_ONCE", 1 << 20)
    monkeypatch.setattr("healthcare.fhir.reading.HEAD", 1 << 10)
    found = read(path)
    assert [item.source_id for item in taken(found)] == ["p1"]
    assert "One resource in it is larger" in refused(found)[0].reason


@pytest.mark.parametrize("name", ["a.zip", "a.tar.xz", "a.tar.gz", "a.json.gz"])
def test_what_is_damaged_or_cut_off_is_told_and_does_not_stop_the_rest(tmp_path, name):
    path = tmp_path / name
    if name.endswith("zip"):
        zipped(path, **{"one.json": TEXT})
    elif name.endswith(".json.gz"):
        path.write_bytes(gzip.compress(TEXT * 3))
    else:
        tarred(path, member("one.json"), mode="w:" + name[-2:])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    good = written(tmp_path / "z.json", patient("good"))
    found = read(path, good)
    assert any("cannot be read" in reason for reason in (one.reason for one in refused(found)))
    assert "good" in [item.source_id for item in taken(found)]


def test_what_only_calls_itself_packed(tmp_path):
    path = tmp_path / "a.json.gz"
    path.write_bytes(TEXT)
    assert "It cannot be read" in reasons(path)[0]
    other = tmp_path / "a.tar.xz"
    other.write_bytes(lzma.compress(b"no tar"))
    assert "It cannot be read" in reasons(other)[0]


def test_an_encrypted_member(tmp_path):
    path = zipped(tmp_path / "a.zip", **{"one.json": TEXT})
    content = bytearray(path.read_bytes())
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        content[content.index(mark) + (6 if mark[2] == 3 else 8)] |= 1
    path.write_bytes(bytes(content))
    assert reasons(path) == ["It cannot be read (RuntimeError)."]


# == The meter ==
def test_the_meter_seeks_forward_and_never_back():
    metered = Metered(io.BytesIO(b"0123456789"))
    assert metered.seek(4) == 4
    assert metered.read(2) == b"45"
    assert metered.tell() == 6
    assert metered.seek(2) == 6
    assert metered.seek(99) == 10


def test_the_meter_reads_all_that_there_is_in_pieces():
    metered = Metered(io.BytesIO(b"x" * 5), most=4)
    assert metered.readable()
    with pytest.raises(Refused):
        metered.read()
