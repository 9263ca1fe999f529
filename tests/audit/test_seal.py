"""Committed events are chained in an order in which none is skipped, and each head is anchored outside."""

import json
import logging
import uuid
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from healthcare.audit import record
from healthcare.audit.management.commands import seal_audit
from healthcare.audit.models import AuditEvent, AuditSeal
from healthcare.audit.sealing import LOCK, AnchorsAhead, SealerBusy, accept_restore, seal_batch
from healthcare.db.context import acting_as_system
from tests.audit.conftest import seal_until, write_events
from tests.roles import taking_role

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_neighbours")]


def seals() -> list[AuditSeal]:
    with taking_role("worker"), acting_as_system("test"):
        return list(AuditSeal.objects.order_by("number"))


def sealed_ids() -> list[uuid.UUID]:
    return [event for seal in seals() for event in seal.event_ids]


def all_ids() -> set[uuid.UUID]:
    with taking_role("worker"), acting_as_system("test"):
        return set(AuditEvent.objects.values_list("id", flat=True))


def test_everything_committed_is_sealed_once_and_chained(anchors):
    write_events(3)
    seal_until(3)
    write_events(2)
    seal_until(2)
    assert sorted(sealed_ids()) == sorted(all_ids())
    chain = seals()
    assert [seal.number for seal in chain] == list(range(1, len(chain) + 1))
    assert chain[-1].total == 5
    assert bytes(chain[0].previous) == bytes(32)
    for before, after in pairwise(chain):
        assert bytes(after.previous) == bytes(before.head)
    assert all(len(bytes(seal.row_hashes)) == 32 * seal.count for seal in chain)
    assert str(chain[0]) == "seal 1"


def test_with_nothing_new_there_is_no_seal(anchors):
    write_events(1)
    seal_until(1)
    with taking_role("worker"):
        assert seal_batch().count == 0
    assert len(seals()) == 1


def test_a_batch_ends_at_its_limit_even_within_one_transaction(anchors):
    with taking_role("worker"), acting_as_system("load"):
        for _ in range(7):
            record("a.b", by=None)
    counts = []
    while sum(counts) < 7:
        with taking_role("worker"):
            sealed = seal_batch(limit=3)
        counts += [sealed.count] if sealed.count else []
    assert counts == [3, 3, 1]
    assert sorted(sealed_ids()) == sorted(all_ids())


def test_one_sealer_at_a_time(anchors, another):
    other = another("worker")
    other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    with taking_role("worker"), pytest.raises(SealerBusy):
        seal_batch()
    other.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    with taking_role("worker"):
        assert seal_batch().count == 0


def test_the_web_login_can_neither_seal_nor_read_seals(anchors):
    with pytest.raises(DatabaseError, match="permission denied"):
        seal_batch()


# == Anchors ==


def lines(anchors) -> list[dict]:
    return [json.loads(line) for path in anchors.files() for line in path.read_bytes().splitlines()]


def test_each_head_is_anchored_signed_and_readable_by_the_owner_alone(anchors, settings, caplog):
    with caplog.at_level(logging.INFO, "healthcare.audit.anchors"):
        write_events(2)
        seal_until(2)
    last = seals()[-1]
    said = lines(anchors)[-1]
    assert (said["number"], said["total"], said["head"]) == (last.number, 2, bytes(last.head).hex())
    assert anchors.files()[0].name == f"anchors-{datetime.now(UTC):%Y-%m}.jsonl"
    assert anchors.files()[0].stat().st_mode & 0o777 == 0o600
    assert anchors.folder.stat().st_mode & 0o777 == 0o700
    assert said["signature"] in caplog.text


def test_an_anchor_missed_by_a_crash_is_written_in_the_next_round(anchors, monkeypatch):
    from healthcare.audit import sealing

    write_events(1)
    with monkeypatch.context() as crash:
        crash.setattr(sealing.AnchorBook, "append", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            seal_until(1)
    assert anchors.last() is None
    with taking_role("worker"):
        seal_batch()
    assert anchors.last().number == seals()[-1].number


def test_a_line_torn_by_a_power_cut_is_written_over(anchors, check):
    write_events(1)
    seal_until(1)
    with anchors.files()[0].open("ab") as file:
        file.write(b'{"kind":"seal","num')
    assert anchors.last().number == 1
    write_events(1)
    seal_until(1)
    assert [said["number"] for said in lines(anchors)] == [seal.number for seal in seals()]
    assert check().ok


def test_sealing_stops_when_the_anchors_know_more_than_the_database(anchors, tamper):
    write_events(2)
    seal_until(2)
    tamper.execute("DELETE FROM audit_auditseal")
    with taking_role("worker"), pytest.raises(AnchorsAhead, match="verify_audit"):
        seal_batch()


def test_after_a_restore_an_operator_lets_it_go_on_and_the_anchors_remember(anchors, tamper, check):
    write_events(2)
    seal_until(2)
    first = len(seals())
    write_events(1)
    seal_until(1)
    with taking_role("worker"):
        assert accept_restore() is None  # nothing is lost, nothing is said
    tamper.execute("DELETE FROM audit_auditevent WHERE id = ANY(%s)", [seals()[-1].event_ids])
    tamper.execute("DELETE FROM audit_auditseal WHERE number > %s", [first])
    assert set(check().counts) == {"tail_cut"}
    with taking_role("worker"):
        assert accept_restore() == first
    write_events(1)
    seal_until(1)
    report = check()
    assert report.ok
    assert "set the database back to seal" in report.notices[0]


def test_a_database_set_back_to_nothing_is_a_restore_too(anchors, tamper, check):
    write_events(1)
    seal_until(1)
    tamper.execute("DELETE FROM audit_auditseal")
    with taking_role("worker"):
        assert accept_restore() == 0
    seal_until(1)
    assert check().ok


# == Epochs ==


@pytest.fixture
def restored(superuser):
    """A cluster whose transaction ids have started again: the events so far come from another one."""
    superuser.execute("SET session_replication_role = replica")
    yield lambda: superuser.execute("UPDATE private.audit_epoch SET system_identifier = 1")
    superuser.execute("DELETE FROM private.audit_epoch WHERE number > 1")
    superuser.execute(
        "UPDATE private.audit_epoch SET system_identifier = (SELECT system_identifier FROM pg_control_system())"
    )
    superuser.execute("ALTER TABLE audit_auditevent ALTER COLUMN epoch SET DEFAULT 1")


def test_in_a_restored_cluster_a_new_epoch_begins_and_low_transaction_ids_are_sealed(anchors, restored, check, tamper):
    write_events(2)
    seal_until(2)
    write_events(1)  # the tail of the old cluster, not sealed before the restore, with ids from its future
    tamper.execute(
        "UPDATE audit_auditevent SET xid = '900000000' WHERE NOT EXISTS"
        " (SELECT 1 FROM audit_auditseal s WHERE id = ANY (s.event_ids))"
    )
    restored()
    seal_until(1)
    write_events(2)
    seal_until(2)
    assert [seal.epoch for seal in seals()][-1] == 2
    assert check().ok


def test_transaction_ids_that_went_back_open_an_epoch_without_another_cluster(anchors, restored, tamper):
    write_events(1)
    seal_until(1)
    tamper.execute("UPDATE audit_auditseal SET horizon_xid = 900000000")
    with taking_role("worker"), connection.cursor() as cursor:
        cursor.execute("SELECT app.audit_epoch(), app.audit_epoch()")
        assert cursor.fetchone() == (2, 2)


# == The process ==


def test_the_command_makes_months_and_seals(anchors, capsys):
    write_events(1)
    seal_until(1)
    with taking_role("worker"):
        call_command("seal_audit")
    assert capsys.readouterr().out == "Sealed 0 events.\n"


def test_the_command_says_what_is_wrong(anchors, tamper, capsys):
    write_events(1)
    seal_until(1)
    tamper.execute("DELETE FROM audit_auditseal")
    with taking_role("worker"):
        with pytest.raises(CommandError, match="--after-restore"):
            call_command("seal_audit")
        call_command("seal_audit", "--after-restore")
    assert "set back to seal 0" in capsys.readouterr().out


def test_forever_goes_on_until_it_is_told_to_stop(anchors, monkeypatch):
    write_events(1)
    sealer = seal_audit.Sealer()
    waits: list[float] = []
    rounds = [SealerBusy(), OSError("disk full"), 1]

    def pending() -> int:
        step = rounds.pop(0)
        if isinstance(step, Exception):
            raise step
        sealer.stopped.set()
        return step

    monkeypatch.setattr(seal_audit, "seal_pending", pending)
    monkeypatch.setattr(seal_audit.signal, "signal", lambda kind, stop: None)
    monkeypatch.setattr(sealer.stopped, "wait", waits.append)
    monkeypatch.setattr(seal_audit, "make_partitions", lambda now: 0)
    sealer.run()
    assert waits == [seal_audit.PAUSE_AFTER_FAILURE, seal_audit.PAUSE_AFTER_FAILURE, seal_audit.EVERY]


def test_a_signal_stops_the_process_between_two_rounds(anchors, monkeypatch):
    stops = []
    monkeypatch.setattr(seal_audit.signal, "signal", lambda kind, stop: stops.append(stop))
    sealer = seal_audit.Sealer()
    monkeypatch.setattr(sealer, "round", lambda: stops[0]() or 0.0)
    sealer.run()
    assert sealer.stopped.is_set()


def test_forever_is_what_the_command_runs(monkeypatch):
    ran = []
    monkeypatch.setattr(seal_audit.Sealer, "run", lambda self: ran.append(True))
    call_command("seal_audit", "--forever")
    assert ran == [True]
