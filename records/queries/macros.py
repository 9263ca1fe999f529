"""The clinic's texts that fit the note somebody is writing."""

from uuid import UUID

from healthcare.accounts.models import User
from records.models import Encounter, Macro
from records.rules.notes import PARTS, NoteText, note_text


def macros_for(user: User, encounter: Encounter) -> list[Macro]:
    """Favourites first, then those for this kind of visit, then by name. One query."""
    specialty = encounter.provider.specialty if encounter.provider else ""
    kind = encounter.appointment.visit_type_id if encounter.appointment else None
    fitting = Macro.objects.usable().fitting(specialty=specialty, visit_type_id=kind).with_favourite(user)
    rows = list(fitting.order_by("name", "pk"))
    return sorted(rows, key=lambda row: (not row.favourite, row.visit_type_id is None))  # type: ignore[attr-defined]


def filled(text: NoteText, macro: Macro) -> NoteText:
    """The note with the parts of a template behind what stands in each already."""
    given = note_text(macro.parts)
    both = {part: [getattr(text, part), getattr(given, part)] for part in PARTS}
    return NoteText(**{part: "\n".join(words for words in texts if words) for part, texts in both.items()})


def template_of(macros: list[Macro], asked: str) -> Macro | None:
    """The template that an address names, among those that fit."""
    try:
        wanted = UUID(asked)
    except ValueError:
        return None
    return next((row for row in macros if row.pk == wanted and row.parts), None)
