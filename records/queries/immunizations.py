"""Doses of vaccines as a patient reads them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from patients.models import Patient
from records.kinds.immunization import ROUTES, SITES
from records.models import Entry
from records.queries.lines import EntryLine, line_of


@dataclass(frozen=True)
class Dose:
    """`whom` says who gave it as far as that is known: somebody here, or whoever another place named."""

    line: EntryLine
    whom: str
    how: str


@dataclass(frozen=True)
class Doses:
    given: Sequence[Dose]
    not_given: Sequence[EntryLine]


def doses_of(user: User, patient: Patient) -> Doses:
    """One query. What was declined, or did not take place, is no dose."""
    rows = Entry.objects.visible_to(user).filter(patient_id=patient.pk, kind__in=["immunization", "vaccine_declined"])
    found = list(rows.current().select_related("author").newest_first())
    given = [_dose(entry) for entry in found if entry.kind == "immunization"]
    return Doses(given, [line_of(entry) for entry in found if entry.kind == "vaccine_declined"])


def _dose(entry: Entry) -> Dose:
    data = entry.data
    how = [str(said) for said in (SITES.get(data.get("site", "")), ROUTES.get(data.get("route", ""))) if said]
    return Dose(line_of(entry), _whom(entry), ", ".join([*how, *filter(None, [data.get("dose"), data.get("status")])]))


def _whom(entry: Entry) -> str:
    if entry.data.get("elsewhere"):
        named = entry.data.get("by", "")
        return _("Elsewhere: %(who)s") % {"who": named} if named else _("Elsewhere")
    return entry.author.full_name if entry.author else ""
