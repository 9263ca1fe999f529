"""Texts of the clinic for messages to patients: kept by administrators."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from records.models import MessageTemplate
from records.rules.messages import LONGEST
from records.rules.templates import PLACES, unknown_places

FIELDS = ("site", "language", "name", "body", "active")


class NotKept(Exception):
    """The message is a sentence for whoever typed it."""


@transaction.atomic
def keep_message_template(
    *, by: User, values: Mapping[str, Any], template: MessageTemplate | None = None
) -> MessageTemplate:
    """Add a text or change one, `values` by `FIELDS`; messages that were written with it stay as they are.

    Raises NotKept for an empty or too long one, for places that nobody would fill, and for a name that another text of
    the site has in this language; NotAllowed.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    rows = MessageTemplate.objects.select_for_update(of=("self",))
    row = rows.get(pk=template.pk) if template else MessageTemplate()
    for name in FIELDS:
        setattr(row, name, values[name])
    row.name, row.body = row.name.strip(), row.body.replace("\r\n", "\n").strip()
    _check_text(row)
    try:
        with transaction.atomic():
            row.save(force_insert=template is None)
    except IntegrityError:
        raise NotKept(_("There is a text of this name in this language already. Choose another name.")) from None
    detail = {"language": row.language, "active": row.active, "new": template is None}
    record("records.keep_message_template", by=by, target=row, detail=detail)
    return row


def _check_text(row: MessageTemplate) -> None:
    """Raises NotKept."""
    if not (row.name and row.body):
        raise NotKept(_("Give the text a name, and write something."))
    if len(row.body) > LONGEST:
        raise NotKept(_("%(limit)d characters fit.") % {"limit": LONGEST})
    if unknown := unknown_places(row.body):
        told = {"unknown": ", ".join(unknown), "known": ", ".join(f"{{{place}}}" for place in PLACES)}
        raise NotKept(_("Nobody fills %(unknown)s. These are filled by themselves: %(known)s.") % told)
