"""Who takes it: what the chart knows of age, weight, kidneys and pregnancy, for the safety check."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.db.prepared import prepared
from patients.models import Patient
from prescriptions.knowledge import without_salts
from prescriptions.models import DISPENSERS, Medication
from prescriptions.rules.people import GROWN_MONTHS, Dosing, Person, dosing_of, egfr_of
from prescriptions.rules.sig import Sig
from records.kinds.condition import PRESENT
from records.models import Entry
from records.rules.vitals import age_in_months

# LOINC
WEIGHT, CREATININE = "29463-7", "2160-0"
EGFR = ("98979-8", "62238-1", "33914-3", "88294-4", "48642-3", "48643-1")
MEASURED = (WEIGHT, CREATININE, *EGFR)
IN_KG = {"kg": Decimal(1), "g": Decimal("0.001"), "[lb_av]": Decimal("0.45359237")}
# ICD-10-CM of a pregnancy that goes on, and the same in SNOMED CT as other systems tell of it.
PREGNANT = Q(code_system="icd-10-cm", code__regex=r"^(Z33\.1|Z34|Z3A|O0[0-35-9]|O1|O2|O3|O4)") | Q(
    code_system="snomed", code__in=["72892002", "77386006", "47200007"]
)


@dataclass(frozen=True)
class KnownOf:
    """What the check goes by, and the entries that say it."""

    person: Person = field(default_factory=Person)
    weight: Entry | None = None
    pregnancy: Entry | None = None


def known_of(user: User, patient: Patient, now: datetime) -> KnownOf:
    """As far as this person may see it; who dispenses is told the weight alone. One query."""
    if user.acting_role in DISPENSERS:
        return _known_at_the_dispensary(patient, now)
    rows = _said_of(user, patient)
    pregnancy = next((row for row in rows if row.kind == "condition"), None)
    last = {row.code: row for row in rows if row.kind != "condition"}
    months = age_in_months(patient.birth_date, timezone.localtime(now).date())
    weight, kidney = _weight(last.get(WEIGHT)), _kidney(last, months, patient.sex)
    person = Person(
        age_months=months,
        sex=patient.sex,
        weight=weight,
        weighed=_day(last[WEIGHT]) if weight is not None else "",
        egfr=kidney[0] if kidney else None,
        egfr_of=kidney[1] if kidney else "",
        pregnancy=str(pregnancy.pk) if pregnancy else "",
    )
    return KnownOf(person, last.get(WEIGHT), pregnancy)


def _known_at_the_dispensary(patient: Patient, now: datetime) -> KnownOf:
    """Age, sex and the last weight: the database tells no more of what was measured."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT value, unit, effective_at FROM app.weight_to_dispense(%s)", [patient.pk])
        row = cursor.fetchone()
    entry = Entry(value=row[0], unit=row[1], effective_at=row[2]) if row else None
    weight = _weight(entry)
    person = Person(
        age_months=age_in_months(patient.birth_date, timezone.localtime(now).date()),
        sex=patient.sex,
        weight=weight,
        weighed=_day(entry) if entry is not None and weight is not None else "",
    )
    return KnownOf(person)


@prepared
def _said_of(user: User, patient: Patient) -> "QuerySet[Entry]":
    """The newest of each measure, and each code of a pregnancy that goes on."""
    present = Q(kind="condition", clinical_status__in=PRESENT) & PREGNANT
    rows = Entry.objects.visible_to(user).filter(patient=patient).current()
    rows = rows.filter(Q(code__in=MEASURED, value__isnull=False) | present)
    return rows.order_by("code", "-effective_at", "-id").distinct("code")


def _weight(entry: Entry | None) -> Decimal | None:
    if entry is None or entry.value is None or entry.unit not in IN_KG:
        return None
    return (entry.value * IN_KG[entry.unit]).quantize(Decimal("0.1"))


def _kidney(last: Mapping[str, Entry], months: int | None, sex: str) -> tuple[int, str] | None:
    """The newest of what a laboratory reckoned and what follows from creatinine; of adults alone."""
    if months is None or months < GROWN_MONTHS:
        return None
    found: list[Any] = [(row.effective_at, row.value, row) for code in EGFR if (row := last.get(code))]
    if (creatinine := last.get(CREATININE)) and creatinine.value and creatinine.unit == "mg/dL":
        value = egfr_of(creatinine.value, months // 12, sex)
        found.append((creatinine.effective_at, value, creatinine))
    if not found:
        return None
    _at, value, row = max(found, key=lambda one: one[0])
    return int(value), _day(row)


def _day(entry: Entry) -> str:
    day = timezone.localtime(entry.effective_at).date()
    return f"{day:%b} {day.day}, {day.year}"


def dosing_for(medication: Medication | None, sig: Sig | None) -> Dosing | None:
    """How much of what; None without directions, and of what is written by hand."""
    if medication is None or sig is None:
        return None
    return dosing_of(sig, without_salts(medication.name.split(" + ")), medication.strength)
