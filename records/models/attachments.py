"""Files that came with a message."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.fields import EncryptedTextField
from healthcare.db.privileges import Access
from healthcare.events.models import DueWork, DueWorkQuerySet
from patients.models import PatientOwned, within_reach
from records.models.messages import Message

SCANNED = "state, document, queue, next_at, handed_until, attempts, error, updated_at"


class AttachmentQuerySet(DueWorkQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(within_reach(user, self.model.scope))


class Attachment(DueWork, PatientOwned):
    """A file of a message. Its row stays for ever; the file goes where something harmful was found in it.

    `next_at` is when a scanner is asked about it, null once it answered and where there is none.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Being checked")
        UNKNOWN = "unknown", _("Not checked")
        CLEAN = "clean", _("Nothing found")
        INFECTED = "infected", _("Removed")

    scope: ClassVar[Scope] = Scope.MESSAGE
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker=f"SELECT, INSERT, UPDATE ({SCANNED})")

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="+")
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = EncryptedTextField(_("file name"))
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField(help_text=_("Bytes."))
    document = models.UUIDField(null=True, blank=True, help_text=_("The stored object; none once it was removed."))
    state = models.CharField(max_length=8, choices=State)

    objects = AttachmentQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta(DueWork.Meta):
        verbose_name = _("file of a message")
        verbose_name_plural = _("files of messages")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="infected", document=None)
                | Q(state__in=["pending", "unknown", "clean"], document__isnull=False),
                name="attachment_is_there_unless_infected",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", next_at__isnull=False) | ~Q(state="pending") & Q(next_at=None),
                name="attachment_waits_while_pending",
            ),
            models.CheckConstraint(
                condition=Q(content_type__in=["application/pdf", "image/jpeg", "image/png", "text/plain"]),
                name="attachment_type_is_taken",
            ),
        ]


# From → to. What came while nobody scanned is scanned once somebody does.
ATTACHMENT_MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"clean", "infected"}),
    "unknown": frozenset({"pending"}),
    "clean": frozenset(),
    "infected": frozenset(),
}
