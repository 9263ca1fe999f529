"""What the pages about one patient gather from the apps to the right."""

from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.accounts.parts import FAILED_CARD, Card
from healthcare.db.prepared import prepared
from healthcare.events.parts import answers_of
from healthcare.ui.dates import day_text
from patients.models import CareRelationship, Patient
from patients.parts import ALLERGIES, BannerNote
from patients.rules.profile import LANGUAGES


def not_shown() -> tuple[BannerNote, BannerNote]:
    """What stands in place of the notes of an app that failed."""
    unsafe = _("Allergies could not be shown: do not rely on this page.")
    return BannerNote("bad", unsafe, slot=ALLERGIES), BannerNote("bad", _("Some warnings could not be shown"))


@dataclass(frozen=True)
class Notes:
    """What the banner says beside the name."""

    allergies: BannerNote | None = None
    alerts: Sequence[BannerNote] = field(default_factory=list)
    died: str = ""


def banner_notes(user: User, ids: Collection[UUID]) -> dict[UUID, Notes]:
    """For each patient what the apps want known first. Of allergies, who stands furthest right knows best.

    An app that fails leaves a warning in place of its notes: silence would be taken for safety.
    """
    said: dict[UUID, list[BannerNote]] = {patient_id: [] for patient_id in ids}
    for given in answers_of("patients.Banner", lambda part: dict(part.for_patients(list(said), user=user))):
        notes = dict.fromkeys(said, not_shown()) if given.value is None else given.value
        for patient_id, found in notes.items():
            said[patient_id].extend(found)
    return {
        patient_id: Notes(
            allergies=next((note for note in reversed(notes) if note.slot == ALLERGIES), None),
            alerts=[note for note in notes if note.slot != ALLERGIES],
        )
        for patient_id, notes in said.items()
    }


def notes_of(user: User, patient: Patient) -> Notes:
    """What the banner says of this patient: first that they have died, last how to speak with them."""
    notes = banner_notes(user, [patient.pk])[patient.pk]
    died, how = "", []
    if patient.deceased:
        day = patient.deceased_date
        died = _("Died on %(day)s") % {"day": day_text(day)} if day else _("Has died")
    if patient.public_eye:
        how.append(BannerNote("warn", _("In the public eye: every opening is looked at")))
    if patient.interpreter:
        language = LANGUAGES.get(patient.language, "")
        how.append(BannerNote("warn", _("Interpreter") + (f": {language}" if language else "")))
    if patient.pronouns:
        how.append(BannerNote("info", patient.pronouns))
    return replace(notes, died=died, alerts=[*notes.alerts, *how])


def cards_of(
    part: str, patient: Patient, user: User, now: datetime, scopes: Container[str] | None = None
) -> list[Card]:
    """The cards that the apps have for a page about this patient, in their order; one that failed says so.

    With `scopes`, without those that show another part of the record.
    """

    def drawn(card: Any) -> Card | None:
        open_to_them = scopes is None or not hasattr(card, "scope") or card.scope in scopes
        made: Card | None = card(patient, user, now) if open_to_them else None
        return made

    answers = answers_of(part, drawn)
    cards = [FAILED_CARD if given.failed else given.value for given in answers]
    return sorted((card for card in cards if card is not None), key=lambda card: card.order)


def has_record(user: User) -> bool:
    """Whether this person may open a record as a patient: their own, or of somebody they act for."""
    return CareRelationship.objects.current().filter(user=user, role="patient").exists()


def own_record(user: User) -> UUID | None:
    """The key of the record that is this person's own; None before the account is linked."""
    own = CareRelationship.objects.current().filter(user=user, kind=CareRelationship.Kind.SELF)
    return own.values_list("patient_id", flat=True).first()


def own_patient(user: User) -> Patient | None:
    """The patient whose account this is, with the site; None before the account is linked."""
    return next(iter(_linked_to(user)), None)


@prepared
def _linked_to(user: User) -> "QuerySet[Patient]":
    own = CareRelationship.objects.current().filter(user=user, kind=CareRelationship.Kind.SELF)
    return (
        Patient.objects.visible_to(user).filter(pk__in=own.values("patient")).select_related("site").order_by("pk")[:1]
    )
