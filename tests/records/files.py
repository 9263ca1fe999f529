"""Files as people send them with messages."""

from records.models import Attachment, Thread
from records.rules.attachments import Upload
from tests.roles import as_the_system

PDF = b"%PDF-1.7\n" + b"synthetic " * 50
JPEG, PNG, TEXT = (
    b"\xff\xd8\xff\xe0 made up",
    b"\x89PNG\r\n\x1a\n made up",
    "Blood pressure: 120/80 at 8 o’clock".encode(),
)
LETTER = Upload("letter.pdf", PDF)


def attached(thread: Thread) -> list[Attachment]:
    with as_the_system():
        return list(Attachment.objects.filter(message__thread=thread).select_related("patient").order_by("id"))
