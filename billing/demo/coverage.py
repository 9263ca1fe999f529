"""Invented payers and plans, and the insurance cards of the sample clinic's patients, the same for one seed."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from billing.access import can_record_coverage
from billing.actions import (
    answer_eligibility,
    ask_eligibility,
    copy_coverage,
    record_coverage,
    set_payer,
    set_plan,
    set_plan_terms,
)
from billing.models import EligibilityCheck, Plan
from billing.rules.coverage import Card
from healthcare.accounts.models import User
from healthcare.db.context import acting_as, acting_as_system
from patients.models import DuplicatePair, Patient
from scheduling.models import HERE, Appointment

SEED = 21
# Payer, kind, number in claims, form of member numbers, and plans with copay and deductible in US dollars.
PAYERS = (
    ("Medicare", "medicare", "MCARE", "9A*9A*9AA99", (("Part B", "public", "0", "257"),)),
    ("Medicaid", "medicaid", "MCAID", "999999999999", (("Standard", "public", "0", "0"),)),
    ("Hartwell Mutual", "commercial", "60054", "AAA999999999", (("Gold PPO", "ppo", "25", "500"),)),
    ("Blue Harbor Health", "commercial", "84146", "A99999999", (("Harbor HMO", "hmo", "15", "0"),)),
    ("Cedar State Health", "commercial", "71064", "999999999", (("Cedar Silver", "epo", "40", "2500"),)),
)
LETTERS = "ABCDEFGHJKMNPQRTUVWXY"
OLD, YOUNG = 65, 18
ASKED = 12  # cards that somebody has asked about


def tell_cards(desks: Mapping[UUID, Sequence[User]], now: datetime) -> None:
    """Four in five patients have a card; some of them two, and some one that is over."""
    today = timezone.localdate(now)
    rng = random.Random(SEED)  # noqa: S311  a story, not a secret
    with acting_as_system("demo"):
        plans = make_plans(today)
        people = list(Patient.objects.order_by("mrn"))
        twice = set(DuplicatePair.objects.waiting().values_list("patient_id", flat=True))  # nobody asked for a card yet
    asked = 0
    for patient in people:
        at_site = desks.get(patient.site_id, [])
        cards = cards_of(patient, plans, today, rng)
        if not at_site or not cards or patient.pk in twice:
            continue
        desk = rng.choice(list(at_site)).in_role("front_desk")
        with acting_as(desk):
            if not can_record_coverage(desk, patient.pk):
                continue
            kept = [record_coverage(by=desk, patient=patient, card=card, now=now) for card in cards]
            if asked < ASKED:
                ask_eligibility(by=desk, coverage=kept[0], service_date=today, now=now)
                asked += 1
    answer(now)


def tell_visits(now: datetime) -> None:
    """Whoever is in the house has come with their cards."""
    with acting_as_system("demo"):
        for visit in Appointment.objects.filter(status__in=HERE).order_by("id"):
            copy_coverage(by=None, now=now, appointment_id=visit.pk)
    answer(now)


def answer(now: datetime) -> None:
    with acting_as_system("demo"):
        for key in EligibilityCheck.objects.filter(status="asked").order_by("id").values_list("pk", flat=True):
            answer_eligibility(by=None, check_id=key, now=now)


def make_plans(today: date) -> list[Plan]:
    """In the order of PAYERS, with terms from the year before."""
    made = []
    for name, kind, number, form, plans in PAYERS:
        payer = set_payer(by=None, name=name, kind=kind, number=number, number_form=form)
        for words, sort, copay, deductible in plans:
            plan = set_plan(by=None, payer=payer, name=words, kind=sort)
            set_plan_terms(
                by=None,
                plan=plan,
                from_date=date(today.year - 1, 1, 1),
                copay=Decimal(copay),
                deductible=Decimal(deductible),
            )
            made.append(plan)
    return made


def cards_of(patient: Patient, plans: Sequence[Plan], today: date, rng: random.Random) -> list[Card]:
    """What this patient shows at the desk; nothing, for one in five."""
    medicare, medicaid, *others = plans
    age = (today - patient.birth_date).days // 365 if patient.birth_date else None
    chance, year = rng.random(), date(today.year, 1, 1)
    if chance < 0.2:
        return []
    if age is not None and age >= OLD:
        return [card(medicare, 1, year, rng), card(rng.choice(others), 2, year, rng)][: 1 if chance < 0.5 else 2]
    plan = medicaid if chance > 0.9 else rng.choice(others)
    last = today - timedelta(days=rng.randint(5, 40)) if chance < 0.3 else None
    if age is not None and age < YOUNG:
        parent = {"relationship": "child", "subscriber_name": f"{rng.choice(PARENTS)} {patient.family_name}"}
        return [card(plan, 1, date(today.year - 1, 1, 1), rng, last_day=last, **parent)]
    return [card(plan, 1, date(today.year - 1, 1, 1), rng, last_day=last)]


PARENTS = ("Maria", "Thomas", "Linh", "Grace", "Omar")


def card(plan: Plan, priority: int, first: date, rng: random.Random, **said: object) -> Card:
    number = number_of(plan.payer.number_form, rng)
    return Card(plan_id=plan.pk, priority=priority, member_id=number, first_day=first, **said)  # type: ignore[arg-type]


def number_of(form: str, rng: random.Random) -> str:
    """A member number of this form, invented."""
    made = {"9": lambda: str(rng.randint(0, 9)), "A": lambda: rng.choice(LETTERS), "*": lambda: rng.choice(LETTERS)}
    return "".join(made[sign]() if sign in made else sign for sign in form)
