"""What those who keep the post running may have done with a letter."""

from uuid import UUID

from django.db import transaction

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from healthcare.messaging.actions import ask_to_send_again


@transaction.atomic
def resend_letter(*, by: User, message_id: UUID) -> None:
    """Have a letter sent again that failed, was given up or is unknown: rather twice than never. Raises NotAllowed."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    record("alerts.resend_letter", by=by, target=("messaging.message", message_id))
    ask_to_send_again(by=by, message_id=message_id)
