"""What a superuser with triggers off does to the audit is found, and named."""

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from healthcare.audit import verifying
from healthcare.audit.anchors import AnchorBook, public_hex, signing_key
from healthcare.audit.models import AuditSeal
from healthcare.audit.verifying import verify
from healthcare.db.context import acting_as_system
from healthcare.db.uuids import floor7
from tests.audit.conftest import seal_until, write_events
from tests.roles import taking_role

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_neighbours")]
COPY = (
    "INSERT INTO audit_auditevent (id, at, action, actor_role, purpose, target_type, outcome, detail, request_id, xid)"
    " SELECT %s, at, action, actor_role, purpose, target_type, outcome, detail, request_id, {xid}"
    " FROM audit_auditevent WHERE id = %s"
)


@pytest.fixture
def sealed(anchors) -> list[uuid.UUID]:
    """Six sealed events in at least three seals, in their order."""
    for _ in range(3):
        write_events(2)
        seal_until(2)
    with taking_role("worker"), acting_as_system("test"):
        return [event for seal in AuditSeal.objects.order_by("number") for event in seal.event_ids]


def test_what_nobody_touched_is_whole(sealed, check):
    write_events(2)
    report = check()
    assert report.ok
    assert (report.sealed, report.unsealed) == (6, 2)
    assert report.last_anchor.number == report.seals
    assert (report.problems, report.notices) == ({}, [])


@pytest.mark.parametrize("limit", ["SEALS_AT_ONCE", "EVENTS_AT_ONCE"])
def test_seals_are_checked_group_by_group(sealed, check, tamper, monkeypatch, limit):
    monkeypatch.setattr(verifying, limit, 1)
    assert check().ok
    tamper.execute("DELETE FROM audit_auditevent WHERE id = %s", [sealed[5]])
    assert check().counts == {"row_deleted": 1}


def test_of_many_bad_rows_the_first_are_named_and_all_counted(sealed, check, tamper):
    tamper.execute("DELETE FROM audit_auditevent")
    report = check()
    assert report.counts == {"row_deleted": 6}
    assert [str(event) in told for event, told in zip(sealed, report.problems["row_deleted"], strict=False)] == [
        True
    ] * 5


def test_an_empty_audit_is_whole(anchors, check):
    assert check().ok


@pytest.mark.parametrize(
    "change",
    [
        "action = 'a.other'",
        "at = at + interval '1 microsecond'",
        "actor_id = NULL",
        "actor_role = 'doctor'",
        "purpose = 'x'",
        "patient_id = uuidv7()",
        "target_type = 'x'",
        "target_id = uuidv7()",
        "outcome = 'denied'",
        "detail = '{\"a\": 1}'",
        "request_id = 'x'",
        "address = '127.0.0.1'",
        "session_id = uuidv7()",
    ],
)
def test_a_changed_row_is_named_whichever_column_it_is(sealed, check, tamper, change):
    tamper.execute(f"UPDATE audit_auditevent SET {change} WHERE id = %s", [sealed[2]])
    report = check()
    assert set(report.counts) == {"row_changed"}
    assert str(sealed[2]) in report.problems["row_changed"][0]


@pytest.mark.parametrize("change", ["xid = '5'", "epoch = 2"])
def test_a_row_moved_to_another_place_is_named(sealed, check, tamper, change):
    tamper.execute(f"UPDATE audit_auditevent SET {change} WHERE id = %s", [sealed[2]])
    report = check()
    assert not report.ok
    assert str(sealed[2]) in report.problems["row_deleted"][0]


def test_a_deleted_row_is_named(sealed, check, tamper):
    tamper.execute("DELETE FROM audit_auditevent WHERE id = ANY(%s)", [[sealed[3], sealed[1]]])
    report = check()
    assert report.counts == {"row_deleted": 2}
    assert str(sealed[1]) in report.problems["row_deleted"][0]


def test_a_row_put_among_sealed_ones_is_named(sealed, check, tamper):
    added = uuid.uuid4()
    tamper.execute(COPY.format(xid="xid"), [added, sealed[2]])
    report = check()
    assert set(report.counts) == {"row_inserted"}
    assert str(added) in report.problems["row_inserted"][0]


def test_a_row_put_in_later_with_a_key_of_before_is_named_though_it_was_sealed(sealed, check, tamper, caplog):
    added = floor7(datetime.now(UTC) - timedelta(days=3))
    tamper.execute(COPY.format(xid="pg_current_xact_id()"), [added, sealed[2]])
    seal_until(1)
    report = check()
    assert report.counts == {"row_inserted": 1}
    assert str(added) in report.problems["row_inserted"][0]
    assert "claim another time" in caplog.text


def test_a_loaded_history_is_counted_and_not_suspected(sealed, check, tamper, superuser):
    superuser.execute("SET session_replication_role = origin")
    superuser.execute("SET ROLE owner")
    superuser.execute("SET app.audit_loader = 'on'")
    key = floor7(datetime(2024, 5, 1, tzinfo=UTC))
    superuser.execute(
        "INSERT INTO audit_auditevent (id, action, actor_role, purpose, target_type, outcome, detail, request_id)"
        " VALUES (%s, 'a.b', '', '', '', 'ok', '{}', '')",
        [key],
    )
    superuser.execute("RESET ROLE")
    seal_until(1)
    report = check()
    assert report.ok
    assert report.loaded == 1


@pytest.mark.parametrize("xid", ["'900000000000'", "pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 5000"])
def test_a_row_of_a_transaction_that_has_not_been_is_named(sealed, check, tamper, xid):
    added = uuid.uuid4()
    tamper.execute(COPY.format(xid=f"({xid})::text::xid8"), [added, sealed[2]])
    assert str(added) in check().problems["row_inserted"][0]


# == Seals ==


@pytest.mark.parametrize(
    "change",
    [
        "total = total + 1",
        "ceiling_xid = ceiling_xid + 1",
        "sealed_at = sealed_at - interval '1 day'",
        "row_hashes = sha256('x') || sha256('y')",
        "event_ids = ARRAY[event_ids[2], event_ids[1]]",
        "suspects = event_ids",
        "head = sha256('x')",
        "previous = sha256('x')",
        "horizon_id = uuidv7()",
    ],
)
def test_a_changed_seal_is_named(sealed, check, tamper, change):
    tamper.execute(f"UPDATE audit_auditseal SET {change} WHERE number = 2")
    assert "Seal 2 " in check().problems["seal_changed"][0]


def test_a_seal_taken_out_of_the_chain_is_named(sealed, check, tamper):
    tamper.execute("DELETE FROM audit_auditseal WHERE number = 2")
    assert "Seal 2 is missing" in check().problems["seal_missing"][0]


def test_a_chain_forged_anew_does_not_fit_its_anchors(sealed, check, tamper, anchors, tmp_path, settings):
    tamper.execute("UPDATE audit_auditevent SET action = 'a.other' WHERE id = %s", [sealed[0]])
    tamper.execute("DELETE FROM audit_auditseal")
    settings.AUDIT_ANCHOR_DIR = tmp_path / "forged"
    seal_until(6)
    assert "is not the one that was anchored" in check().problems["seal_changed"][0]


@pytest.mark.parametrize("rows_too", [True, False])
def test_a_cut_tail_is_told_by_the_anchors(sealed, check, tamper, rows_too):
    tamper.execute("DELETE FROM audit_auditseal WHERE number > 1")
    if rows_too:
        tamper.execute("DELETE FROM audit_auditevent WHERE id = ANY(%s)", [sealed[2:]])
    report = check()
    assert "Seals 2 to" in report.problems["tail_cut"][0]
    assert report.unsealed == (0 if rows_too else 6 - report.sealed)


# == Anchors ==


def test_an_anchor_may_come_a_minute_late_and_no_later(sealed, check, anchors):
    path = anchors.files()[0]
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert check().ok
    report = check(datetime.now(UTC) + timedelta(minutes=2))
    assert set(report.counts) == {"anchor_missing"}


def test_all_anchors_gone_is_a_problem(sealed, check, anchors):
    anchors.files()[0].unlink()
    assert "has no anchor" in check(datetime.now(UTC) + timedelta(minutes=2)).problems["anchor_missing"][0]


def test_a_line_taken_out_is_missed(sealed, check, anchors):
    path = anchors.files()[0]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:1] + lines[2:]))
    assert f"{path.name}:2: lines before it are missing" in check().problems["anchor_missing"][0]


def test_files_of_earlier_months_are_missed(sealed, check, anchors):
    path = anchors.files()[0]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[1:]))
    assert check().problems["anchor_missing"]


@pytest.mark.parametrize("line", [0, 1, -1])
def test_an_altered_line_is_named(sealed, check, anchors, line):
    path = anchors.files()[0]
    lines = path.read_bytes().splitlines(keepends=True)
    said = json.loads(lines[line])
    said["total"] += 1
    lines[line] = json.dumps(said, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    path.write_bytes(b"".join(lines))
    assert check().problems["anchor_altered"]


def test_a_line_that_names_another_before_it_is_named(sealed, check, anchors):
    path = anchors.files()[0]
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(json.loads(lines[1])["before"].encode(), b"0" * 64)
    path.write_bytes(b"".join(lines))
    assert f"{path.name}:2: the line was altered" in check().problems["anchor_altered"][0]


def test_a_line_torn_by_a_power_cut_is_no_anchor_and_no_problem(sealed, check, anchors):
    with anchors.files()[0].open("ab") as file:
        file.write(b'{"kind":"seal","num')
    (anchors.folder / "anchors-2099-01.jsonl").touch()
    assert check().ok
    assert anchors.last().number == 3


@pytest.mark.parametrize("garbage", [b"not json\n", b"{}\n", b"[1]\n"])
def test_a_line_that_is_no_anchor_is_named(sealed, check, anchors, garbage):
    path = anchors.files()[0]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], garbage, *lines[2:]]))
    assert check().problems["anchor_altered"][0].startswith(f"{path.name}:2: ")


def test_a_line_written_twice_or_with_an_impossible_number_is_named(sealed, check, anchors, settings):
    last, key = anchors.last(), signing_key(settings.SECRET_KEY)
    anchors.append(last, key, datetime.now(UTC))
    assert "a second time" in check().problems["anchor_altered"][0]


def test_a_restore_to_the_future_cannot_be(sealed, check, anchors, settings):
    anchors.append(
        replace(anchors.last(), kind="restore", number=99), signing_key(settings.SECRET_KEY), datetime.now(UTC)
    )
    assert "cannot be" in check().problems["anchor_altered"][0]


def test_the_chain_of_lines_runs_on_into_the_next_month(sealed, check, anchors):
    path = anchors.files()[0]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0])
    (path.parent / "anchors-2099-01.jsonl").write_bytes(b"".join(lines[1:]))
    assert check().ok
    assert anchors.last().number == 3


def test_a_key_that_is_not_trusted_signs_nothing(sealed, anchors):
    with taking_role("worker"):
        report = verify(anchors, set(), datetime.now(UTC))
    assert "not by a trusted key" in report.problems["anchor_altered"][0]


# == The command ==


def run(*arguments: str) -> int:
    with taking_role("worker"):
        try:
            call_command("verify_audit", *arguments)
        except SystemExit as end:
            return int(end.code or 0)
    return 0


def test_the_command_prints_what_is_sealed_and_exits_0(sealed, capsys):
    write_events(1)
    assert run() == 0
    out = capsys.readouterr().out
    assert "6 events in 3 seals; 1 not sealed yet." in out
    assert "Last anchor: seal 3 at" in out
    assert "The audit is whole." in out


def test_the_command_names_the_first_bad_row_and_exits_1(sealed, tamper, capsys):
    tamper.execute("UPDATE audit_auditevent SET action = 'a.other' WHERE id = %s", [sealed[2]])
    assert run() == 1
    out = capsys.readouterr().out
    assert "row_changed (1):" in out
    assert str(sealed[2]) in out


def test_the_command_prints_json_for_machines(sealed, tamper, capsys):
    tamper.execute("DELETE FROM audit_auditevent WHERE id = %s", [sealed[2]])
    assert run("--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["ok"], report["sealed"], report["counts"]) == (False, 6, {"row_deleted": 1})


def test_after_a_new_secret_the_old_key_is_trusted_by_name_or_as_fallback(sealed, settings, capsys, tmp_path):
    call_command("audit_key")
    old_key, old_secret = capsys.readouterr().out.strip(), settings.SECRET_KEY
    assert old_key == public_hex(signing_key(old_secret).public_key())
    copy = settings.AUDIT_ANCHOR_DIR
    settings.AUDIT_ANCHOR_DIR = tmp_path / "nothing"
    with taking_role("worker"), acting_as_system("verify_audit"):  # the signed context keeps the key it began with
        settings.SECRET_KEY = "another secret of more than thirty-two characters"
        trusted = {public_hex(signing_key(settings.SECRET_KEY).public_key())}
    settings.SECRET_KEY = old_secret
    with taking_role("worker"):
        assert not verify(AnchorBook(copy), trusted, datetime.now(UTC)).ok
        assert verify(AnchorBook(copy), trusted | {old_key}, datetime.now(UTC)).ok
    assert run("--anchors", str(copy), "--public-key", old_key) == 0


def test_notes_and_loaded_events_are_told(sealed, capsys, monkeypatch):
    from healthcare.audit.management.commands import verify_audit
    from healthcare.audit.verifying import Report

    monkeypatch.setattr(verify_audit, "verify", lambda *_: Report(loaded=7, notices=["set back"]))
    assert run() == 0
    out = capsys.readouterr().out
    assert "7 events say that they were loaded" in out
    assert "Note: set back" in out
    assert "Last anchor: none." in out


def test_progress_is_shown_to_a_person_alone(capsys, monkeypatch):
    from healthcare.audit.management.commands.verify_audit import Command

    command = Command()
    command.show_progress(5)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(command.stderr, "isatty", lambda: True, raising=False)
    command.show_progress(1_000)
    assert "1,000 events" in capsys.readouterr().err
