"""What the patients of the sample clinic take, by what they suffer from: collected, ready, to prepare, not collected.

Told through the verbs, relative to the day it is told, the same for one seed.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, IntegerField, Value, When
from django.utils import timezone

from healthcare.accounts.models import Membership, Site, User
from healthcare.db.context import acting_as, acting_as_system
from patients.models import Patient
from prescriptions import actions
from prescriptions.models import FavouritePrescription, Medication, Prescription
from prescriptions.rules.safety import Answer
from prescriptions.rules.sig import Sig
from records.models import Entry

SEED = 23
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST_ASKED = ("Internal medicine", "Family medicine")


@dataclass(frozen=True)
class Habit:
    """How a medicine is usually given."""

    label: str
    frequency: str
    reason: str
    dose: str = "1"
    days: int = 30
    ongoing: bool = True
    needed_for: str = ""
    mark: str = ""


HABITS: dict[str, tuple[Habit, ...]] = {
    "I10": (Habit("lisinopril 20 mg, tablet", "in_the_morning", "High blood pressure"),),
    "E78.5": (Habit("atorvastatin 40 mg, tablet", "at_bedtime", "High cholesterol"),),
    "E11.9": (Habit("metformin 850 mg, tablet", "twice_daily", "Diabetes"),),
    "I48.91": (Habit("warfarin 5 mg, tablet", "in_the_evening", "Atrial fibrillation"),),
    "M17.11": (Habit("acetaminophen 500 mg, tablet", "four_times_daily", "Knee pain", "2", 10, True, "pain"),),
    "K21.9": (Habit("omeprazole 20 mg, delayed-release capsule", "in_the_morning", "Reflux"),),
    "J44.9": (
        Habit("tiotropium 18 mcg, inhaler", "in_the_morning", "COPD"),
        Habit("albuterol 90 mcg, inhaler", "every_6_hours", "COPD", "2", 30, True, "short breath"),
    ),
    "J45.909": (
        Habit("fluticasone 110 mcg, inhaler", "twice_daily", "Asthma", "2"),
        Habit("albuterol 90 mcg, inhaler", "every_6_hours", "Asthma", "2", 30, True, "short breath"),
    ),
    "F41.1": (Habit("sertraline 50 mg, tablet", "in_the_morning", "Anxiety", mark="mental_health"),),
    "G43.909": (Habit("sumatriptan 50 mg, tablet", "once_daily", "Migraine", "1", 9, True, "migraine"),),
}
ROSA = ("Delgado-Ferreira", "Rosa")
OVERRIDDEN = Habit(
    "sulfamethoxazole 800 mg + trimethoprim 160 mg, tablet", "twice_daily", "Urinary infection", "1", 3, False
)
ORDER_SETS: dict[str, tuple[Habit, ...]] = {
    "Hypertension, start with two": (
        Habit("lisinopril 10 mg, tablet", "in_the_morning", "High blood pressure"),
        Habit("amlodipine 5 mg, tablet", "in_the_morning", "High blood pressure"),
    ),
    "H. pylori, 14 days, known to be sensitive to clarithromycin": (
        Habit("omeprazole 20 mg, delayed-release capsule", "twice_daily", "H. pylori", "1", 14, False),
        Habit("amoxicillin 500 mg, capsule", "twice_daily", "H. pylori", "2", 14, False),
        Habit("clarithromycin 500 mg, tablet", "twice_daily", "H. pylori", "1", 14, False),
    ),
}
FAVOURITES = {
    "lisinopril 20 mg, tablet": "Pressure, mornings",
    "omeprazole 20 mg, delayed-release capsule": "Reflux, a month",
}
# What becomes of the eleven of each round of a site: most are collected, the others are today's work.
FATES = (
    *("picked_up", "ready", "picked_up", "signed", "late", "picked_up", "picked_up", "picked_up", "ready"),
    *("in_part", "not_dispensed"),
)


def tell() -> None:
    """Load the formulary and write what everybody takes, once; does nothing where something is prescribed."""
    with acting_as_system("demo"):
        actions.load_knowledge(by=None)
        if Prescription.objects.exists():
            return
        problems = problems_by_patient()
        sites = [(site, doctors_of(site), pharmacist_of(site)) for site in Site.objects.order_by("id")]
        patients = list(Patient.objects.select_related("site").order_by("mrn"))
    medications = {line.label: line for line in Medication.objects.order_by("key")}
    arrange_order_sets(medications)
    dice, now = random.Random(SEED), timezone.now()  # noqa: S311  a story, no secret
    for site, doctors, pharmacist in sites:
        if doctors and pharmacist:
            here = [(patient, problems[patient.pk]) for patient in patients if patient.site_id == site.pk]
            told = Story(medications, pharmacist, dice, now)
            told.tell_site(doctors, here)


def arrange_order_sets(medications: dict[str, Medication]) -> None:
    """For every site, as the administrator arranges them."""
    boss = Membership.objects.current().filter(role="administrator").select_related("user").order_by("id").first()
    if boss is None:
        return
    user = boss.user.in_role("administrator")
    with acting_as(user):
        for name, habits in ORDER_SETS.items():
            lines = [
                actions.Line(medications[habit.label], content_of(habit, medications[habit.label])) for habit in habits
            ]
            actions.arrange_order_set(by=user, site=None, name=name, lines=lines)


def content_of(habit: Habit, medication: Medication) -> actions.Content:
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
    return actions.Content(sig=sig, reason=habit.reason, repeats=2 if habit.ongoing else 0, sensitivity=habit.mark)


def problems_by_patient() -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    rows = Entry.objects.of_kind("condition").current().filter(clinical_status="active").order_by("patient_id", "code")
    for patient_id, code in rows.values_list("patient_id", "code"):
        found[patient_id].append(code)
    return found


def doctors_of(site: Site) -> list[User]:
    """Those who can sign there, the generalists first."""
    ranks = [When(user__provider__specialty=name, then=Value(rank)) for rank, name in enumerate(FIRST_ASKED)]
    rows = Membership.objects.current().filter(site=site, role="doctor", user__provider__isnull=False)
    ranked = rows.annotate(rank=Case(*ranks, default=Value(9), output_field=IntegerField()))
    return [row.user.in_role("doctor") for row in ranked.select_related("user").order_by("rank", "user__email")[:2]]


def pharmacist_of(site: Site) -> User | None:
    rows = Membership.objects.current().filter(site=site, role="pharmacist").select_related("user")
    first = rows.order_by("user__email").first()
    return first.user.in_role("pharmacist") if first else None


@dataclass
class Story:
    """One site's medicines. `now` is the day it is told; everything lies before it."""

    medications: dict[str, Medication]
    pharmacist: User
    dice: random.Random
    now: datetime

    def tell_site(self, doctors: list[User], here: list[tuple[Patient, list[str]]]) -> None:
        plans = list(self.plans(here))
        rounds = [(doctor, plans[place :: len(doctors)]) for place, doctor in enumerate(doctors)]
        rosa = [patient for patient, _codes in here if (patient.family_name, patient.given_name) == ROSA]
        rounds.append((doctors[0], [(patient, OVERRIDDEN, "signed") for patient in rosa]))
        for doctor, mine in rounds:
            with acting_as(doctor):
                written = [(self.write(doctor, patient, habit, fate), fate) for patient, habit, fate in mine]
                keep_favourites(doctor, [prescription for prescription, _fate in written])
            with acting_as(self.pharmacist):
                for prescription, fate in written:
                    self.dispense(prescription, fate)
            with acting_as_system("demo"):
                for prescription, fate in written:
                    if fate == "late":
                        actions.expire_uncollected(by=None, prescription_id=prescription.pk, now=self.now)

    def plans(self, here: list[tuple[Patient, list[str]]]) -> Iterator[tuple[Patient, Habit, str]]:
        number = 0
        for patient, codes in here:
            for code in codes:
                for habit in HABITS.get(code, ()):
                    yield patient, habit, FATES[number % len(FATES)]
                    number += 1

    def write(self, doctor: User, patient: Patient, habit: Habit, fate: str) -> Prescription:
        medication = self.medications[habit.label]
        at = self.signed_at(fate)
        content = content_of(habit, medication)
        draft = actions.draft_prescription(by=doctor, patient=patient, medication=medication, content=content, now=at)
        try:
            return actions.sign_prescription(by=doctor, prescription=draft, now=at)
        except actions.FindingsUnanswered as held:
            answers = [answer_to(key) for key in held.missing]
            return actions.sign_prescription(by=doctor, prescription=draft, overrides=answers, now=at)

    def signed_at(self, fate: str) -> datetime:
        if fate == "picked_up":
            return self.now - self.dice.randint(20, 200) * DAY
        if fate == "late":
            return self.now - 16 * DAY
        return self.now - self.dice.randint(*((50, 90) if fate == "in_part" else (1, 40))) * HOUR

    def dispense(self, prescription: Prescription, fate: str) -> None:
        if fate == "signed" or prescription.signed_at is None:
            return
        at, by = prescription.signed_at + HOUR / 2, self.pharmacist
        if fate == "not_dispensed":
            note = "Back in two weeks. Something else until then?"
            actions.not_dispense(by=by, prescription=prescription, reason="out_of_stock", note=note, now=at)
            return
        third = (prescription.quantity or Decimal(0)) // 3
        part: dict[str, Any] = {"quantity": third, "part_reason": "out_of_stock"} if fate == "in_part" else {}
        actions.mark_ready(by=by, prescription=prescription, now=at, **part)
        if fate in ("picked_up", "in_part"):
            actions.pick_up(
                by=by,
                prescription=prescription,
                name=prescription.patient.name,
                relation="self",
                identity_checked=True,
                now=at + self.dice.randint(2, 40) * HOUR,
            )


def keep_favourites(doctor: User, written: list[Prescription]) -> None:
    """What they prescribe often, each once, also by a doctor who works at both sites."""
    first = {prescription.medicine: prescription for prescription in reversed(written)}
    kept = set(FavouritePrescription.objects.filter(user=doctor).values_list("name", flat=True))
    for medicine, name in FAVOURITES.items():
        if medicine in first and name not in kept:
            actions.keep_favourite(by=doctor, prescription=first[medicine], name=name)


def answer_to(key: str) -> Answer:
    if key.startswith("unchecked."):
        return Answer(key, "asked_now")
    return Answer(key, "benefit", "INR on the third day, patient told what to look for")
