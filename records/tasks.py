"""Due rows: what the relay hands out when its moment has come, and does itself when the broker is away."""

from uuid import UUID

from django.utils import timezone

from healthcare.db.context import acting_as_system
from healthcare.events import carries_out, every
from records.actions.amendments import remind_of_amendment as remind
from records.actions.attachments import queue_unscanned as queue
from records.actions.attachments import scan_attachment as scan
from records.actions.chasing import chase_result as chase
from records.actions.recalls import call_in as call
from records.actions.releasing import release_when_due
from records.actions.threads import announce_overdue as announce


@carries_out("records.ResultDue")
def chase_result(key: UUID) -> None:
    with acting_as_system("chase_result"):
        chase(by=None, due_id=key, now=timezone.now())


@carries_out("records.ResultRelease")
def release_result(key: UUID) -> None:
    with acting_as_system("release_result"):
        release_when_due(by=None, due_id=key, now=timezone.now())


@carries_out("records.AmendmentRequest")
def remind_of_amendment(key: UUID) -> None:
    with acting_as_system("remind_of_amendment"):
        remind(by=None, request_id=key, now=timezone.now())


@carries_out("records.Recall")
def call_in(key: UUID) -> None:
    with acting_as_system("call_in"):
        call(by=None, recall_id=key, now=timezone.now())


@carries_out("records.Thread")
def announce_overdue(key: UUID) -> None:
    with acting_as_system("announce_overdue"):
        announce(by=None, thread_id=key, now=timezone.now())


@carries_out("records.Attachment")
def scan_attachment(key: UUID) -> None:
    with acting_as_system("scan_attachment"):
        scan(by=None, attachment_id=key, now=timezone.now())


@every(seconds=3600, queue="maintenance")
def queue_unscanned() -> None:
    with acting_as_system("queue_unscanned"):
        queue(by=None, now=timezone.now())
