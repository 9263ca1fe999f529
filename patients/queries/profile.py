"""What is known of a person besides the registration, as the pages show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from healthcare.accounts.models import User
from patients.models import (
    Address,
    ContactPoint,
    ContactPreference,
    Detail,
    LetterWish,
    Patient,
    PatientName,
    RelatedPerson,
)
from patients.queries.quality import MOST
from patients.rules.profile import ALWAYS_QUIET, LANGUAGES, end_of_quiet, may_tell


@dataclass(frozen=True)
class Reach:
    """One way to reach somebody. `row` is None for a first number or address that carries no mark; `first` is the one
    of the patient's own row, which is changed with the registration.
    """

    system: str
    value: str
    first: bool
    row: ContactPoint | None

    @property
    def bad(self) -> str:
        return self.row.get_bad_display() if self.row else ""


@dataclass(frozen=True)
class ProfilePage:
    names: Sequence[PatientName]
    addresses: Sequence[Address]
    contacts: Sequence[Reach]
    people: Sequence[RelatedPerson]
    preferences: Sequence[ContactPreference]
    wishes: Sequence[LetterWish]
    language: str


def profile_of(user: User, patient: Patient) -> ProfilePage:
    def rows(model: type[Detail]) -> list[Any]:
        return list(model.objects.visible_to(user).current().filter(patient=patient).order_by("pk"))

    return ProfilePage(
        names=rows(PatientName),
        addresses=rows(Address),
        contacts=ways_to_reach(patient, rows(ContactPoint)),
        people=sorted(rows(RelatedPerson), key=lambda one: not one.emergency),
        preferences=sorted(rows(ContactPreference), key=lambda one: (one.channel, one.purpose)),
        wishes=sorted(rows(LetterWish), key=lambda one: LetterWish.Topic.values.index(one.topic)),
        language=LANGUAGES.get(patient.language, patient.language),
    )


def ways_to_reach(patient: Patient, rows: Sequence[ContactPoint]) -> list[Reach]:
    """The first ones, then the others in the order in which they were told."""
    known = {(row.system, row.value): row for row in rows}
    firsts = [(system, value) for system, value in (("phone", patient.phone), ("email", patient.email)) if value]
    found = [Reach(system, value, True, known.get((system, value))) for system, value in firsts]
    return found + [Reach(*key, False, row) for key, row in known.items() if key not in firsts]


# == For whoever writes to patients, as the system ==
def why_not_write(patient: Patient, channel: str, address: str, purpose: str) -> str:
    """ "" where the patient lets this address be used for that; "refused", or "bad_address" where nothing arrives."""
    said = ContactPreference.objects.current().filter(patient=patient, channel=channel, purpose=purpose)
    if not may_tell(channel, purpose, said.values_list("allowed", flat=True).first()):
        return "refused"
    system = ContactPoint.System.EMAIL if channel == "email" else ContactPoint.System.PHONE
    marked = ContactPoint.objects.current().filter(patient=patient, system=system, value__iexact=address)
    return "bad_address" if marked.exclude(bad="").exists() else ""


def wish_about(patient: Patient, topic: str) -> str:
    """How the patient wants to hear of it (`LetterWish.How`); "" where they did not say."""
    said = LetterWish.objects.current().filter(patient=patient, topic=topic)
    return said.values_list("how", flat=True).first() or ""


def quiet_until(patient: Patient, now: datetime, channel: str = "email") -> datetime | None:
    """The end of the patient's quiet hours if this moment lies in them, else None; by SMS everybody has some."""
    begins, ends = patient.quiet_from, patient.quiet_until
    if begins is None:
        begins, ends = ALWAYS_QUIET.get(channel, (None, None))
    if begins is None:
        return None
    return end_of_quiet(now.astimezone(ZoneInfo(patient.site.time_zone)), begins, ends)


def patients_with_bad_contacts(user: User) -> list[Patient]:
    """Who has a number or an address where nothing arrives; one more than a page lists."""
    marked = ContactPoint.objects.current().exclude(bad="").filter(patient=OuterRef("pk"))
    return list(Patient.objects.visible_to(user).filter(Exists(marked)).order_by("id")[: MOST + 1])
