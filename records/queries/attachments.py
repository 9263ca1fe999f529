"""The files of a conversation, as its pages show them."""

from dataclasses import dataclass
from uuid import UUID

from healthcare.accounts.models import User
from healthcare.storage.objects import is_scanned
from patients.models import Patient
from records.models import Attachment, Thread
from records.models.attachments import AttachmentQuerySet
from records.rules.attachments import opens


@dataclass(frozen=True)
class FileLine:
    """A file below its message; `opens` where it may be opened now."""

    attachment: Attachment
    opens: bool


def files_by_message(user: User, thread: Thread) -> dict[UUID, list[FileLine]]:
    """One query."""
    found: dict[UUID, list[FileLine]] = {}
    for row in _of(user, thread):
        line = FileLine(row, opens(row.state, scanned=is_scanned()))
        found.setdefault(row.message_id, []).append(line)
    return found


def names_by_message(user: User, thread: Thread) -> dict[UUID, list[str]]:
    """What the files are called, also those that were removed."""
    found: dict[UUID, list[str]] = {}
    for row in _of(user, thread):
        found.setdefault(row.message_id, []).append(str(row.name))
    return found


def attachments_at(user: User, patient: Patient, thread_id: UUID) -> AttachmentQuerySet:
    """The files of one conversation of this patient, for whoever opens one."""
    rows: AttachmentQuerySet = Attachment.objects.visible_to(user).select_related("patient")
    return rows.filter(patient=patient, message__thread=thread_id)


def _of(user: User, thread: Thread) -> AttachmentQuerySet:
    rows: AttachmentQuerySet = Attachment.objects.visible_to(user).filter(message__thread=thread)
    return rows.order_by("id")
