"""Files of messages: taken by what they are, closed until they are found clean, removed when they are not."""

import base64
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from healthcare.storage.objects import ObjectNotFound, find_object
from patients.access import NotInScope
from records.actions import attachments as verbs
from records.actions.attachments import NotAttached, NotOpened
from records.actions.filing import file_thread
from records.models import Attachment, Message
from records.models.attachments import ATTACHMENT_MOVES
from records.queries.attachments import files_by_message
from records.rules.attachments import ENDINGS, LARGEST, LONGEST_NAME, Upload, opens, safe_name, type_of, wait_after
from records.rules.conversations import Turn, sealed, unsealed
from records.tasks import queue_unscanned, scan_attachment
from records.telling.by_kind import resource_of
from tests.events.draining import as_worker
from tests.factories import AttachmentFactory, MessageFactory, ThreadFactory, proxy_of
from tests.records.files import JPEG, LETTER, PDF, PNG, TEXT, attached
from tests.records.writing import CALM, NOW, Talk, signed_in
from tests.roles import as_the_system, taking_role
from tests.storage.clamd import EICAR, ERROR, Clamd, clamd

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]
MINUTE = timedelta(minutes=1)


def now_is(file: Attachment) -> Attachment:
    with as_the_system():
        return Attachment.objects.select_related("patient").get(pk=file.pk)


def opened(by: Any, file: Attachment) -> bytes:
    with acting_as(by):
        return verbs.open_attachment(by=by, attachment=now_is(file)).content


def scans(file: Attachment, now: Any = NOW) -> Attachment:
    as_worker(lambda: verbs.scan_attachment(by=None, attachment_id=file.pk, now=now))
    return now_is(file)


def is_kept(key: Any, by: Any) -> bool:
    with acting_as(by):
        try:
            return bool(find_object(key))
        except ObjectNotFound:
            return False


# == The rules ==
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, "application/pdf"),
        (JPEG, "image/jpeg"),
        (PNG, "image/png"),
        (TEXT, "text/plain"),
        (b'{"a": 1}', "text/plain"),
        (b"<html><script>alert(1)</script>", ""),
        (b"\xef\xbb\xbf <svg xmlns='http://www.w3.org/2000/svg'/>", ""),
        (b"<?xml version='1.0'?><a/>", ""),
        (b"MZ\x90\0\3", ""),
        (b"PK\x03\x04\x14\0", ""),
    ],
)
def test_a_type_is_found_in_the_content(content: bytes, kind: str) -> None:
    assert type_of(content) == kind


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Brief an Frau Öztürk.pdf", "Brief an Frau Öztürk.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        (r"C:\Users\Rosa\scan.PDF", "scan.pdf"),
        ("invoice.exe", "invoice.pdf"),
        ("a\u202efdp.exe", "afdp.pdf"),
        ('a"\r\nSet-Cookie: b.pdf', "aSet-Cookie b.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("", "file.pdf"),
        ("...", "file.pdf"),
    ],
)
def test_a_name_is_made_safe_and_says_what_it_is(name: str, safe: str) -> None:
    assert safe_name(name, "application/pdf") == safe


@given(st.text(max_size=300), st.sampled_from(sorted(ENDINGS)))
def test_whatever_it_was_called(name: str, kind: str) -> None:
    safe = safe_name(name, kind)
    assert safe.endswith(ENDINGS[kind])
    assert len(safe) <= LONGEST_NAME
    assert not set(safe) & set('/\\"<>\r\n\0')
    assert not safe.startswith(".")


def test_a_scanner_that_is_away_is_asked_less_and_less_often() -> None:
    waits = [wait_after(attempts) for attempts in (0, 1, 5, 6, 1000)]
    assert waits == [MINUTE, 2 * MINUTE, 32 * MINUTE, timedelta(hours=1), timedelta(hours=1)]


def test_what_opens() -> None:
    states = ("pending", "unknown", "clean", "infected")
    assert [opens(state, scanned=True) for state in states] == [False, False, True, False]
    assert [opens(state, scanned=False) for state in states] == [True, True, True, False]


# == Sent with a message ==
def test_files_of_both_sides_are_kept_with_their_message(told: Talk, audited: Any) -> None:
    thread = told.starts(files=[LETTER, Upload("Foto.jpeg", JPEG)])
    told.sends(told.nurse, thread, files=[Upload("plan.txt", TEXT)])
    rows = attached(thread)
    assert [(row.name, row.content_type, row.state) for row in rows] == [
        ("letter.pdf", "application/pdf", "unknown"),
        ("Foto.jpg", "image/jpeg", "unknown"),
        ("plan.txt", "text/plain", "unknown"),
    ]
    assert [row.added_by for row in rows] == [told.rosa, told.rosa, told.nurse]
    assert opened(told.nurse, rows[0]) == PDF
    assert opened(told.rosa, rows[2]) == TEXT
    assert str(rows[0]) == f"file of a message {str(rows[0].pk)[-8:]}"
    with as_the_system():
        events = AuditEvent.objects.filter(patient_id=told.patient.pk)
        assert events.filter(action="records.attach_file").count() == 3
        assert "letter" not in str(list(events.values_list("detail", flat=True)))
    for who in (told.nurse, told.rosa):
        assert audited(who) == [("records.open_attachment", "ok")]


def test_the_name_is_not_readable_in_the_database(told: Talk) -> None:
    thread = told.starts(files=[LETTER])
    with as_the_system(), connection.cursor() as cursor:
        cursor.execute("SELECT name FROM records_attachment WHERE id = %s", [attached(thread)[0].pk])
        assert "letter" not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([Upload("a.pdf", PDF)] * 6, "A message takes 5 files; these are 6"),
        ([LETTER, Upload("empty.pdf", b"")], "“empty.pdf” is empty"),
        ([Upload("film.pdf", b"%PDF-" + b" " * LARGEST)], "“film.pdf” is too large: 10 MB fit"),
        ([LETTER, Upload("page.pdf", b"<html>")], "“page.pdf” is neither PDF, JPEG, PNG nor plain text"),
    ],
)
def test_what_is_not_taken_is_said_and_nothing_is_sent(told: Talk, folder: Any, files: Any, sentence: str) -> None:
    with pytest.raises(NotAttached, match=sentence):
        told.starts(files=files)
    with as_the_system():
        assert not Message.objects.exists()
    assert not folder.exists() or not [path for path in folder.rglob("*") if path.is_file()]


def test_a_second_press_sends_the_files_once(told: Talk) -> None:
    key = uuid7()
    first = told.starts(files=[LETTER], idempotency_key=key)
    assert told.starts(files=[LETTER], idempotency_key=key) == first
    assert len(attached(first)) == 1


def test_who_acts_for_the_patient_sends_and_opens(told: Talk) -> None:
    son = proxy_of(told.patient)
    (row,) = attached(told.starts(son, files=[LETTER]))
    assert opened(son, row) == opened(told.rosa, row) == PDF


def test_nobody_else_opens_them(told: Talk) -> None:
    (row,) = attached(told.starts(files=[LETTER]))
    for who in (told.stranger, told.other_rosa):
        with pytest.raises(NotInScope):
            opened(who, row)


# == The scanner ==
def test_nothing_opens_before_it_is_found_clean(told: Talk, scanner: Clamd) -> None:
    (row,) = attached(told.starts(files=[LETTER]))
    assert (row.state, row.next_at, scanner.read) == ("pending", NOW, [])
    for who in (told.nurse, told.rosa):
        with pytest.raises(NotOpened, match="still being checked"):
            opened(who, row)
    found = scans(row)
    assert (found.state, found.next_at, scanner.read) == ("clean", None, [PDF])
    assert opened(told.nurse, row) == PDF
    scans(row)
    assert len(scanner.read) == 1, "it is asked once"


def test_what_is_infected_is_removed_and_both_sides_are_told(told: Talk, scanner: Clamd) -> None:
    thread = told.starts(files=[Upload("game.pdf", PDF + EICAR), LETTER])
    bad, good = attached(thread)
    found = scans(bad)
    assert (found.state, found.document, found.next_at) == ("infected", None, None)
    assert not is_kept(bad.document, told.nurse)
    scans(good)
    for client, address in (
        (signed_in(told.nurse), reverse("records:thread", args=[told.patient.pk, thread.pk])),
        (signed_in(told.rosa), reverse("records_portal:thread", args=[thread.pk])),
    ):
        page = client.get(address).text
        assert "game.pdf" in page
        assert "Removed: something harmful was found in it" in page
        assert page.count("/files/") == 1, "the other one opens"
    with pytest.raises(NotOpened, match="was removed"):
        opened(told.nurse, bad)
    with as_the_system():
        event = AuditEvent.objects.get(action="records.scan_attachment", target_id=bad.pk)
    assert event.detail == {"state": "infected"}


@pytest.mark.parametrize("answer", [ERROR, b""])
def test_while_the_scanner_is_away_the_message_goes_and_the_file_waits(
    told: Talk, scanner: Clamd, answer: bytes
) -> None:
    scanner.answer = answer
    (row,) = attached(told.starts(files=[LETTER]))
    found = scans(row)
    assert (found.state, found.next_at, found.attempts, found.error) == ("pending", NOW + MINUTE, 1, "no_answer")
    scans(row, NOW + MINUTE / 2)
    assert now_is(row).attempts == 1, "not before its time"
    scanner.answer = None
    found = scans(row, NOW + MINUTE)
    assert (found.state, found.error) == ("clean", "")


def test_a_file_that_is_damaged_waits_and_says_so(told: Talk, scanner: Clamd, folder: Any) -> None:
    (row,) = attached(told.starts(files=[LETTER]))
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()
    found = scans(row)
    assert (found.state, found.error, found.next_at) == ("pending", "DamagedObject", NOW + MINUTE)


def test_without_a_scanner_the_page_says_so(told: Talk) -> None:
    thread = told.starts(files=[LETTER])
    page = signed_in(told.nurse).get(reverse("records:thread", args=[told.patient.pk, thread.pk])).text
    assert "not checked for viruses" in page


def test_what_came_before_there_was_a_scanner_is_scanned_then(told: Talk, settings: Any) -> None:
    (row,) = attached(told.starts(files=[LETTER]))
    assert as_worker(lambda: verbs.queue_unscanned(by=None, now=NOW)) == 0
    with clamd() as served:
        settings.STORAGE_SCANNER, settings.CLAMAV_ADDRESS = "healthcare.storage.clamav.scan", served.address
        with pytest.raises(NotOpened):
            opened(told.nurse, row)
        with taking_role("worker"):
            queue_unscanned()
        with time_machine.travel(now_is(row).next_at + MINUTE, tick=False), taking_role("worker"):
            scan_attachment(row.pk)
        assert now_is(row).state == "clean"
        assert as_worker(lambda: verbs.queue_unscanned(by=None, now=NOW)) == 0
    assert opened(told.nurse, row) == PDF


def test_an_unknown_one_is_no_error() -> None:
    with taking_role("worker"):
        scan_attachment(uuid7())


# == In the chart ==
def test_a_filed_conversation_names_its_files(told: Talk) -> None:
    thread = told.starts(files=[LETTER])
    told.sends(told.nurse, thread)
    with acting_as(told.nurse):
        entry = file_thread(by=told.nurse, thread=thread, now=NOW)
    assert [turn.files for turn in unsealed(entry.sealed)] == [("letter.pdf",), ()]
    page = signed_in(told.nurse).get(reverse("records:entry", args=[told.patient.pk, entry.pk])).text
    assert "Files: letter.pdf" in " ".join(page.split())
    with acting_as(told.nurse):
        assert "letter.pdf" in resource_text(resource_of(entry))


def resource_text(resource: Any) -> str:
    return base64.b64decode(resource["content"][0]["attachment"]["data"]).decode()


def test_copies_from_before_there_were_files_read_as_ever() -> None:
    turn = Turn("Rosa", "patient", False, NOW, CALM)
    old = sealed([turn]).replace(', "files": []', "")
    assert "files" not in old
    assert unsealed(old) == [turn]


# == Both walls ==
def test_the_table_of_moves_names_every_state() -> None:
    assert ATTACHMENT_MOVES.keys() == set(Attachment.State.values)


@pytest.mark.parametrize("before", sorted(ATTACHMENT_MOVES))
@pytest.mark.parametrize("after", sorted(ATTACHMENT_MOVES))
def test_the_database_moves_it_as_the_table_says(before: str, after: str) -> None:
    waits = {"pending": NOW}
    gone = {"document": None} if before == "infected" else {}
    row = AttachmentFactory(state=before, next_at=waits.get(before), **gone)
    document = "NULL" if after == "infected" else "document"
    statement = f"UPDATE records_attachment SET state = %s, next_at = %s, document = {document} WHERE id = %s"
    moved = [after, waits.get(after), row.pk]
    if after in ATTACHMENT_MOVES[before] or after == before:
        run(statement, moved)
    else:
        with pytest.raises(DatabaseError):
            run(statement, moved)


def run(statement: str, values: list[Any]) -> None:
    with as_the_system(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount == 1


def test_a_file_is_no_other_one_later() -> None:
    with pytest.raises(DatabaseError, match="no other one"):
        run("UPDATE records_attachment SET document = gen_random_uuid() WHERE id = %s", [AttachmentFactory().pk])


def test_nobody_puts_a_file_to_what_somebody_else_wrote(told: Talk) -> None:
    message = MessageFactory(thread=ThreadFactory(patient=told.patient, started_by=told.rosa))
    file = Attachment(
        message=message,
        patient=told.patient,
        added_by=told.nurse,
        name="a.pdf",
        content_type="application/pdf",
        size=1,
        document=uuid7(),
        state="unknown",
    )
    with acting_as(told.nurse), transaction.atomic():
        file.save(force_insert=True)
        with pytest.raises(DatabaseError, match="of_its_author"), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


@pytest.mark.parametrize("statement", ["UPDATE records_attachment SET size = 1", "DELETE FROM records_attachment"])
def test_no_page_changes_or_removes_one(told: Talk, statement: str) -> None:
    told.starts(files=[LETTER])
    with pytest.raises(DatabaseError, match="permission denied"), acting_as(told.nurse), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_files_of_a_conversation_are_of_who_reads_it(told: Talk) -> None:
    thread = told.starts(files=[LETTER])
    AttachmentFactory()
    for who, count in ((told.nurse, 1), (told.rosa, 1), (told.pharmacist, 0), (told.stranger, 0)):
        with acting_as(who):
            assert len(files_by_message(who, thread)) == count
            assert Attachment.objects.count() == count
