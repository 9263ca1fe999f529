"""The chart on pages of the apps to the left: banner, overview, tabs, home pages, the patient's first page."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission
from patients.models import Patient
from patients.parts import ALLERGIES, BannerNote, ChartTab
from records.actions.results import list_unread_results
from records.actions.vitals import list_waiting_for_vitals
from records.queries import allergies as known
from records.queries import results as results_queries
from records.queries.charts import pressure_chart
from records.queries.growth import growth_text, is_growing
from records.queries.lines import line_of, lines_of
from records.queries.overview import overview_of
from scheduling.models import HERE, Appointment
from scheduling.parts import Step

ON_A_CARD = 6
SHOWN_AT_HOME = 6
NOT_FOR = frozenset({"billing", "researcher", "privacy_officer", "administrator"})  # the design language, section 3
results_tab = ChartTab(_lazy("Results"), "records:results", Permission.READ_CLINICAL, order=30)
problems_tab = ChartTab(_lazy("Problems"), "records:problems", Permission.READ_CLINICAL, order=35)
allergies_tab = ChartTab(_lazy("Allergies"), "records:allergies", Permission.READ_CLINICAL, order=36)
timeline_tab = ChartTab(_lazy("Timeline"), "records:entries", Permission.READ_CLINICAL, order=90)


class Allergies:
    """For `patients.Banner`: never asked, none known, or the list; whether it was asked, for the front desk."""

    def for_patients(self, ids: Collection[UUID], *, user: User) -> Mapping[UUID, Sequence[BannerNote]]:
        if user.acting_role in NOT_FOR:
            return {}
        change = can(user, Permission.RECORD_ALLERGY)
        return {
            patient_id: [note_of(found, reverse("records:allergies", args=[patient_id]) if change else "")]
            for patient_id, found in known.allergies_of(ids).items()
            if found.state != known.NOT_SHOWN
        }


def note_of(found: known.AllergyList, url: str) -> BannerNote:
    if found.state == known.NEVER_ASKED:
        return BannerNote("unknown", _("Allergies never asked"), ALLERGIES, url, _("Ask now") if url else "")
    if found.state == known.RECORDED:
        return BannerNote("info", _("Allergies: recorded"), ALLERGIES)
    if found.state == known.NONE_KNOWN:
        return BannerNote("ok", _("No known allergies"), ALLERGIES)
    if not found.entries:
        return BannerNote("ok", _("No active allergies"), ALLERGIES)
    named = ", ".join(one.words for one in found.entries)
    return BannerNote("bad", _("Allergies: %(list)s") % {"list": named}, ALLERGIES)


allergies_note = Allergies()


# == The overview of a chart ==
def vitals_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """The last value of each measure, and the blood pressure over time."""
    if not can(user, Permission.READ_CLINICAL):
        return None
    found = overview_of(user, patient)
    context = {
        "patient": patient,
        "rows": [
            {"line": line, "values": found.series.get(line.entry.code, ()), "place": growth_text(patient, line.entry)}
            for line in lines_of(found.vitals.in_order())
        ],
        "child": is_growing(patient, now),
        "newest": found.vitals.newest and found.vitals.newest.effective_at,
        "chart": pressure_chart(found.pressures),
        "may_record": can(user, Permission.RECORD_VITALS),
    }
    return Card("records/chart_vitals.html", context, order=20, wide=True)


def results_card(patient: Patient, user: User, now: datetime) -> Card | None:
    if not can(user, Permission.READ_CLINICAL):
        return None
    histories = overview_of(user, patient).tests
    context = {
        "patient": patient,
        "rows": [{"line": line_of(test.newest), "values": test.values} for test in histories],
        "may_enter": can(user, Permission.ENTER_RESULT),
    }
    return Card("records/chart_results.html", context, order=30, wide=True)


def allergies_card(patient: Patient, user: User, now: datetime) -> Card | None:
    if not can(user, Permission.READ_CLINICAL):
        return None
    found = known.list_in(overview_of(user, patient).allergies)
    context = {
        "patient": patient,
        "asked": found.last,
        "asked_at": found.last and known.said_at(found.last),
        "none_known": found.none_known,
        "lines": lines_of(found.active),
        "may_record": can(user, Permission.RECORD_ALLERGY),
    }
    return Card("records/chart_allergies.html", context, order=10)


def problems_card(patient: Patient, user: User, now: datetime) -> Card | None:
    if not can(user, Permission.READ_CLINICAL):
        return None
    rows = overview_of(user, patient).conditions
    over = [row for row in rows if row.clinical_status == "resolved"]
    context = {
        "patient": patient,
        "lines": lines_of(row for row in rows if row not in over),
        "over": len(over),
        "may_record": can(user, Permission.RECORD_CONDITION),
    }
    return Card("records/chart_problems.html", context, order=12)


def imported_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """What other systems told and no kind holds; nothing where they told nothing of the kind."""
    if not can(user, Permission.READ_CLINICAL):
        return None
    kept = overview_of(user, patient).kept
    return Card("records/chart_imported.html", {"patient": patient, "kept": kept}, order=80) if kept else None


# == One visit ==
def vitals_step(visit: Appointment, user: User, now: datetime) -> Step | None:
    """For `scheduling.VisitStep`: measure whoever is here."""
    if visit.status not in HERE or not can(user, Permission.RECORD_VITALS):
        return None
    return Step(_("Record vital signs"), reverse("records:record_vitals", args=[visit.patient_id]))


# == Home pages ==
def unread_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: the doctor's results to read, the oldest first."""
    if not can(user, Permission.RELEASE_RESULT):
        return None
    waiting = list_unread_results(by=user)
    context = {"lines": lines_of(waiting[:SHOWN_AT_HOME]), "number": len(waiting)}
    return Card("records/home_results.html", context, order=25)


def vitals_to_take_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: whom a nurse is to measure, in the order they came."""
    if user.acting_role != "nurse" or not can(user, Permission.RECORD_VITALS):
        return None
    waiting = list_waiting_for_vitals(by=user, now=now)
    return Card("records/home_vitals.html", {"waiting": waiting[:SHOWN_AT_HOME], "number": len(waiting)}, order=22)


def released_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.PortalCard`: the results the patient may read, the newest first."""
    rows = results_queries.results_of(user, patient, at_most=ON_A_CARD)
    return Card("records/portal_home_results.html", {"lines": lines_of(rows)}, order=25) if rows else None
