"""Texts of the clinic for notes: kept by administrators, and each writer's favourites among them."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from records.models import Favourite, Macro
from records.rules.notes import NotANote, note_text

FIELDS = ("shortcut", "name", "specialty", "visit_type", "text", "parts", "active")


class NotKept(Exception):
    """The message is a sentence for whoever typed it."""


@transaction.atomic
def keep_macro(*, by: User, values: Mapping[str, Any], macro: Macro | None = None) -> Macro:
    """Add a phrase or a template, or change one; notes that were written with it stay as they are.

    `values` are by `FIELDS`; `parts` by the parts of a note. Raises NotKept for one that is both or neither, and for a
    word that means something else there; NotAllowed.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    row = Macro.objects.select_for_update(of=("self",)).get(pk=macro.pk) if macro else Macro()
    for name in FIELDS:
        setattr(row, name, values[name])
    try:
        text = note_text(row.parts)
    except NotANote as problem:
        raise NotKept(str(problem)) from problem
    row.parts = {name: words for name, words in vars(text).items() if words}
    if bool(row.text.strip()) == bool(row.parts):
        raise NotKept(_("Write a phrase, or the parts of a template; not both."))
    try:
        with transaction.atomic():
            row.save(force_insert=macro is None)
    except IntegrityError:
        raise NotKept(_("This short word stands for another text there. Choose another word.")) from None
    record("records.keep_macro", by=by, target=row)
    return row


@transaction.atomic
def favour_macro(*, by: User, macro: Macro, wanted: bool) -> None:
    """Put it at the top of one's own list, or no longer. As it is already: nothing. Raises NotAllowed."""
    check_can(by, Permission.WRITE_NOTE)
    kept = Favourite.objects.filter(user=by, macro=macro).first()
    if wanted and kept is None:
        kept = Favourite(user=by, macro=macro)
        kept.save(force_insert=True)
        record("records.favour_macro", by=by, target=macro)
    elif kept is not None and not wanted:
        kept.delete()
        record("records.favour_macro", by=by, target=macro, detail={"wanted": False})
