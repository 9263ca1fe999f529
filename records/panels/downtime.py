"""For `scheduling.Downtime`: allergies, problems and the last measures, of many patients, without what is marked."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from healthcare.ui.dates import day_text
from records.kinds.allergy import is_none_known, is_refuted
from records.kinds.flags import value_text
from records.models import Entry
from records.queries.allergies import NEVER_ASKED, allergies_of
from records.queries.downtime import listed, measured
from records.queries.lines import title_of
from scheduling.parts import DowntimeLine

AT_ONCE = 200  # patients that `allergies_of` takes


def for_patients(ids: Collection[UUID], now: datetime) -> Mapping[UUID, Sequence[DowntimeLine]]:
    """Three lines each: that nothing is recorded is said, and so is that nobody asked."""
    entries, signs = listed(ids), measured(ids)
    asked = _asked(list(ids))
    return {
        patient_id: [
            DowntimeLine(_("Allergies"), _allergies(entries.get((patient_id, "allergy"), []), asked[patient_id])),
            DowntimeLine(_("Problems"), _named(entries.get((patient_id, "condition"), []))),
            DowntimeLine(_("Last measures"), _measures(signs.get(patient_id, []))),
        ]
        for patient_id in ids
    }


def _asked(ids: Sequence[UUID]) -> dict[UUID, bool]:
    found: dict[UUID, bool] = {}
    for start in range(0, len(ids), AT_ONCE):
        some = allergies_of(ids[start : start + AT_ONCE])
        found |= {patient_id: known.state != NEVER_ASKED for patient_id, known in some.items()}
    return found


def _allergies(entries: Sequence[Entry], asked: bool) -> str:
    named = [entry for entry in entries if not is_none_known(entry) and not is_refuted(entry)]
    if named:
        return "; ".join(_allergy(entry) for entry in named)
    return _("none that may stand here") if asked else _("NEVER ASKED")


def _allergy(entry: Entry) -> str:
    reaction = entry.data.get("reaction", "")
    return f"{entry.display} ({reaction})" if reaction else entry.display


def _named(entries: Sequence[Entry]) -> str:
    return "; ".join(title_of(entry) for entry in entries) or _("none that may stand here")


def _measures(entries: Sequence[Entry]) -> str:
    said = (f"{title_of(entry)} {value_text(entry)}, {day_text(entry.effective_at.date())}" for entry in entries)
    return "; ".join(said) or _("none")
