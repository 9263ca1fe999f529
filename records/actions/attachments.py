"""The verbs of files of messages: attach with the message, open, scan."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record, record_now
from healthcare.storage.content import MEBIBYTE
from healthcare.storage.encryption import DamagedObject
from healthcare.storage.models import StoredObject
from healthcare.storage.objects import OpenedObject, discard, is_scanned, open_object, put, rescan
from records.access.messages import check_can_write
from records.models import Attachment, Message
from records.rules.attachments import LARGEST, MOST, Upload, opens, safe_name, type_of, wait_after

State, Scan = Attachment.State, StoredObject.Scan
FEW = 500  # files of one round
LIFE = ["state", "document", "next_at", "handed_until", "attempts", "error", "updated_at"]


class NotAttached(Exception):
    """Nothing was sent. The message is a sentence for whoever chose the file."""


class NotOpened(Exception):
    """The file stays closed. The message is a sentence for whoever asked."""


@transaction.atomic
def attach_files(*, by: User, message: Message, files: Sequence[Upload], now: datetime) -> list[Attachment]:
    """Keep the files of a message that the actor sends. What they are is found in their content.

    A scanner is asked afterwards, by a worker; without one they stay unknown. Raises NotAttached for too many, too
    large ones, and any but PDF, JPEG, PNG and plain text; NotAllowed and NotInScope.
    """
    check_can_write(by, message.patient)
    kinds = _checked(files)
    scanned = is_scanned()
    kept = []
    for file, kind in zip(files, kinds, strict=True):
        name = safe_name(file.name, kind)
        stored = put(file.content, content_type=kind, name=name, scan=False)
        row = Attachment(
            message=message,
            patient_id=message.patient_id,
            added_by=by,
            name=name,
            content_type=kind,
            size=stored.size,
            document=stored.pk,
            state=State.PENDING if scanned else State.UNKNOWN,
            next_at=now if scanned else None,
        )
        row.save(force_insert=True)
        detail = {"type": kind.rpartition("/")[2], "size": row.size}
        record("records.attach_file", by=by, patient_id=row.patient_id, target=row, detail=detail)
        kept.append(row)
    return kept


def open_attachment(*, by: User, attachment: Attachment) -> OpenedObject:
    """The file, decrypted; that it is opened is said before.

    Raises NotOpened for what was removed, and for what is not found clean where a scanner is set up; NotAllowed,
    NotInScope, and AuditUnavailable: show nothing.
    """
    check_can_write(by, attachment.patient)
    if attachment.document is None:
        raise NotOpened(_("This file was removed: something harmful was found in it."))
    if not opens(attachment.state, scanned=is_scanned()):
        raise NotOpened(_("This file is still being checked for viruses. Try again in a few minutes."))
    record_now("records.open_attachment", by=by, patient_id=attachment.patient_id, target=attachment)
    return open_object(attachment.document)


# == In a worker ==
@transaction.atomic
def scan_attachment(*, by: User | None, attachment_id: UUID, now: datetime) -> Attachment | None:
    """Ask the scanner about one that waits. A scanner that does not answer is asked again later; an infected file is
    removed, and its row says so to both sides. For the system; None where nothing waits.
    """
    rows = Attachment.objects.select_for_update(of=("self",))
    row: Attachment | None = rows.filter(pk=attachment_id, state=State.PENDING, next_at__lte=now).first()
    if row is None or (key := row.document) is None:
        return None
    found, row.error = _scanned(key)
    row.handed_until = None
    if found == Scan.UNSCANNED:
        row.next_at = now + wait_after(row.attempts)
        row.attempts = min(row.attempts + 1, 1000)
        row.save(update_fields=LIFE)
        return row
    row.next_at = None
    row.state = State.CLEAN if found == Scan.CLEAN else State.INFECTED
    row.document = key if found == Scan.CLEAN else None
    row.save(update_fields=LIFE)
    record("records.scan_attachment", by=by, patient_id=row.patient_id, target=row, detail={"state": str(row.state)})
    if row.document is None:
        discard(key)
    return row


@transaction.atomic
def queue_unscanned(*, by: User | None, now: datetime) -> int:
    """Have what came while there was no scanner scanned now that there is one; how many. For the system."""
    if not is_scanned():
        return 0
    rows = Attachment.objects.filter(state=State.UNKNOWN).select_for_update(of=("self",), skip_locked=True)
    found = list(rows.order_by("id")[:FEW])
    for row in found:
        row.state, row.next_at = State.PENDING, now
        row.save(update_fields=LIFE)
    if found:
        record("records.queue_unscanned", by=by, detail={"files": len(found)})
    return len(found)


# == Steps ==
def _checked(files: Sequence[Upload]) -> list[str]:
    """The type of each. Raises NotAttached."""
    if len(files) > MOST:
        raise NotAttached(
            _("A message takes %(most)d files; these are %(count)d.") % {"most": MOST, "count": len(files)}
        )
    kinds = []
    for file in files:
        told = {"name": file.name, "limit": LARGEST // MEBIBYTE}
        if not file.content:
            raise NotAttached(_("“%(name)s” is empty.") % told)
        if len(file.content) > LARGEST:
            raise NotAttached(_("“%(name)s” is too large: %(limit)d MB fit.") % told)
        kind = type_of(file.content)
        if not kind:
            raise NotAttached(_("“%(name)s” is neither PDF, JPEG, PNG nor plain text.") % told)
        kinds.append(kind)
    return kinds


def _scanned(key: UUID) -> tuple[str, str]:
    """What the scanner found, and what kept it from looking."""
    try:
        found = rescan(key)
    except DamagedObject:
        return Scan.UNSCANNED, DamagedObject.__name__
    return found, "" if found != Scan.UNSCANNED else "no_answer"
