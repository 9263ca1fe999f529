"""Page-shaped reads over medicines, and what the safety check is fed with."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Max, Prefetch, Q, QuerySet
from django.utils import timezone

from healthcare.accounts.models import Provider, Site, User
from patients.models import Patient
from prescriptions.models import Ingredient, Medication, Prescription, SafetyCheck, SafetyRule, taken_at
from prescriptions.rules.allergens import allergen_terms, plain
from prescriptions.rules.safety import (
    BROKEN,
    MIXED_KNOWLEDGE,
    NEVER_ASKED,
    NO_KNOWLEDGE,
    NOT_SHOWN,
    Allergies,
    Allergy,
    Knowledge,
    Medicine,
    Result,
    Rule,
    Substance,
    check,
    failed,
    knowledge_of,
    substance,
)
from records import queries as records
from records.models import Encounter, Entry

log = logging.getLogger("prescriptions")
Status = Prescription.Status
FOUND = 60  # lines of the formulary shown at most
LIKE = 0.45  # how alike a misspelt word must be; pg_trgm's word_similarity, 0 to 1
LONGEST_SEARCH = 80
WEIGHT = "29463-7"  # LOINC: body weight
IN_THE_LIST = 50
KNOWN_STATES = ("none_known", "list")


# == The formulary ==
SEARCH = """
SELECT m.id FROM prescriptions_medication m
WHERE m.active AND NOT EXISTS (
    SELECT 1 FROM unnest(%(words)s::text[]) AS w(word)
    WHERE strpos(m.search_text, w.word) = 0
    AND (w.word ~ '[0-9]' OR length(w.word) < 4 OR word_similarity(w.word, m.search_text) < %(like)s)
)
ORDER BY (SELECT count(*) FROM unnest(%(words)s::text[]) AS w(word) WHERE strpos(m.search_text, w.word) = 0),
    NOT starts_with(m.name, (%(words)s::text[])[1]), strpos(m.name, ' + ') > 0,
    (SELECT sum(word_similarity(w.word, m.search_text)) FROM unnest(%(words)s::text[]) AS w(word)) DESC,
    m.name, m.form, m.key
LIMIT %(limit)s
"""


@dataclass(frozen=True)
class FoundMedicine:
    """One name of the formulary with every form and strength of it that fits."""

    name: str
    brands: tuple[str, ...]
    lines: tuple[Medication, ...]


def find_medications(text: str, *, at_most: int = FOUND) -> list[FoundMedicine]:
    """What a doctor may mean: any part of a name, brand, ingredient, strength or form, in any order, or nearly so.

    Numbers are taken as written, words of four letters and more may be misspelt. What fits as written comes first.
    """
    words = [word for word in re.split(r"[\s,+/]+", plain(text.replace("\0", " "))[:LONGEST_SEARCH]) if word][:8]
    if not words:
        return []
    with connection.cursor() as cursor:
        cursor.execute(SEARCH, {"words": words, "like": LIKE, "limit": at_most})
        ids = [row[0] for row in cursor.fetchall()]
    rows = Medication.objects.in_bulk(ids)
    groups: dict[str, list[Medication]] = {}
    for key in ids:
        groups.setdefault(rows[key].name, []).append(rows[key])
    return [
        FoundMedicine(
            name,
            tuple(sorted({brand for line in lines for brand in line.brand_names})),
            tuple(sorted(lines, key=_size)),
        )
        for name, lines in groups.items()
    ]


def _size(line: Medication) -> tuple[str, list[float], str]:
    """Forms together, the weakest first."""
    numbers = re.findall(r"[0-9.]+", line.strength.replace(",", ""))
    return line.form, [float(number) for number in numbers], line.key


# == Knowledge ==
class KnowledgeProblem(Exception):
    """The check cannot run; the argument says why, as a code of `rules.safety`."""


@dataclass(frozen=True)
class Known:
    """The knowledge of one version, and the words that name its substances."""

    knowledge: Knowledge
    names: Mapping[str, frozenset[str]]


def get_known() -> Known:
    """What the database knows now, indexed once for each state of it. Raises KnowledgeProblem."""
    states = list(SafetyRule.objects.values("kb_version").annotate(rules=Count("pk"), at=Max("updated_at")).order_by())
    if not states:
        raise KnowledgeProblem(NO_KNOWLEDGE)
    if len(states) > 1:
        raise KnowledgeProblem(MIXED_KNOWLEDGE)
    return _known(states[0]["kb_version"], states[0]["rules"], states[0]["at"])


@lru_cache(maxsize=4)
def _known(version: str, _rules: int, _changed: datetime) -> Known:
    rules = SafetyRule.objects.order_by("code").values(*Rule.__dataclass_fields__)
    sets = ({**row, "left": frozenset(row["left"]), "right": frozenset(row["right"])} for row in rules)
    return Known(knowledge_of(version, (Rule(**row) for row in sets)), _names())


def _names() -> dict[str, frozenset[str]]:
    """Every ingredient, synonym and brand, in lower case, with the terms of what is in it."""
    names: dict[str, frozenset[str]] = {}
    for medication in Medication.objects.prefetch_related("ingredients").order_by("key"):
        terms = frozenset().union(*(one.terms for one in substances_of(medication)))
        names |= {brand.lower(): terms for brand in medication.brand_names}
    for one in Ingredient.objects.order_by("name"):
        terms = substance(one.name, one.classes).terms
        names |= {word.lower(): terms for word in (*one.synonyms, one.name)}
    return names


def substances_of(medication: Medication | None) -> tuple[Substance, ...]:
    if medication is None:
        return ()
    return tuple(substance(one.name, one.classes) for one in medication.ingredients.all())


# == The safety check ==
def medicine_of(prescription: Prescription) -> Medicine:
    """As the rules see it; ask with `with_ingredients` before."""
    return Medicine(
        key=str(prescription.pk),
        label=prescription.medicine,
        substances=substances_of(prescription.medication),
        by_hand=prescription.is_by_hand,
    )


def with_ingredients(prescriptions: "QuerySet[Prescription]") -> "QuerySet[Prescription]":
    ingredients = Prefetch("medication__ingredients", Ingredient.objects.order_by("name"))
    return prescriptions.select_related("medication").prefetch_related(ingredients)


def together_with(user: User, prescription: Prescription, now: datetime) -> list[Prescription]:
    """This one, what the patient takes by prescription, and what this person is writing for the patient besides."""
    mine = Q(status=Status.DRAFT, prescriber__user_id=user.pk) | Q(pk=prescription.pk)
    rows = Prescription.objects.visible_to(user).filter(patient_id=prescription.patient_id)
    return list(with_ingredients(rows.filter(taken_at(now) | mine)).order_by("created_at", "id"))


@dataclass(frozen=True)
class Checked:
    """The result, and the prescriptions it was reached with: this one, what is taken, and other drafts."""

    result: Result
    rows: Sequence[Prescription] = ()


def check_prescription(user: User, prescription: Prescription, now: datetime) -> Checked:
    """Check it against what the patient takes, what else is being written, and the allergies.

    It never raises: a check that cannot run is a result that says so, and holds the signature.
    """
    rows: list[Prescription] = []
    try:
        with transaction.atomic():  # what fails in here must not spoil the page around it
            rows = together_with(user, prescription, now)
            known = get_known()
            medicines = {row.pk: medicine_of(row) for row in rows}
            subject = medicines.pop(prescription.pk)
            others = list(medicines.values())
            result = check(subject, others, _allergies_of(prescription.patient_id, known), known.knowledge)
    except KnowledgeProblem as problem:
        result = failed(str(problem))
    except Exception as problem:  # whatever it is, the prescriber is told
        log.error("the safety check did not run", extra={"error": type(problem).__name__})
        result = failed(BROKEN)
    return Checked(result, rows)


def _allergies_of(patient_id: UUID, known: Known) -> Allergies:
    found = records.allergies_of([patient_id])[patient_id]
    return Allergies(
        asked=found.state in KNOWN_STATES,
        why=NEVER_ASKED if found.state == "never_asked" else NOT_SHOWN,
        entries=tuple(
            Allergy(
                key=str(entry.pk),
                label=f"{entry.display} ({entry.reaction})" if entry.reaction else entry.display,
                terms=allergen_terms(entry.display, known.names),
            )
            for entry in found.entries
        ),
    )


# == Beside the draft ==
@dataclass(frozen=True)
class Taken:
    """One medicine that the patient takes, with what the check says of it: a status role and a severity, or nothing."""

    prescription: Prescription
    mark: str = ""


def taken_with_marks(checked: Checked) -> list[Taken]:
    """What is taken already, each with the worst that the check says of it."""
    marks = {one.key.removeprefix("unchecked."): "unchecked" for one in checked.result.unchecked}
    for finding in reversed(checked.result.findings):  # the worst comes first there, and so stays
        marks[finding.key.partition(".")[2]] = finding.severity
    return [Taken(row, marks.get(str(row.pk), "")) for row in checked.rows if row.signed_at]


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


# == Lists ==
@dataclass(frozen=True)
class MedicineList:
    """What the patient takes, what is being written, and what is over, newest first."""

    active: Sequence[Prescription]
    drafts: Sequence[Prescription]
    past: Sequence[Prescription]


def medicine_list(user: User, patient: Patient, now: datetime) -> MedicineList:
    """Everything prescribed to the patient, as far as this person may see it; the last fifty of what is over."""
    rows = Prescription.objects.visible_to(user).filter(patient_id=patient.pk).select_related("prescriber", "site")
    going = list(rows.active(now).order_by("-signed_at", "-id"))
    over = rows.exclude(status=Status.DRAFT).exclude(pk__in=[row.pk for row in going])
    return MedicineList(
        active=going,
        drafts=list(rows.filter(status=Status.DRAFT).order_by("-created_at", "-id")),
        past=list(over.exclude(signed_at=None).order_by("-signed_at", "-id")[:IN_THE_LIST]),
    )


@dataclass(frozen=True)
class OwnMedicines:
    """A patient's medicines by what they have to do about them."""

    ready: Sequence[Prescription]
    preparing: Sequence[Prescription]
    late: Sequence[Prescription]
    taking: Sequence[Prescription]
    past: Sequence[Prescription]


def own_medicines(user: User, patient: Patient, now: datetime) -> OwnMedicines:
    """Two queries, whatever there is."""
    found = medicine_list(user, patient, now)

    def standing(status: str) -> list[Prescription]:
        return [row for row in found.active if row.status == status]

    return OwnMedicines(
        ready=standing(Status.READY),
        preparing=standing(Status.SIGNED),
        late=standing(Status.NOT_COLLECTED),
        taking=standing(Status.PICKED_UP),
        past=found.past,
    )


def last_check_of(user: User, prescription: Prescription) -> SafetyCheck | None:
    checks = SafetyCheck.objects.visible_to(user).filter(prescription=prescription, patient_id=prescription.patient_id)
    return checks.order_by("-ran_at", "-id").first()


def queue_of(user: User, status: str, *, at_most: int = 100) -> list[Prescription]:
    """What waits in this state where the person works, the longest wait first."""
    rows = Prescription.objects.visible_to(user).filter(status=status, site__in=_sites_of(user))
    first = F("collect_by") if status == Status.READY else F("signed_at")
    people = rows.with_overrides().select_related("patient", "prescriber", "site")
    return list(people.order_by(first, "id")[:at_most])


def counts_of_queue(user: User) -> dict[str, int]:
    rows = Prescription.objects.visible_to(user).filter(status__in=Prescription.OPEN, site__in=_sites_of(user))
    found = dict(rows.order_by().values_list("status").annotate(Count("pk")))
    return {status: found.get(status, 0) for status in Prescription.OPEN}


def not_collected_of(user: User, provider: Provider, *, at_most: int = 100) -> list[Prescription]:
    """What this prescriber's patients did not come for, the longest first."""
    rows = Prescription.objects.visible_to(user).filter(prescriber=provider, status=Status.NOT_COLLECTED)
    return list(rows.select_related("patient", "site").order_by("not_collected_at", "id")[:at_most])


def written_by(user: User, provider: Provider, status: str = "", *, at_most: int = 100) -> list[Prescription]:
    """What this provider prescribed, in one state or in all that are open, newest first."""
    wanted = Q(status=status) if status else Q(status__in=Prescription.OPEN)
    rows = Prescription.objects.visible_to(user).filter(wanted, prescriber=provider)
    return list(rows.select_related("patient", "site").order_by("-signed_at", "-id")[:at_most])


def written_in(user: User, patient_id: UUID, encounter_id: UUID) -> list[Prescription]:
    """What was prescribed in one visit."""
    rows = Prescription.objects.visible_to(user).filter(patient_id=patient_id, encounter_id=encounter_id)
    return list(rows.exclude(status=Status.CANCELLED).order_by("created_at", "id"))


def _sites_of(user: User) -> "QuerySet[Site]":
    current = user.memberships.current().filter(role=user.acting_role or "")
    return Site.objects.filter(pk__in=current.values("site"))
