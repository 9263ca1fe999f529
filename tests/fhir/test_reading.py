"""Documents into resources: what can be read is read, and what cannot is told, with file and line (abuse case 92)."""

import json
from decimal import Decimal

import pytest

from healthcare.fhir import reading
from healthcare.fhir.reading import canonical
from healthcare.fhir.resources import Unfit
from tests.fhir.samples import bundle, observation, organization, patient, read, refused, taken, written


def told(path, *, system=""):
    return [(one.resource, one.reason) for one in refused(read(path, system=system))]


def raw(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# == Where they stand ==
def test_a_bundle_gives_its_entries_in_their_order(tmp_path):
    found = taken(read(written(tmp_path / "a.json", bundle(patient(), organization(), observation()))))
    assert [(item.type, item.source_id, item.place) for item in found] == [
        ("Patient", "p1", "entry 1"),
        ("Organization", "g1", "entry 2"),
        ("Observation", "o1", "entry 3"),
    ]


def test_the_kind_of_a_document_may_stand_behind_its_entries(tmp_path, monkeypatch):
    """A writer that sorts its keys puts `entry` before `resourceType`; in a large one that lies beyond the head."""
    path = raw(tmp_path / "a.json", json.dumps(bundle(patient(), observation()), sort_keys=True))
    assert len(taken(read(path))) == 2
    monkeypatch.setattr(reading, "HEAD", 64)
    assert len(taken(read(path))) == 2


def test_a_single_resource_is_a_document(tmp_path):
    assert [item.source_id for item in taken(read(written(tmp_path / "a.json", patient())))] == ["p1"]


def test_a_list_with_entries_of_its_own_is_no_bundle(tmp_path):
    path = written(tmp_path / "a.json", {"resourceType": "List", "id": "l1", "entry": [{"item": {"display": "x"}}]})
    assert [item.type for item in taken(read(path))] == ["List"]


def test_an_empty_bundle_and_an_empty_file(tmp_path):
    assert read(written(tmp_path / "a.json", bundle())) == [None]
    assert read(raw(tmp_path / "a.ndjson", "\n \n")) == [None]
    assert told(raw(tmp_path / "b.json", ""))[0][1].startswith("It is not JSON")


def test_lines_may_be_bundles(tmp_path):
    path = written(tmp_path / "a.ndjson", patient("a"), bundle(patient("b"), observation(of="Patient/b")))
    assert [item.place for item in taken(read(path))] == ["line 1", "line 2 entry 1", "line 2 entry 2"]


def test_a_mark_of_byte_order_is_no_error(tmp_path):
    content = b"\xef\xbb\xbf" + json.dumps(patient()).encode()
    assert len(taken(read(raw(tmp_path / "a.json", content)))) == 1
    assert len(taken(read(raw(tmp_path / "a.ndjson", content)))) == 1


def test_memory_is_bounded_by_a_resource_not_by_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "HEAD", 1 << 10)
    path = written(tmp_path / "a.json", bundle(*[patient(f"p{number}") for number in range(500)]))
    found = read(path)
    assert len(taken(found)) == 500
    assert refused(found) == []


# == What is no resource ==
def test_one_bad_line_does_not_stop_the_rest(tmp_path):
    lines = [json.dumps(patient("a")), '{"resourceType": "Patient", "id": ', json.dumps(patient("c"))]
    path = raw(tmp_path / "a.ndjson", "\n".join(lines))
    assert [item.source_id for item in taken(read(path))] == ["a", "c"]
    assert told(path) == [("line 2", "It is not JSON: Expecting value at column 34.")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"resourceType": "Patient", "id": "\xff"}', "It is not UTF-8 at byte 36."),
        (b'{"resourceType": "Patient", "multipleBirthInteger": NaN}', "It is not JSON that can be read (ValueError)."),
        (b'{"n": ' + b"9" * 5000 + b"}", "It is not JSON that can be read (ValueError)."),
        (b"[" * 100_000, "It is not JSON that can be read (RecursionError)."),
        (b"[1, 2]", "It is not a FHIR resource: it does not say its resourceType."),
        (b'{"id": "x"}', "It is not a FHIR resource: it does not say its resourceType."),
        (b'{"resourceType": "../etc"}', "It is not a FHIR resource: it does not say its resourceType."),
    ],
)
def test_lines_that_are_none(tmp_path, line, reason):
    path = raw(tmp_path / "a.ndjson", line + b"\n" + json.dumps(patient()).encode())
    assert told(path) == [("line 1", reason)]
    assert len(taken(read(path))) == 1


def test_a_document_cut_off_gives_what_came_before_and_says_where(tmp_path):
    whole = json.dumps(bundle(patient("a"), patient("b")), indent=1)
    cut = whole[: whole.index('"b"') + 8]
    path = raw(tmp_path / "a.json", cut)
    found = read(path)
    assert [item.source_id for item in taken(found)] == ["a"]
    line = cut.count("\n") + 1
    assert refused(found)[0].reason.startswith(f"It is not JSON, line {line}, column")


def test_in_a_large_document_the_line_is_near(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "HEAD", 32)
    path = raw(tmp_path / "a.json", json.dumps(bundle(patient("a")), indent=1) + "\n}")
    assert "near line" in told(path)[0][1]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (json.dumps(patient()).encode("utf-16"), "It is not UTF-8, line 1."),
        (b'{"resourceType": "Patient",\n "id": "\xff"}', "It is not UTF-8, line 2."),
        (b'{"resourceType": "Patient",\n "id": }', "It is not JSON, line 2, column 8: Expecting value."),
        (b"[" * 100_000, "It is nested deeper than 200 levels."),
        (b'["]",' * 100_000, "It is nested deeper than 200 levels."),
        (b'{"\\\\":' * 100_000, "It is nested deeper than 200 levels."),
        (b'{"x\\"":' * 3, "It is not JSON, line 1, column 22: Expecting value."),
        (b"<html></html>", "It is not JSON, line 1, column 1: Expecting value."),
    ],
)
def test_documents_that_are_none(tmp_path, content, reason):
    assert told(raw(tmp_path / "a.json", content)) == [("", reason)]


def test_bytes_that_are_no_text_in_a_large_bundle(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "HEAD", 40)
    content = json.dumps(bundle(patient("a"), patient("b"))).encode().replace(b'"b"', b'"\xff"')
    found = read(raw(tmp_path / "a.json", content))
    assert [item.source_id for item in taken(found)] == ["a"]
    assert len(refused(found)) == 1


def test_reasons_hold_no_values(tmp_path):
    secret = "Kowalewska-Secret"
    path = raw(tmp_path / "a.json", json.dumps(patient(name=secret))[:-1] + ', "x": tru}')
    assert secret not in str(told(path))


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"request": {"method": "DELETE", "url": "Patient/p1"}}, "The entry holds no resource."),
        ("nonsense", "The entry holds no resource."),
        ({"resource": bundle()}, "A Bundle within a Bundle is not read."),
        ({"resource": None}, "It is not a FHIR resource: it does not say its resourceType."),
        ({"resource": patient("a/b")}, "Its id is none (FHIR R4, datatype id)."),
        ({"resource": patient("x" * 65)}, "Its id is none (FHIR R4, datatype id)."),
        ({"resource": patient(id=7)}, "Its id is none (FHIR R4, datatype id)."),
    ],
)
def test_entries_that_are_none(tmp_path, entry, reason):
    whole = bundle(patient())
    whole["entry"].insert(0, entry)
    found = read(written(tmp_path / "a.json", whole))
    assert [one.reason for one in refused(found)] == [reason]
    assert [item.source_id for item in taken(found)] == ["p1"]


# == Who they are ==
def test_the_system_is_the_base_of_the_full_url_or_what_the_run_says(tmp_path):
    urls = ["https://ehr.example/fhir/Patient/p1", "urn:uuid:0b0f3c52-7f0e-4dd0-9d53-6a6a3e5ef3c1"]
    whole = bundle(patient("p1"), patient("0b0f3c52-7f0e-4dd0-9d53-6a6a3e5ef3c1"), urls=urls)
    found = taken(read(written(tmp_path / "a.json", whole), system="clinic-b"))
    assert [item.system for item in found] == ["https://ehr.example/fhir", "clinic-b"]


def test_who_has_no_id_is_known_by_the_full_url_or_by_the_content(tmp_path):
    nameless = {key: value for key, value in patient().items() if key != "id"}
    whole = bundle(nameless, nameless, urls=["urn:uuid:4b0e1f6e-21ba-4b4e-bf8c-1c2f1a9c1f11"])
    first, second = taken(read(written(tmp_path / "a.json", whole)))
    assert first.source_id == "4b0e1f6e-21ba-4b4e-bf8c-1c2f1a9c1f11"
    assert second.source_id == second.digest
    assert len(second.source_id) == 64


def test_only_addresses_that_do_not_tell_are_remembered(tmp_path):
    urls = ["urn:uuid:aaaa", "urn:uuid:p2", "https://ehr.example/Patient/p3"]
    found = taken(read(written(tmp_path / "a.json", bundle(patient("p1"), patient("p2"), patient("p3"), urls=urls))))
    assert found[0].local_urls == {"urn:uuid:aaaa": ("", "Patient", "p1")}


# == Their text ==
def test_the_text_is_canonical_and_keeps_every_digit(tmp_path):
    value = '{"value": 1.10, "small": 0.000001230, "large": 12345678901234567890.5, "whole": 7, "e": 1E3}'
    for name in ("a.json", "a.ndjson"):
        path = raw(tmp_path / name, f'{{"resourceType": "Observation", "id": "o", "valueQuantity": {value}}}')
        item = taken(read(path))[0]
        for digits in ("1.10", "0.00000123", "12345678901234567890.5", "7"):
            assert digits in item.text
        assert json.loads(item.text, parse_float=Decimal) == item.resource


def test_the_same_content_has_the_same_digest_however_it_was_written(tmp_path):
    resource = patient(extension=[{"valueDecimal": 0.5}], note="Zażółć ☃ 😀")
    written_as = [json.dumps(resource), json.dumps(resource, indent=3, sort_keys=True, ensure_ascii=False)]
    one, other = (taken(read(raw(tmp_path / f"{n}.json", text)))[0] for n, text in enumerate(written_as))
    line = taken(read(raw(tmp_path / "a.ndjson", written_as[0])))[0]
    assert one.digest == other.digest == line.digest


@pytest.mark.parametrize(
    "said",
    ["a\0b", "\0", "\x005", "\x001.5"],
)
def test_a_nul_character_is_refused_even_where_it_looks_like_a_number(said):
    with pytest.raises(Unfit, match="NUL"):
        canonical({"text": said, "value": Decimal("1.5")})


def test_the_letters_of_an_escape_are_no_nul():
    assert json.loads(canonical({"text": "\\u0000", "path": "C:\\\\u0000"}))["text"] == "\\u0000"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("\ud800", "half a character"),
        (Decimal("1e101"), "larger or smaller"),
        (Decimal("1e-300"), "larger or smaller"),
        pytest.param(10**5000, "too long", id="5000 digits"),
    ],
)
def test_what_no_database_holds(value, reason):
    with pytest.raises(Unfit, match=reason):
        canonical({"value": value})


def test_what_is_nested_too_deep():
    deep: list = []
    for _depth in range(100_000):
        deep = [deep]
    with pytest.raises(Unfit, match="nested"):
        canonical({"value": deep})


def test_narrative_is_text_like_any_other(tmp_path):
    """Nothing renders it: it comes and stays as JSON (abuse case 62)."""
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><a href="javascript:alert(1)">x</a><script>1</script></div>'
    item = taken(read(written(tmp_path / "a.json", patient(text={"status": "generated", "div": div}))))[0]
    assert json.loads(item.text)["text"]["div"] == div
