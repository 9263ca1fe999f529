"""Who needs a supervisor, and who that is: said by administrators, and never rewritten."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from records.models import Supervision


class NotSupervised(Exception):
    """The message is a sentence for whoever asked."""


@transaction.atomic
def add_supervision(*, by: User, trainee: Provider, supervisor: Provider) -> Supervision:
    """From now on what the one signs waits for the other. Raises NotAllowed and NotSupervised."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    if trainee.pk == supervisor.pk:
        raise NotSupervised(_("Nobody is their own supervisor."))
    row = Supervision(trainee=trainee, supervisor=supervisor, added_by=by)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise NotSupervised(_("This is recorded already.")) from None
    record("records.add_supervision", by=by, target=row)
    return row


@transaction.atomic
def end_supervision(*, by: User, supervision: Supervision, now: datetime) -> None:
    """What is signed from now on waits no more; what waits already may still be co-signed. Raises NotAllowed."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    row = Supervision.objects.select_for_update(of=("self",)).get(pk=supervision.pk)
    if row.ended_at is None:
        row.ended_at, row.ended_by = now, by
        row.save(update_fields=["ended_at", "ended_by", "updated_at"])
        record("records.end_supervision", by=by, target=row)
