"""Visits of the sample clinic and their notes: signed ones, an addendum, two that wait, two to co-sign, and the visits
of the moment.

The same for one seed, relative to the day it is told: which visits there are is the story of `scheduling`.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from healthcare.accounts.models import User
from healthcare.db.context import acting_as, acting_as_system
from records.actions.encounters import finish_encounter, start_encounter
from records.actions.notes import add_addendum, save_draft, sign_note
from records.actions.problems import record_condition
from records.actions.writing import NotRecorded
from records.demo.training import IN_TRAINING, tell_who_supervises
from records.models import Encounter
from records.queries.codes import code_of
from records.rules.notes import NoteText
from scheduling.models import Appointment

UNSIGNED = "maren.okafor@"  # whose newest visits wait: one with a draft, one not begun
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Told:
    """What a doctor writes for a reason: `code` is the diagnosis of the visit, in ICD-10-CM, or empty."""

    told: str
    found: str
    view: str
    plan: str
    take_home: str
    code: str = ""


USUAL = Told(
    "Feels well on the whole. Came to talk things through.",
    "Well. Nothing new to be found.",
    "No change since last time.",
    "Go on as before. Come back in 6 months, earlier if anything changes.",
    "Go on as you do now. Come back in 6 months, or earlier if something changes.",
)
WRITTEN = {
    "Blood pressure review": Told(
        "Measures at home in the morning, mostly about 135 over 85. No dizziness, no chest pain.",
        "Heart regular, no murmur. No swelling of the legs.",
        "Blood pressure nearly at goal.",
        "Tablets unchanged. Less salt. Blood pressure diary for 4 weeks, then call.",
        "Take your tablets as before. Write down your blood pressure each morning for 4 weeks, then call us.",
        "I10",
    ),
    "Diabetes review": Told(
        "Walks 20 minutes most days. Two low-sugar feelings in the afternoon, better after eating.",
        "Feet: skin whole, pulses felt, feels the 10 g thread at 9 of 10 points.",
        "Type 2 diabetes, A1c better than last time.",
        "Metformin unchanged. Eye photo. A1c again in 3 months.",
        "Take your tablets as before. Have a photo taken of your eyes. Come for a blood test in 3 months.",
        "E11.9",
    ),
    "Cough for three weeks": Told(
        "Dry cough since a cold three weeks ago, worse at night. No fever, no weight loss, does not smoke.",
        "Throat pale. Lungs clear on both sides.",
        "Cough after an infection, going away by itself.",
        "No antibiotic. Chest film if it lasts longer than 8 weeks.",
        "This cough goes away by itself. Call us if you get a fever, or if it lasts longer than 8 weeks.",
        "R05.3",
    ),
    "Headaches": Told(
        "Headache over both temples on two days a week, after work. No vomiting, no trouble with the eyes.",
        "Neck muscles tight. Pupils equal, eyegrounds clear, walks a straight line.",
        "Tension-type headache.",
        "Breaks at the screen, headache diary. Tablets on at most 8 days a month.",
        "Take a break from the screen each hour. Write down when your head hurts, and bring it next time.",
        "G44.209",
    ),
    "Knee pain": Told(
        "Right knee hurts on stairs, stiff for ten minutes in the morning. No fall.",
        "Right knee: no warmth, no fluid, bends to 120 degrees with a grating feel.",
        "Osteoarthritis of the right knee.",
        "Exercises with physical therapy, 6 times. Acetaminophen when needed.",
        "Do the exercises every day. Acetaminophen helps on bad days: at most 3 grams a day.",
        "M17.11",
    ),
    "Rash on the arms": Told(
        "Itching red patches in the bends of both elbows since the heating went on.",
        "Dry red patches in both elbow bends, scratched. No blisters.",
        "Atopic dermatitis.",
        "Moisturizer twice a day. Hydrocortisone cream on the patches for a week.",
        "Use a cream without perfume twice a day. Use the hydrocortisone on the red patches for one week.",
        "L20.9",
    ),
    "Ear pain": Told(
        "Pain in the left ear since last night after a cold. Drinks, plays.",
        "Left eardrum red and bulging, right one clear.",
        "Otitis media on the left.",
        "Pain relief, look again in 2 days if it is not better.",
        "Give the pain medicine by weight, as written on the sheet. Come back if it is not better in 2 days.",
        "H66.92",
    ),
    "Palpitations": Told(
        "A flutter in the chest for seconds, a few times a week, at rest.",
        "Pulse regular. ECG: normal.",
        "Palpitations, nothing dangerous found.",
        "Holter for 48 hours. Less coffee.",
        "Wear the recorder for two days. Call 911 if you faint or your chest hurts.",
        "R00.2",
    ),
}


def tell() -> None:
    """Write the notes of visits that are over and begin those that go on, once."""
    with acting_as_system("demo"):
        if Encounter.objects.exists():
            return
        over, running = _appointments()
    waits, learning = _waiting(over), _newest_of(IN_TRAINING, over)
    _write_all([visit for visit in over if visit.pk not in learning], waits)
    tell_who_supervises()
    _write_all([visit for visit in over if visit.pk in learning], waits)
    for visit in running:
        with acting_as(_doctor(visit)):
            _begin(visit)


def _appointments() -> tuple[list[Appointment], list[Appointment]]:
    """Those that are over, the oldest first, and those that are with a provider now."""
    known = Appointment.objects.filter(provider__user__isnull=False).select_related("provider__user", "patient", "site")
    visits = known.filter(status__in=["checked_out", "with_provider"]).order_by("during", "pk")
    there = [visit for visit in visits if _works_there(visit)]
    over = [visit for visit in there if visit.status == "checked_out"]
    return over, [visit for visit in there if visit.status == "with_provider"]


def _works_there(visit: Appointment) -> bool:
    return _doctor(visit).memberships.current().filter(site=visit.site, role="doctor").exists()


def _doctor(visit: Appointment) -> User:
    user = visit.provider.user
    assert user is not None  # noqa: S101  chosen so
    return user.in_role("doctor")


def _waiting(over: Iterable[Appointment]) -> dict[UUID, str]:
    return dict(zip(_newest_of(UNSIGNED, over), ("draft", "nothing"), strict=False))


def _newest_of(whose: str, over: Iterable[Appointment]) -> list[UUID]:
    return [visit.pk for visit in over if _doctor(visit).email.startswith(whose)][-2:]


def _write_all(visits: Iterable[Appointment], waits: Mapping[UUID, str]) -> None:
    for visit in visits:
        doctor, ended = _doctor(visit), visit.finished_at or visit.ends_at
        with acting_as(doctor):
            _write(_begin(visit), doctor, ended, waits.get(visit.pk, "signed"))


def _begin(visit: Appointment) -> Encounter:
    return start_encounter(
        by=_doctor(visit),
        patient=visit.patient,
        provider=visit.provider,
        site=visit.site,
        appointment=visit,
        now=visit.started_at or visit.starts_at,
    )


def _write(encounter: Encounter, doctor: User, ended: datetime, state: str) -> None:
    reason = encounter.reason
    said = WRITTEN.get(reason, USUAL)
    text = NoteText(reason, said.told, said.found, said.view, said.plan, said.take_home)
    if said.code and state == "signed" and (code := code_of(said.code)):
        with suppress(NotRecorded):  # on the list of problems already
            record_condition(by=doctor, patient=encounter.patient, code=code, now=ended, encounter=encounter)
    finish_encounter(by=doctor, encounter=encounter, now=ended)
    if state == "draft":
        save_draft(by=doctor, encounter=encounter, text=text, version=0)
    if state != "signed":
        return
    note = sign_note(by=doctor, encounter=encounter, text=text, version=0, now=ended + 5 * MINUTE)
    if reason == "Diabetes review":
        add_addendum(by=doctor, note=note, text="Eye photo asked for by letter.", now=ended + 90 * MINUTE)
