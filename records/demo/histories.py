"""What was before in the sample clinic: operations, the family, and how people live. The same for one seed."""

import random
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from healthcare.accounts.models import Site, User
from healthcare.db.context import acting_as, acting_as_system
from patients.models import Patient
from patients.rules import age_in_years
from records.actions.histories import (
    FAMILY,
    SURGERY,
    record_living,
    record_none_known,
    record_operation,
    record_relative,
)
from records.demo.entries import ADULT, colleague
from records.kinds.social_history import NO, YES
from records.models import Entry
from records.rules.said import Operation, Relative

SEED = 42
ASKED = 0.6  # the share of adults who were asked


@dataclass(frozen=True)
class Past:
    """Without an operation or a relative it is said that there is none."""

    operations: tuple[Operation, ...] = ()
    relatives: tuple[Relative, ...] = ()
    living: tuple[tuple[str, str], ...] = ()


ROSA = Past(
    (Operation("Gallbladder removed", "2009-05", "Bay State Surgical"), Operation("Cesarean section", "1996")),
    (
        Relative("MTH", "Breast cancer", "52"),
        Relative("FTH", "Heart attack", "61", died=True),
        Relative("BRO", "Diabetes"),
    ),
    (("72166-2", "LA15920-4"), ("alcohol-use", "monthly"), ("71802-3", "LA30189-7"), ("93030-5", "LA30133-5")),
)
PASTS = (
    Past(
        relatives=(Relative("MTH", "High blood pressure"),), living=(("72166-2", "LA18978-9"), ("88122-7", "LA28398-8"))
    ),
    Past(
        (Operation("Appendix removed", "1988"),),
        (Relative("FTH", "Stroke", "70", died=True),),
        (("72166-2", "LA18976-3"), ("alcohol-use", "weekly"), ("67875-5", "LA30136-8")),
    ),
    Past(
        (Operation("Knee replacement", "2018", body_site="left"),), living=(("72166-2", "LA18978-9"), ("93033-9", NO))
    ),
    Past(living=(("72166-2", "LA18977-1"), ("93033-9", YES), ("88122-7", "LA6729-3"))),
)


def tell() -> None:
    """For adults, once; does nothing where somebody's history is known."""
    with acting_as_system("demo"):
        if Entry.objects.filter(kind__in=[SURGERY, FAMILY]).exists():
            return
        nurses = {
            site.pk: colleague(site, "nurse") or colleague(site, "doctor") for site in Site.objects.order_by("id")
        }
        patients = list(Patient.objects.select_related("site").order_by("mrn"))
    dice, now = random.Random(SEED), timezone.now()  # noqa: S311  a story, no secret
    stories = [(patient, _past_of(patient, now.date(), dice)) for patient in patients]
    for site_id, nurse in nurses.items():
        if nurse is not None:
            with acting_as(nurse):
                for patient, past in stories:
                    if past is not None and patient.site_id == site_id:
                        _tell(nurse, patient, past, now)


def _past_of(patient: Patient, today: date, dice: random.Random) -> Past | None:
    asked, past = dice.random() < ASKED, dice.choice(PASTS)
    if (patient.family_name, patient.given_name) == ("Delgado-Ferreira", "Rosa"):
        return ROSA
    grown = patient.birth_date is not None and age_in_years(patient.birth_date, today) >= ADULT
    return past if asked and grown else None


def _tell(nurse: User, patient: Patient, past: Past, now: datetime) -> None:
    for operation in past.operations:
        if patient.birth_date and operation.day[:4] > str(patient.birth_date.year):
            record_operation(by=nurse, patient=patient, operation=operation, now=now)
    for relative in past.relatives:
        record_relative(by=nurse, patient=patient, relative=relative, now=now)
    if not past.operations:
        record_none_known(by=nurse, patient=patient, kind=SURGERY, now=now)
    if not past.relatives:
        record_none_known(by=nurse, patient=patient, kind=FAMILY, now=now)
    record_living(by=nurse, patient=patient, answers=dict(past.living), now=now)
