"""What was measured and found in the sample clinic: histories with trends, and results that wait to be read.

The same for one seed, relative to the day it is told. What lies more than a month back alarms nobody; of today a few
values are out of range on purpose.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.core.management import call_command
from django.utils import timezone

from healthcare.accounts.models import Membership, Provider, Site, User
from healthcare.db.context import acting_as, acting_as_system
from patients.models import Patient
from patients.rules import age_in_years
from records.actions.allergies import change_allergy, record_allergy, record_no_known_allergies
from records.actions.immunizations import record_immunization
from records.actions.problems import record_condition
from records.actions.results import enter_result, release_result
from records.actions.vitals import record_vitals
from records.models import DiagnosisCode, Entry
from records.rules.laboratory import Measured
from records.rules.said import Dose, Reaction

SEED = 22
VISITS = (560, 370, 180, 45)  # days before today
ADULT, OLD = 18, 50
Span = tuple[float, float]  # from the first visit to the last
GOOD, LOOK = "All well. Nothing to do.", "A little out of range. Keep your medicines as they are; we look again soon."


@dataclass(frozen=True)
class Story:
    """Problems as (code, since), and how pressure, weight in kg and tests went; a test is given by its LOINC code."""

    problems: tuple[tuple[str, str], ...] = ()
    systolic: Span = (122, 119)
    diastolic: Span = (78, 76)
    weight: Span = (74, 73)
    height: float = 170
    tests: Mapping[str, Span] | None = None
    allergies: tuple[Reaction, ...] = ()
    asked: bool = True
    refuted: tuple[tuple[Reaction, str], ...] = ()


SUGAR, SALT, CLOT, FAT, KIDNEY = "4548-4", "2823-3", "6301-6", "18262-6", "33914-3"
ROSA = Story(
    problems=(("E11.9", "2017"), ("I10", "2014"), ("I48.91", "2021"), ("M17.11", "2023")),
    systolic=(158, 134),
    diastolic=(96, 82),
    weight=(86.2, 81.4),
    height=165,
    tests={SUGAR: (8.8, 7.4), CLOT: (2.2, 2.6), SALT: (4.3, 4.6)},
    allergies=(
        Reaction(
            "penicillin",
            "anaphylaxis",
            "severe",
            "medication",
            "1994",
            criticality="high",
            verification="confirmed",
            nature="allergy",
        ),
        Reaction("latex", "rash on hands", "mild", "environment", verification="unconfirmed"),
    ),
    refuted=((Reaction("aspirin", "hives", "mild", "medication"), "Taken since 2019 without a reaction"),),
)
NAMED = {("Delgado-Ferreira", "Rosa"): ROSA}
OLDER = (
    Story(
        (("I10", "2012"), ("E78.5", "2015")), (156, 138), (94, 84), (88, 86), 174, {FAT: (168, 96), SALT: (4.1, 4.4)}
    ),
    Story(
        (("E11.9", "2010"), ("I10", "2009")), (148, 136), (88, 82), (92, 89), 168, {SUGAR: (9.1, 7.8), KIDNEY: (78, 64)}
    ),
    Story(
        (("I48.91", "2019"),),
        (138, 132),
        (80, 78),
        (70, 69),
        166,
        {CLOT: (2.1, 2.5)},
        (Reaction("codeine", "nausea", "mild", "medication"),),
    ),
    Story((("M17.11", "2020"), ("K21.9", "2016")), (134, 128), (80, 78), (79, 78), 162, {FAT: (121, 112)}),
    Story(
        (("J44.9", "2014"), ("I10", "2011")),
        (146, 138),
        (86, 82),
        (66, 63),
        171,
        {SALT: (4.0, 3.9)},
        (Reaction("sulfamethoxazole", "hives", "moderate", "medication"),),
    ),
)
YOUNGER = (
    Story((), (118, 116), (74, 72), (68, 69), 172, {FAT: (98, 102)}),
    Story(
        (("J45.909", "2008"),),
        (120, 122),
        (76, 78),
        (71, 72),
        169,
        None,
        (Reaction("peanut", "swelling of the lips", "severe", "food"),),
    ),
    Story((("F41.1", "2019"),), (124, 120), (80, 76), (63, 66), 165),
    Story(
        (("G43.909", "2016"),),
        (116, 114),
        (72, 70),
        (60, 60),
        168,
        None,
        (Reaction("ibuprofen", "rash", "mild", "medication"),),
    ),
    Story((), (126, 128), (80, 82), (84, 88), 180, {SUGAR: (5.5, 5.8)}, asked=False),
)
MARKED = {"F41.1": "mental_health"}  # what few others see
CHILD = Story()
CHILDHOOD = ("08", "20", "03")
# Today's open work: patient, test, value; read by a doctor of the patient's site.
TO_READ = (
    ("Hollis", "2160-0", "1.62"),
    ("Osei", SUGAR, "8.6"),
    ("Varga", CLOT, "3.4"),
    ("Petrov", "2093-3", "238"),
    ("Goldberg", "718-7", "10.9"),
    ("Reyes", SALT, "4.2"),
    ("Campbell", "3016-3", "2.1"),
    ("Brooks", "777-3", "212"),
)


def tell() -> None:
    """Load the codes and write the histories, once; does nothing where a chart has an entry."""
    with acting_as_system("demo"):
        if Entry.objects.exists():
            return
        sites = list(Site.objects.order_by("id"))
        doctors = {site.pk: colleague(site, "doctor") for site in sites}
        nurses = {site.pk: colleague(site, "nurse") for site in sites}
        patients = list(Patient.objects.select_related("site").order_by("mrn"))
    call_command("load_codes", if_empty=True, verbosity=0)
    dice, now = random.Random(SEED), timezone.now()  # noqa: S311  a story, no secret
    stories = [(patient, story_of(patient, now.date(), dice)) for patient in patients]
    for site in sites:
        here = [(patient, story) for patient, story in stories if patient.site_id == site.pk]
        if here and (doctor := doctors[site.pk]) and (nurse := nurses[site.pk] or doctors[site.pk]):
            tell_site(doctor, nurse, here, dice, now)


def colleague(site: Site, role: str) -> User | None:
    """Somebody who works there in this role, acting in it; for a doctor one who has patients."""
    rows = Membership.objects.current().filter(site=site, role=role, user__is_active=True).select_related("user")
    found = rows.filter(user__provider__isnull=False) if role == "doctor" else rows
    first = found.order_by("user__email").first()
    return first.user.in_role(role) if first else None


def born_on(patient: Patient) -> date:
    """For whom nobody knows it, the story is that of somebody born then."""
    return patient.birth_date or date(1980, 1, 1)


def age_of(patient: Patient, on: date) -> int:
    return age_in_years(born_on(patient), on)


def story_of(patient: Patient, today: date, dice: random.Random) -> Story:
    known = NAMED.get((patient.family_name, patient.given_name))
    if known:
        return known
    age = age_of(patient, today)
    if age < ADULT:
        return CHILD
    return dice.choice(OLDER if age >= OLD else YOUNGER)


def tell_site(doctor: User, nurse: User, here: list[tuple[Patient, Story]], dice: random.Random, now: datetime) -> None:
    with acting_as(nurse):
        for patient, story in here:
            for part, day in visits(patient, now):
                measure(nurse, patient, story, part, day, dice, now)
            tell_allergies(nurse, patient, story, now)
            tell_vaccines(nurse, patient, now)
    with acting_as(doctor):
        provider = Provider.objects.get(user=doctor)
        for patient, story in here:
            for code in DiagnosisCode.objects.filter(pk__in=[code for code, _since in story.problems]).order_by("code"):
                since = dict(story.problems)[code.code]
                mark = MARKED.get(code.code, "")
                record_condition(by=doctor, patient=patient, code=code, onset=since, now=now, sensitivity=mark)
            for part, day in list(visits(patient, now))[0 if story is ROSA else -2 :]:
                tell_results(doctor, provider, patient, story, part, day, now)
        tell_unread(doctor, provider, [patient for patient, _story in here], now)


def visits(patient: Patient, now: datetime) -> Iterator[tuple[float, datetime]]:
    """How far the story has gone, from 0 to 1, and when; the patient was born by then."""
    for number, ago in enumerate(VISITS):
        day = now.date() - timedelta(days=ago)
        if day > born_on(patient):
            at = time(9 + number, 20)
            yield number / (len(VISITS) - 1), datetime.combine(day, at, ZoneInfo(patient.site.time_zone))


def measure(
    nurse: User, patient: Patient, story: Story, part: float, at: datetime, dice: random.Random, now: datetime
) -> None:
    values = grown(story, part, dice) if story is not CHILD else growing(patient, at, dice)
    record_vitals(by=nurse, patient=patient, measurements=values, effective_at=at, now=now)


def grown(story: Story, part: float, dice: random.Random) -> dict[str, Decimal]:
    return {
        "systolic": number(between(story.systolic, part) + dice.randint(-3, 3), 0),
        "diastolic": number(between(story.diastolic, part) + dice.randint(-2, 2), 0),
        "heart_rate": number(dice.randint(62, 84), 0),
        "temperature": number(36.6 + dice.randint(0, 5) / 10, 1),
        "oxygen": number(dice.randint(96, 99), 0),
        "weight": number(between(story.weight, part) + dice.randint(-4, 4) / 10, 1),
        "height": number(story.height, 0),
    }


def growing(patient: Patient, at: datetime, dice: random.Random) -> dict[str, Decimal]:
    """Near the middle of the growth charts: 8 kg and 77 cm, and each year 2.6 kg and 6.2 cm more."""
    years = min(16.0, (at.date() - born_on(patient)).days / 365.25)
    weight, height = (8 + 2.6 * years, 77 + 6.2 * years) if years >= 1 else (3.5 + 5.5 * years, 50 + 25 * years)
    pulse = 120 if years < 2 else 100 if years < 6 else 84
    return {
        "heart_rate": number(pulse + dice.randint(-6, 6), 0),
        "temperature": number(36.7 + dice.randint(0, 4) / 10, 1),
        "weight": number(weight, 1),
        "height": number(height, 1),
    }


def between(span: Span, part: float) -> float:
    return span[0] + (span[1] - span[0]) * part


def number(value: float, decimals: int) -> Decimal:
    return Decimal(f"{value:.{decimals}f}")


# == Lists ==
def tell_allergies(nurse: User, patient: Patient, story: Story, now: datetime) -> None:
    for reaction in story.allergies:
        record_allergy(by=nurse, patient=patient, reaction=reaction, now=now)
    for reaction, because in story.refuted:
        entry = record_allergy(by=nurse, patient=patient, reaction=reaction, now=now)
        change_allergy(by=nurse, entry=entry, reaction=reaction, standing="refuted", because=because, now=now)
    if story.asked and not story.allergies:
        record_no_known_allergies(by=nurse, patient=patient, now=now)


def tell_vaccines(nurse: User, patient: Patient, now: datetime) -> None:
    years = age_of(patient, now.date())
    given = CHILDHOOD if years < ADULT else ()
    for place, vaccine in enumerate((*given, "140")):
        at = now - timedelta(days=400 if vaccine == "140" else 60 * (place + 1) + (0 if years < 2 else 700))
        if at.date() > born_on(patient):
            dose = Dose(vaccine=vaccine, lot=f"L{place}{patient.mrn[-4:]}", elsewhere=years >= ADULT)
            record_immunization(by=nurse, patient=patient, dose=dose, effective_at=at, now=now)


# == Results ==
def tell_results(
    doctor: User, provider: Provider, patient: Patient, story: Story, part: float, at: datetime, now: datetime
) -> None:
    for code, span in (story.tests or {}).items():
        value = number(between(span, part), 0 if span[0] > 20 else 1)
        entry = enter_result(
            by=doctor, patient=patient, measured=Measured(code, value), effective_at=at, now=now, provider=provider
        )
        release_result(by=doctor, entry=entry, comment=LOOK if entry.data["flag"] else GOOD, now=now)


def tell_unread(doctor: User, provider: Provider, here: list[Patient], now: datetime) -> None:
    """Entered yesterday and today, for the doctor to read."""
    by_name = {patient.family_name: patient for patient in here}
    for place, (family, code, value) in enumerate(TO_READ):
        if family in by_name:
            at = now - timedelta(hours=4 * place + 1)
            measured = Measured(code, Decimal(value), laboratory="Bay State Laboratory")
            enter_result(
                by=doctor, patient=by_name[family], measured=measured, effective_at=at, now=now, provider=provider
            )
