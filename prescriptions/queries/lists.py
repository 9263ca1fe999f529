"""Medicines as pages list them, and what stands beside a draft."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db.models import Count, F, Prefetch, Q, QuerySet
from django.utils import timezone

from healthcare.accounts.models import Provider, User
from healthcare.db.prepared import AnyOf, prepared
from patients.models import Patient, reach_of
from patients.queries import sites_of
from prescriptions.models import (
    STOP,
    Dispense,
    MedicationReview,
    MedicationStatement,
    Outreach,
    Prescription,
    PrescriptionQuerySet,
    SafetyCheck,
)
from prescriptions.queries.checking import taken_of, told_of
from prescriptions.queries.doses import with_marked
from prescriptions.queries.halts import last_review, with_halts
from records import queries as records
from records.models import Encounter, Entry
from scheduling.queries.licences import with_licences

Status = Prescription.Status
WEIGHT = "29463-7"  # LOINC: body weight
IN_THE_LIST = 50
MOST = 20  # drafts on one page


def last_weight(user: User, patient: Patient) -> Entry | None:
    """For dosing; None where nobody measured, or this person may not see it."""
    return records.latest_vitals(user, patient.pk).by_code.get(WEIGHT)


def own_encounters(user: User, patient: Patient) -> "QuerySet[Encounter]":
    """Visits that this person holds with the patient, or held: what is prescribed belongs to one's own."""
    rows = Encounter.objects.visible_to(user).filter(patient=patient, provider__user_id=user.pk)
    return rows.filter(status__in=[Encounter.Status.IN_PROGRESS, Encounter.Status.FINISHED])


def current_encounter(user: User, patient: Patient, now: datetime) -> Encounter | None:
    """The visit in which this person is treating the patient now: begun today, by the clock of the running zone."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    running = own_encounters(user, patient).filter(status=Encounter.Status.IN_PROGRESS, started_at__gte=midnight)
    return running.order_by("-started_at").first()


def own_drafts(user: User, patient: Patient, keys: Collection[UUID] = ()) -> list[Prescription]:
    """What this person is writing for the patient, in the order it was begun; `keys` narrow it. One query."""
    rows = Prescription.objects.visible_to(user).filter(patient=patient, status=Status.DRAFT, prescriber__user=user)
    rows = rows.filter(pk__in=keys) if keys else rows
    rows = rows.annotate(licences=with_licences("prescriber"))
    return list(rows.select_related("medication", "prescriber", "site", "patient").order_by("created_at", "id")[:MOST])


# == Lists ==
@dataclass(frozen=True)
class MedicineList:
    """What the patient takes, what is being written, and what is over, newest first; and the same as told by others."""

    active: Sequence[Prescription]
    drafts: Sequence[Prescription]
    past: Sequence[Prescription]
    told: Sequence[MedicationStatement]
    told_past: Sequence[MedicationStatement]
    listed: str  # see `listed_now`


def medicine_list(user: User, patient: Patient, now: datetime) -> MedicineList:
    """Everything prescribed to the patient, as far as this person may see it; the last fifty of what is over."""
    rows = Prescription.objects.visible_to(user).filter(patient_id=patient.pk).select_related("prescriber", "site")
    running = rows.active(now).order_by("-signed_at", "-id")
    going = list(with_marked(user, running, patient, timezone.localdate(now)))
    over = rows.exclude(status=Status.DRAFT).exclude(pk__in=[row.pk for row in going])
    told = told_of(user, patient.pk, now)
    others = MedicationStatement.objects.visible_to(user).filter(patient_id=patient.pk).current()
    others = others.exclude(pk__in=[row.pk for row in told]).select_related("ended_by")
    past = list(over.exclude(signed_at=None).order_by("-signed_at", "-id")[:IN_THE_LIST])
    told_past = list(others.order_by("-said_at", "-id")[:IN_THE_LIST])
    with_halts(user, [*going, *past, *told, *told_past])
    return MedicineList(
        active=going,
        drafts=list(rows.filter(status=Status.DRAFT).order_by("-created_at", "-id")),
        past=past,
        told=told,
        told_past=told_past,
        listed=_digest([*going, *told]),
    )


def listed_now(user: User, patient: Patient, now: datetime) -> str:
    """What is taken and how it stands, as this person sees it: the same as long as nothing changes."""
    return _digest([*taken_of(user, patient, now), *told_of(user, patient.pk, now)])


def _digest(rows: Sequence[Prescription | MedicationStatement]) -> str:
    said = sorted(f"{row.pk} {row.halt} {row.halt_from and row.halt_from.isoformat()}" for row in rows)
    return sha256("\n".join(said).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class OwnMedicines:
    """A patient's medicines by what they have to do about them."""

    ready: Sequence[Prescription]
    preparing: Sequence[Prescription]
    late: Sequence[Prescription]
    taking: Sequence[Prescription]
    paused: Sequence[Prescription] = ()
    past: Sequence[Prescription] = ()
    told: Sequence[MedicationStatement] = ()
    review: MedicationReview | None = None


def own_medicines(user: User, patient: Patient, now: datetime) -> OwnMedicines:
    """Five queries, whatever there is, and one where something is on hold or stopped."""
    found = medicine_list(user, patient, now)
    told = [*found.told, *(row for row in found.told_past if row.is_stopped)]
    return replace(own_active(found.active, now), past=found.past, told=told, review=last_review(user, patient))


def own_running(user: User, patient: Patient, now: datetime) -> OwnMedicines:
    """What of it was prescribed here and is not over. One query."""
    return own_active(_running(user, patient, now), now)


@prepared
def _running(user: User, patient: Patient, now: datetime) -> "QuerySet[Prescription]":
    rows = Prescription.objects.visible_to(user).filter(patient=patient).select_related("prescriber", "site")
    return rows.active(now).order_by("-signed_at", "-id")


def own_active(rows: Sequence[Prescription], now: datetime) -> OwnMedicines:
    def standing(status: str) -> list[Prescription]:
        return [row for row in rows if row.status == status and not row.is_on_hold(now)]

    return OwnMedicines(
        ready=standing(Status.READY),
        preparing=standing(Status.SIGNED),
        late=standing(Status.NOT_COLLECTED),
        taking=standing(Status.PICKED_UP),
        paused=[row for row in rows if row.is_on_hold(now)],
    )


def last_check_of(user: User, prescription: Prescription) -> SafetyCheck | None:
    checks = checks_of(user, prescription).filter(occasion=SafetyCheck.Occasion.SIGNING)
    # Of a check and the same without marked medicines, the one that says more, where this person may see it.
    return checks.order_by("-ran_at", "-labels__len", "-id").first()


def dispenses_of(user: User, prescription: Prescription) -> list[Dispense]:
    """What was prepared of it so far, the oldest first."""
    rows = Dispense.objects.visible_to(user).filter(prescription=prescription, patient_id=prescription.patient_id)
    return list(rows.select_related("prescription", "prepared_by", "handed_out_by").order_by("prepared_at", "id"))


def outreach_of(user: User, prescription: Prescription) -> list[Outreach]:
    """Who asked why nobody came for it, the newest first."""
    rows = Outreach.objects.visible_to(user).filter(prescription=prescription, patient_id=prescription.patient_id)
    return list(rows.select_related("reached_by").order_by("-reached_at", "-id"))


def later_checks_of(user: User, prescription: Prescription) -> list[SafetyCheck]:
    """What was found after the signature and checked at the dispensary, the newest first."""
    rows = checks_of(user, prescription).exclude(occasion=SafetyCheck.Occasion.SIGNING)
    found: dict[tuple[datetime, str], SafetyCheck] = {}
    for row in rows.order_by("-ran_at", "-labels__len", "-id"):  # marked since: the one that says more
        found.setdefault((row.ran_at, row.occasion), row)
    return list(found.values())


def checks_of(user: User, prescription: Prescription) -> "QuerySet[SafetyCheck]":
    """What was checked of it, as far as this person may see it."""
    rows = SafetyCheck.objects.visible_to(user).select_related("answered_by")
    return rows.filter(prescription=prescription, patient_id=prescription.patient_id)


def queue_of(user: User, status: str, *, at_most: int = 100) -> list[Prescription]:
    """What waits in this state where the person works, the longest wait first. What was stopped waits no more."""
    rows = _queues(user).filter(status=status)
    first = F("collect_by") if status == Status.READY else F("signed_at")
    people = rows.with_overrides().select_related("patient", "prescriber", "site")
    if status == Status.NOT_COLLECTED:
        tried = Outreach.objects.visible_to(user).select_related("reached_by").order_by("-reached_at", "-id")
        people = people.prefetch_related(Prefetch("outreach", tried))
    return list(with_halts(user, people.order_by(first, "id")[:at_most]))


def _queues(user: User) -> PrescriptionQuerySet:
    return Prescription.objects.visible_to(user).filter(site__in=sites_of(user)).exclude(halt=STOP)


def counts_of_queue(user: User) -> dict[str, int]:
    rows = _queues(user).filter(status__in=Prescription.OPEN)
    found = dict(rows.order_by().values_list("status").annotate(Count("pk")))
    return {status: found.get(status, 0) for status in Prescription.OPEN}


def not_collected_of(user: User, *, at_most: int = 100) -> list[Prescription]:
    """What this prescriber's patients did not come for, and those of whom they stand in for, the longest first."""
    return _not_collected(user, at_most)


@prepared
def _not_collected(user: User, at_most: int) -> "QuerySet[Prescription]":
    mine = Prescription.objects.visible_to(user).filter(prescriber__user=AnyOf(reach_of(user).people))
    rows = mine.filter(status=Status.NOT_COLLECTED)
    return rows.select_related("patient", "site").order_by("not_collected_at", "id")[:at_most]


def written_by(user: User, provider: Provider, status: str = "", *, at_most: int = 100) -> list[Prescription]:
    """What this provider prescribed, in one state or in all that are open, newest first."""
    wanted = Q(status=status) if status else Q(status__in=Prescription.OPEN)
    rows = Prescription.objects.visible_to(user).filter(wanted, prescriber=provider).exclude(halt=STOP)
    return list(rows.select_related("patient", "site").order_by("-signed_at", "-id")[:at_most])


def written_in(user: User, patient_id: UUID, encounter_id: UUID) -> list[Prescription]:
    """What was prescribed in one visit."""
    rows = Prescription.objects.visible_to(user).filter(patient_id=patient_id, encounter_id=encounter_id)
    return list(rows.exclude(status=Status.CANCELLED).order_by("created_at", "id"))
