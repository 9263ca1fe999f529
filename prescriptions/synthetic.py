"""Invented prescriptions: of every fifth visit of a grown patient one, from signed to collected."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from healthcare.accounts.models import Membership
from patients.synthetic.copying import Keys, Sheets, laid_open
from patients.synthetic.plan import DAY, Plan, milliseconds
from prescriptions.actions import load_knowledge
from prescriptions.actions.steps import end_of, is_intact, signature_of
from prescriptions.actions.steps import write as write_content
from prescriptions.demo import HABITS, Habit
from prescriptions.knowledge import version
from prescriptions.models import CollectionDeadline, Dispense, Medication, Prescription, SafetyCheck
from prescriptions.rules.sig import Content, Sig
from records.models import Encounter

SHARE = 5  # one visit of so many
HOUR = timedelta(hours=1)
MOST = 5_000
# Each patient takes one of these, always the same one, so that no check has anything to say.
USUAL = ("I10", "E78.5", "E11.9", "K21.9", "J45.909", "M17.11")
COLUMNS = {
    Prescription: "patient_id encounter_id prescriber_id site_id medication_id medicine reason sig sig_text quantity"
    " quantity_unit repeats status signed_at signed_by_id signature ends_at ready_at ready_by_id collect_by"
    " not_collected_at picked_up_at picked_up_by picked_up_relation handed_out_by_id dispensed",
    Dispense: "patient_id prescription_id fill quantity state prepared_at prepared_by_id picked_up_at picked_up_by"
    " picked_up_relation handed_out_by_id",
    SafetyCheck: "patient_id prescription_id kb_version ran_at checked",
    CollectionDeadline: "patient_id prescription_id next_at",
}


@dataclass(frozen=True)
class Visit:
    """A finished visit after which something is prescribed; `user` is the provider's account."""

    encounter: UUID
    patient: UUID
    provider: UUID
    site: UUID
    finished_at: datetime
    user: UUID
    given_name: str
    family_name: str


def load(plan: Plan) -> None:
    """Prescribe; most is collected within two days, some not at all, that of the last days is on its way."""
    load_knowledge(by=None)
    keys, usual = plan.keys("prescriptions"), [_usual(habit) for code in USUAL for habit in HABITS[code]]
    found = Membership.objects.filter(role="pharmacist").order_by("-user__email")
    pharmacists = dict(found.values_list("site", "user"))
    with (
        plan.bar("prescriptions", expected(plan)) as bar,
        laid_open(*COLUMNS, tally=plan.tally),
        Sheets(COLUMNS, plan.tally) as sheets,
    ):
        for batch in sheets.batches(_visits(plan), MOST, reads=True):
            for visit in batch:
                _write(plan, keys, sheets, visit, usual[visit.patient.int % len(usual)], pharmacists[visit.site])
            bar.update(len(batch))


def expected(plan: Plan) -> int:
    """Of how many visits something is prescribed."""
    return sum(1 for _visit in _visits(plan))


def check(plan: Plan) -> Iterator[tuple[str, bool]]:
    """Each signature is that of what was signed, and each was checked before."""
    yield (
        "prescriptions, with their checks",
        (Prescription.objects.count() == expected(plan) == SafetyCheck.objects.filter(problem="").count()),
    )
    some = Prescription.objects.order_by("pk")[:200]
    yield "signatures fit (200 prescriptions)", all(is_intact(row) for row in some)


def _visits(plan: Plan) -> Iterator[Visit]:
    grown = plan.ago(18 * 365.25).date()
    found = Encounter.objects.filter(status="finished", patient__birth_date__lt=grown)
    rows = found.order_by("finished_at", "pk").values_list(
        "pk",
        "patient",
        "provider",
        "site",
        "finished_at",
        "provider__user",
        "patient__given_name",
        "patient__family_name",
    )
    return (Visit(*row) for row in rows.iterator(chunk_size=MOST) if row[0].int % SHARE == 0)


def _usual(habit: Habit) -> tuple[Medication, Content]:
    medication = Medication.objects.get(label=habit.label)
    sig = Sig(
        dose=Decimal(habit.dose),
        dose_unit=medication.dose_unit,
        route=medication.route,
        frequency=habit.frequency,
        duration_days=habit.days,
        ongoing=habit.ongoing,
        as_needed=bool(habit.needed_for),
        as_needed_for=habit.needed_for,
    )
    return medication, Content(sig=sig, reason=habit.reason, repeats=2 if habit.ongoing else 0)


def _write(
    plan: Plan, keys: Keys, sheets: Sheets, visit: Visit, usual: tuple[Medication, Content], pharmacist: UUID
) -> None:
    """The prescription with its check; what waits to be collected has its deadline."""
    (medication, content), at = usual, visit.finished_at
    row = Prescription(id=keys.key(milliseconds(at)), created_at=at, updated_at=at, patient_id=visit.patient)
    row.encounter_id, row.prescriber_id, row.site_id = visit.encounter, visit.provider, visit.site
    row.medication, row.medicine = medication, medication.label
    write_content(row, content)
    row.quantity = (row.quantity or Decimal(0)).quantize(Decimal("0.01"))  # as it is read, and so as it is signed
    row.status, row.signed_at, row.signed_by_id = Prescription.Status.SIGNED, at, visit.user
    row.ends_at = end_of(row, content.sig, at) if content.sig else None
    row.signature = signature_of(row)
    _dispense(plan, keys, row, visit, pharmacist)
    sheets.add(row)
    said = {"id": keys.key(milliseconds(at)), "created_at": at, "updated_at": at, "patient_id": visit.patient}
    checked = {"medicines": 0, "allergies": 0, "clear": []}
    sheets.add(SafetyCheck(prescription_id=row.pk, kb_version=version(), ran_at=at, checked=checked, **said))
    if row.ready_at:
        sheets.add(
            _prepared(Dispense(**said | {"id": keys.key(milliseconds(at))}, prescription_id=row.pk), row, pharmacist)
        )
    if row.status == Prescription.Status.READY:
        sheets.add(CollectionDeadline(**said | {"id": row.pk}, prescription_id=row.pk, next_at=row.collect_by))


def _dispense(plan: Plan, keys: Keys, row: Prescription, visit: Visit, pharmacist: UUID) -> None:
    """Prepared within hours; collected soon after, or not at all."""
    ready, chance = visit.finished_at + keys.uniform(0.5, 6) * HOUR, keys.random()
    if ready > plan.now:
        return
    row.status, row.ready_at, row.ready_by_id = Prescription.Status.READY, ready, pharmacist
    row.collect_by, row.dispensed = ready + row.pick_up_days * DAY, row.quantity or Decimal(0)
    collected = ready + keys.uniform(0.5, 48) * HOUR
    if chance < 0.05 and row.collect_by < plan.now:
        row.status, row.not_collected_at = Prescription.Status.NOT_COLLECTED, row.collect_by
    elif chance >= 0.05 and collected < plan.now:
        row.status, row.picked_up_at, row.handed_out_by_id = Prescription.Status.PICKED_UP, collected, pharmacist
        row.picked_up_by, row.picked_up_relation = f"{visit.given_name} {visit.family_name}", "self"


def _prepared(dispense: Dispense, row: Prescription, pharmacist: UUID) -> Dispense:
    """What was put ready of it, and whether it was handed out."""
    dispense.fill, dispense.quantity = 0, row.dispensed
    dispense.prepared_at, dispense.prepared_by_id = row.ready_at or row.created_at, pharmacist
    dispense.picked_up_at, dispense.handed_out_by_id = row.picked_up_at, row.handed_out_by_id
    dispense.picked_up_by, dispense.picked_up_relation = row.picked_up_by, row.picked_up_relation
    if row.picked_up_at:
        dispense.state = Dispense.State.HANDED_OUT
    return dispense
