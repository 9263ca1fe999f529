"""Invented charts: an encounter for every visit that took place, what was said in it, and one very long chart."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count

from healthcare.accounts.models import Membership, Provider
from patients.models import Patient
from patients.synthetic import NULL, heavy_patient
from patients.synthetic.copying import Keys, Sheets, laid_open
from patients.synthetic.plan import DAY, Plan, milliseconds
from records.models import Encounter, Entry
from records.rules.notes import signature_of
from records.rules.ranges import ADULT
from records.rules.vitals import age_in_months
from records.synthetic import contents
from records.synthetic.contents import Piece
from scheduling.models import Appointment

MINUTE = timedelta(minutes=1)
MOST = 5_000  # visits between two COPYs
RECENT = 3 * DAY  # what is younger may still wait for its reader or its signature
EARLIER = 3650  # days over which the longest chart goes back
COLUMNS = {
    Encounter: "patient_id provider_id site_id appointment_id status reason started_at finished_at finished_by_id"
    " note_signed_at",
    Entry: "patient_id encounter_id kind code code_system display clinical_status data value unit effective_at"
    " author_id enterer_id parent_id signed_at signed_by_id signature provider_id acknowledged_at acknowledged_by_id"
    " released_at released_by_id release_comment",
}
# What is recorded in a visit besides its note, and how often.
HABITS = {"vital_signs": 14, "battery": 26, "condition": 11, "immunization": 9}
COMMENT = "A little outside the usual range. We look at it again at your next visit."
BROKEN = """SELECT EXISTS (SELECT 1 FROM records_entry e LEFT JOIN records_encounter v ON v.id = e.encounter_id
    LEFT JOIN records_entry p ON p.patient_id = e.patient_id AND p.id = e.parent_id
    WHERE (e.encounter_id IS NOT NULL AND v.patient_id IS DISTINCT FROM e.patient_id)
        OR (e.parent_id IS NOT NULL AND p.kind IS DISTINCT FROM e.kind))"""


@dataclass(frozen=True)
class Visit:
    """A visit that took place, or is taking place: `user` is the provider's account."""

    appointment: UUID
    patient: UUID
    provider: UUID
    site: UUID
    status: str
    started_at: datetime
    finished_at: datetime | None
    reason: str
    user: UUID
    born: date
    sex: str


@dataclass
class Chart:
    """What is drawn from, and what was said of whom already."""

    plan: Plan
    keys: Keys
    sheets: Sheets
    nurses: dict[UUID, UUID]
    panels: dict[int, list[list[list[Piece]]]]
    batteries: dict[tuple[str, bool], list[list[list[Piece]]]]
    said: Counter[tuple[UUID, str]] = field(default_factory=Counter)
    wish: str = ""


def load(plan: Plan) -> None:
    """As many entries as were asked for: each visit gets its note, and in turn what else is recorded."""
    heavy = heavy_patient()
    if heavy is None:
        raise ValueError("The patient with the longest chart is missing.")
    finished = Appointment.objects.filter(status="checked_out").exclude(patient=heavy).count()
    provider = Provider.objects.filter(sites=heavy.site_id).order_by("user__email").first()
    with (
        plan.bar("charts", plan.entries) as bar,
        laid_open(*COLUMNS, tally=plan.tally),
        Sheets(COLUMNS, plan.tally) as sheets,
    ):
        chart, made, number, told = _chart(plan, sheets), 0, 0, 0
        for batch in sheets.batches(_visits(), MOST, reads=True):
            for visit in batch:
                encounter = _begin(chart, visit)
                if visit.status == "checked_out" and visit.patient == heavy.pk:
                    told += _note(chart, visit, encounter)
                elif visit.status == "checked_out":
                    number += 1
                    made += _tell(chart, visit, encounter, (plan.entries - plan.heavy) * number // finished - made)
            bar.update(len(sheets[Entry]))
        _fill(chart, heavy, provider, plan.entries - made - told)
        bar.update(len(sheets[Entry]))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ONLY records_encounter, ONLY records_entry")


def check(plan: Plan) -> Iterator[tuple[str, bool]]:
    """All there, each in an encounter and a panel of its own patient, and no finished visit without an encounter."""
    yield "entries as asked", Entry.objects.count() == plan.entries
    heavy = heavy_patient()
    yield (
        "the longest chart is the longest",
        heavy is not None
        and (
            Entry.objects.filter(patient=heavy).count() >= plan.heavy
            and Entry.objects.values("patient").annotate(n=Count("pk")).order_by("-n")[0]["patient"] == heavy.pk
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute(BROKEN)
        yield "entries lie with their patient's visits and panels", not cursor.fetchone()[0]
    seen = Appointment.objects.filter(status__in=["checked_out", "with_provider"]).count()
    yield "every visit has its encounter", Encounter.objects.count() == seen


def told() -> dict[str, Any]:
    """The patient with the longest chart, for `bench chart`."""
    heavy = heavy_patient()
    return {"longest_chart": str(heavy.pk)} if heavy else {}


# == What there is ==
def _chart(plan: Plan, sheets: Sheets) -> Chart:
    keys = plan.keys("records")
    nurses = dict(Membership.objects.filter(role="nurse").order_by("-user__email").values_list("site", "user"))
    batteries = {
        (sex, child): contents.batteries(keys, sex, 9 if child else 45)
        for sex in Patient.Sex.values
        for child in (False, True)
    }
    return Chart(plan, keys, sheets, nurses, contents.panels(keys), batteries)


def _visits() -> Iterator[Visit]:
    found = Appointment.objects.filter(status__in=["checked_out", "with_provider"]).order_by("started_at", "pk")
    rows = found.values_list(
        "pk",
        "patient",
        "provider",
        "site",
        "status",
        "started_at",
        "finished_at",
        "reason",
        "provider__user",
        "patient__birth_date",
        "patient__sex",
    )
    return (Visit(*row) for row in rows.iterator(chunk_size=MOST))


# == Writing ==
def _begin(chart: Chart, visit: Visit) -> str:
    """The encounter; returns its key. Of the last days some notes are still to sign."""
    key, began = chart.keys.key(milliseconds(visit.started_at)), visit.started_at.isoformat()
    if visit.finished_at is None:
        ends = f"in_progress\t{visit.reason}\t{began}\t{NULL}\t{NULL}\t{NULL}"
    else:
        ended = visit.finished_at.isoformat()
        signed = NULL if _waits(chart, visit) else _signed_at(visit).isoformat()
        ends = f"finished\t{visit.reason}\t{began}\t{ended}\t{visit.user}\t{signed}"
    chart.sheets[Encounter].append(
        f"{key}\t{began}\t{began}\t{visit.patient}\t{visit.provider}\t{visit.site}\t{visit.appointment}\t{ends}"
    )
    return key


def _waits(chart: Chart, visit: Visit) -> bool:
    """A third of the notes of the last days; by the visit, so that it may be asked twice."""
    return chart.plan.now - visit.started_at < RECENT and visit.appointment.int % 3 == 0


def _signed_at(visit: Visit) -> datetime:
    return visit.finished_at or visit.started_at


def _tell(chart: Chart, visit: Visit, encounter: str, owed: int) -> int:
    """Write what is owed by now, as far as it goes: what is wished for next waits until there is room for it."""
    made = 0
    if owed > made:
        made += _note(chart, visit, encounter)
    if owed > made and not chart.said[visit.patient, "allergy"]:
        chance = chart.keys.random()
        known = contents.allergies()
        _add(chart, visit, encounter, known[0] if chance < 0.7 else chart.keys.choice(known[1:]))
        chart.said[visit.patient, "allergy"] += 1
        made += 1
    while owed > made:
        chart.wish = chart.wish or chart.keys.choices(list(HABITS), list(HABITS.values()))[0]
        pieces = _wished(chart, visit)
        if len(pieces) > owed - made:
            break
        _panel(chart, visit, encounter, pieces)
        made, chart.wish = made + len(pieces), ""
    return made


def _wished(chart: Chart, visit: Visit) -> list[Piece]:
    keys, months = chart.keys, age_in_months(visit.born, visit.started_at.date()) or 0
    if chart.wish == "vital_signs":
        takings = chart.panels[contents.band_of(months)]
        return keys.choice(takings[visit.patient.int % len(takings)])
    if chart.wish == "battery":
        return [keys.choice(values) for values in keys.choice(chart.batteries[visit.sex, months < ADULT])]
    known = contents.conditions(months < ADULT) if chart.wish == "condition" else contents.immunizations()
    chart.said[visit.patient, chart.wish] += 1
    return [known[(visit.patient.int + chart.said[visit.patient, chart.wish]) % len(known)]]


def _panel(chart: Chart, visit: Visit, encounter: str, pieces: Iterable[Piece]) -> None:
    """The parts of a panel of vital signs hang on its first row; everything else stands by itself."""
    parent = NULL
    for piece in pieces:
        key = _add(chart, visit, encounter, piece, parent=parent)
        parent = key if chart.wish == "vital_signs" and parent == NULL else parent


def _note(chart: Chart, visit: Visit, encounter: str) -> int:
    """The signed note; returns how many rows."""
    if _waits(chart, visit):
        return 0
    text, at = contents.note(chart.keys, visit.reason), _signed_at(visit)
    signature = signature_of(
        vars(text), patient_id=visit.patient, encounter_id=UUID(encounter), signer_id=visit.user, signed_at=at
    )
    signed = f"{at.isoformat()}\t{visit.user}\t{signature}\t{NULL}\t{NULL}\t{NULL}\t{at.isoformat()}\t{visit.user}\t"
    _row(chart, visit, encounter, contents.note_piece(text), visit.user, at, visit.started_at, NULL, signed)
    return 1


def _add(chart: Chart, visit: Visit, encounter: str, piece: Piece, *, parent: str = NULL) -> str:
    at = min(visit.started_at + 3 * MINUTE, chart.plan.now)
    who = chart.nurses[visit.site] if piece.kind in ("vital_signs", "immunization") else visit.user
    life = f"{NULL}\t{NULL}\t\t{NULL}\t{NULL}\t{NULL}\t{at.isoformat()}\t{NULL}\t"
    if piece.kind == "laboratory_result":
        life = f"{NULL}\t{NULL}\t\t{visit.provider}\t{_read(chart, visit, piece.flagged, at)}"
    return _row(chart, visit, encounter, piece, who, at, at, parent, life)


def _read(chart: Chart, visit: Visit, flagged: bool, at: datetime) -> str:
    """A result of the last days may wait for its reader; the others were read on the next day and released."""
    if chart.plan.now - at < RECENT and chart.keys.random() < 0.6:
        return f"{NULL}\t{NULL}\t{NULL}\t{NULL}\t"
    read = min(at + DAY, chart.plan.now).isoformat()
    return f"{read}\t{visit.user}\t{read}\t{visit.user}\t{COMMENT if flagged else ''}"


def _row(
    chart: Chart,
    visit: Visit,
    encounter: str,
    piece: Piece,
    who: UUID,
    at: datetime,
    effective: datetime,
    parent: str,
    life: str,
) -> str:
    """One entry; `life` is the columns from `signed_at` to the last. Returns its key."""
    key, when = chart.keys.key(milliseconds(at)), at.isoformat()
    chart.sheets[Entry].append(
        f"{key}\t{when}\t{when}\t{visit.patient}\t{encounter}\t{piece.text}\t{effective.isoformat()}\t{who}\t{who}"
        f"\t{parent}\t{life}"
    )
    return key


def _fill(chart: Chart, heavy: Patient, provider: Provider | None, owed: int) -> None:
    """Ten years of results and vital signs from before, without encounters."""
    if provider is None or provider.user_id is None or owed < 0:
        raise ValueError("The longest chart cannot be filled.")
    while owed > 0:
        at = chart.plan.ago(chart.keys.uniform(10, EARLIER))
        visit = Visit(
            provider.pk,
            heavy.pk,
            provider.pk,
            heavy.site_id,
            "checked_out",
            at,
            at,
            "",
            provider.user_id,
            heavy.birth_date or date(1955, 1, 1),
            heavy.sex,
        )
        chart.wish = chart.keys.choice(("vital_signs", "battery")) if owed > 10 else "condition"
        pieces = _wished(chart, visit)
        _panel(chart, visit, NULL, pieces)
        owed -= len(pieces)
