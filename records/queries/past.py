"""What a chart said at a moment of the past: what was recorded by then, and neither replaced nor taken back by then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.parts import FAILED_CARD, Card
from healthcare.events.parts import answers_of
from patients.models import Patient
from records.models import Entry, EntryQuerySet
from records.parts import PAST_CARD
from records.queries.histories import HISTORIES
from records.queries.lines import EntryLine, lines_of
from records.queries.timeline import IMPORTED
from records.rules.vitals import PANEL

AT_MOST = 100  # of one group, the newest
# Each group: its kinds, its words, and whether the newest of a code stands for all of them.
GROUPS: tuple[tuple[tuple[str, ...], Promise, bool], ...] = (
    (("allergy",), _("Allergies"), False),
    (("condition",), _("Problems"), False),
    (("vital_signs",), _("Last measured"), True),
    (("laboratory_result",), _("Last results"), True),
    (("note", "addendum"), _("Notes"), False),
    (HISTORIES, _("History"), False),
    (("immunization",), _("Immunizations"), False),
)


@dataclass(frozen=True)
class Group:
    """`lines` as they are now: one that was replaced or voided after the moment says so by its status."""

    name: Promise
    lines: Sequence[EntryLine]


@dataclass(frozen=True)
class PastChart:
    """`later`: how many entries are of the time before the moment and were recorded only after it."""

    groups: Sequence[Group]
    later: int

    @property
    def is_empty(self) -> bool:
        return not any(group.lines for group in self.groups)


def chart_at(user: User, patient: Patient, moment: datetime) -> PastChart:
    """The chart as whoever may read it would have found it then. Two queries, however long the chart."""
    rows: EntryQuerySet = Entry.objects.visible_to(user).filter(patient_id=patient.pk)
    found: dict[str, list[Entry]] = {}
    for entry in sorted(_stood(rows, moment), key=lambda entry: (entry.effective_at, entry.pk), reverse=True):
        found.setdefault(entry.kind, []).append(entry)
    groups = [
        Group(name, lines_of(_newest_of_each(entries) if by_code else entries))
        for kinds, name, by_code in GROUPS
        if (entries := [entry for kind in kinds for entry in found.get(kind, [])])
    ]
    late = rows.top().current().exclude(kind=IMPORTED).filter(effective_at__lte=moment, created_at__gt=moment)
    return PastChart(groups, late.count())


def _stood(rows: EntryQuerySet, moment: datetime) -> "QuerySet[Entry]":
    then = rows.standing_at(moment).exclude(kind="vital_signs", code=PANEL).select_related("author")
    first, *others = (then.filter(kind__in=kinds).newest_first()[:AT_MOST] for kinds, _name, _by_code in GROUPS)
    return first.union(*others, all=True)


def _newest_of_each(entries: Sequence[Entry]) -> list[Entry]:
    newest: dict[str, Entry] = {}
    for entry in entries:
        newest.setdefault(entry.code or entry.display, entry)
    return list(newest.values())


def cards_at(user: User, patient: Patient, moment: datetime) -> list[Card]:
    """What the apps to the right have for that moment, in their order; one that failed says so."""
    answers = answers_of(PAST_CARD, lambda card: card(patient, user, moment))
    cards = [FAILED_CARD if given.failed else given.value for given in answers]
    return sorted((card for card in cards if card is not None), key=lambda card: card.order)
