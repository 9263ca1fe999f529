"""The safety check: what the rules know, what the patient takes, and what the one says of the other."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from healthcare.accounts.models import User
from healthcare.db.prepared import prepared
from patients.models import Patient
from prescriptions.models import (
    OFF,
    STOP,
    Ingredient,
    Medication,
    MedicationStatement,
    Prescription,
    SafetyRule,
    taken_at,
)
from prescriptions.queries.hidden import hidden_findings
from prescriptions.queries.persons import KnownOf, dosing_for, known_of
from prescriptions.rules.allergens import allergen_terms
from prescriptions.rules.hidden import with_hidden
from prescriptions.rules.outside import Recognised, recognise
from prescriptions.rules.people import with_person
from prescriptions.rules.safety import (
    BROKEN,
    DOSE,
    MIXED_KNOWLEDGE,
    NEVER_ASKED,
    NO_KNOWLEDGE,
    NOT_SHOWN,
    Allergies,
    Allergy,
    Finding,
    Knowledge,
    Medicine,
    Result,
    Rule,
    Substance,
    check,
    failed,
    knowledge_of,
    substance,
    worst_first,
)
from prescriptions.rules.sig import Sig
from records import queries as records
from records.models import Entry

log = logging.getLogger("prescriptions")
Status = Prescription.Status
KNOWN_STATES = ("none_known", "list")
RXNORM = "rxnorm"


# == Knowledge ==
class KnowledgeProblem(Exception):
    """The check cannot run; the argument says why, as a code of `rules.safety`."""


@dataclass(frozen=True, eq=False)
class Known:
    """The knowledge of one version, the words and RxNorm codes that name its substances, and what is in each medicine
    of the formulary.
    """

    knowledge: Knowledge
    substances: Mapping[str, tuple[Substance, ...]]
    rxnorm: Mapping[str, tuple[Substance, ...]]
    names: Mapping[str, frozenset[str]]
    contents: Mapping[UUID, tuple[Substance, ...]]


def terms_of(substances: Sequence[Substance]) -> frozenset[str]:
    return frozenset().union(*(one.terms for one in substances))


def get_known() -> Known:
    """What the database knows now, indexed once for each state of it. Raises KnowledgeProblem."""
    states = _states()
    if not states:
        raise KnowledgeProblem(NO_KNOWLEDGE)
    if len(states) > 1:
        raise KnowledgeProblem(MIXED_KNOWLEDGE)
    return _known(*states[0])


@prepared
def _states() -> "QuerySet[SafetyRule, tuple[str, int, datetime]]":
    """Each version that is there, with how many rules it has and when one of them was changed last."""
    versions = SafetyRule.objects.order_by("kb_version").values_list("kb_version")
    return versions.annotate(Count("pk"), Max("updated_at"))


@lru_cache(maxsize=4)
def _known(version: str, _rules: int, _changed: datetime) -> Known:
    medications = list(Medication.objects.prefetch_related("ingredients").order_by("key"))
    contents = {one.pk: _inside(one) for one in medications}
    substances, codes = _named(medications, contents)
    terms = {name: terms_of(found) for name, found in substances.items()}
    rules = (rule_of(row) for row in SafetyRule.objects.exclude(chosen_severity=OFF).order_by("code"))
    return Known(knowledge_of(version, rules), substances, codes, terms, contents)


def rule_of(row: SafetyRule) -> Rule:
    """As this clinic wants it; where that is otherwise than delivered, its source says so."""
    said = {name: getattr(row, name) for name in Rule.__dataclass_fields__}
    if row.is_chosen:
        said["severity"] = row.chosen_severity or row.severity
        said["limits"] = row.limits | row.chosen_limits
        said["source"] = f"{row.source}. Severity or limit set by this clinic: {row.chosen_because}"
    return Rule(**said | {"left": frozenset(row.left), "right": frozenset(row.right)})


def _named(
    medications: Sequence[Medication], contents: Mapping[UUID, tuple[Substance, ...]]
) -> tuple[dict[str, tuple[Substance, ...]], dict[str, tuple[Substance, ...]]]:
    """Every ingredient, synonym and brand, in lower case, and every RxNorm code, with what is in it."""
    names: dict[str, tuple[Substance, ...]] = {}
    codes: dict[str, tuple[Substance, ...]] = {}
    for medication in medications:
        contained = contents[medication.pk]
        names |= {brand.lower(): contained for brand in medication.brand_names}
        codes |= {medication.rxcui: contained} if medication.rxcui else {}
    for one in Ingredient.objects.order_by("name"):
        alone = (substance(one.name, one.classes),)
        names |= {word.lower(): alone for word in (*one.synonyms, one.name)}
        codes |= {one.rxcui: alone} if one.rxcui else {}
    return names, codes


def _inside(medication: Medication) -> tuple[Substance, ...]:
    ingredients = sorted(medication.ingredients.all(), key=lambda one: one.name)
    return tuple(substance(one.name, one.classes) for one in ingredients)


def substances_of(medication: Medication | None, known: Known) -> tuple[Substance, ...]:
    """What is in it; of one that came since the knowledge was read, asked of the database."""
    if medication is None:
        return ()
    return known.contents.get(medication.pk) or _inside(medication)


@lru_cache(maxsize=4096)
def recognised(text: str, known: Known) -> Recognised:
    """What is in a medicine by its words, read once by each state of the knowledge."""
    return recognise(text, known.substances)


# == The safety check ==
def medicine_of(prescription: Prescription, known: Known) -> Medicine:
    """As the rules see it; ask with its medication before."""
    return Medicine(
        key=str(prescription.pk),
        label=prescription.medicine,
        substances=substances_of(prescription.medication, known),
        by_hand=prescription.is_by_hand,
        route=prescription.medication.route if prescription.medication else "",
    )


def medicine_elsewhere(statement: MedicationStatement, known: Known) -> Medicine:
    """One that another system tells of: by its RxNorm code where we have that, else by the words."""
    by_code = known.rxnorm.get(statement.code) if statement.code_system == RXNORM else None
    read = Recognised(by_code) if by_code else recognised(statement.medicine, known)
    return Medicine(
        key=str(statement.pk),
        label=statement.medicine,
        substances=read.substances,
        elsewhere=True,
        unknown=read.unknown,
    )


@prepared
def together_with(user: User, prescription_id: UUID, patient_id: UUID, now: datetime) -> "QuerySet[Prescription]":
    """This one, what the patient takes by prescription, and what this person is writing for the patient besides."""
    mine = Q(status=Status.DRAFT, prescriber__user=user) | Q(pk=prescription_id)
    rows = Prescription.objects.visible_to(user).filter(patient_id=patient_id)
    rows = rows.filter(taken_at(now) | mine).select_related("patient", "medication")
    return rows.order_by("created_at", "id")


@prepared
def taken_of(user: User, patient: Patient, now: datetime) -> "QuerySet[Prescription]":
    """What the patient takes by prescription of ours, or is about to, the last signed first."""
    return Prescription.objects.visible_to(user).filter(patient=patient).active(now).order_by("-signed_at", "-id")


def taken_then(user: User, patient: Patient, moment: datetime) -> list[Prescription]:
    """What was signed by then, its supply not over then, neither cancelled nor stopped by then, the last signed
    first.
    """
    rows = Prescription.objects.visible_to(user).filter(patient=patient, signed_at__lte=moment)
    rows = rows.exclude(halt=STOP, halt_from__lte=moment)
    rows = rows.filter(Q(ends_at=None) | Q(ends_at__gt=moment), Q(cancelled_at=None) | Q(cancelled_at__gt=moment))
    return list(rows.order_by("-signed_at", "-id"))


@prepared
def told_of(user: User, patient_id: UUID, now: datetime) -> "QuerySet[MedicationStatement]":
    """What the patient takes by the word of other systems."""
    rows = MedicationStatement.objects.visible_to(user).filter(patient_id=patient_id).active(now)
    return rows.order_by("-said_at", "-id")


@dataclass(frozen=True)
class Checked:
    """The result, and what it was reached with: this prescription, what is taken, other drafts, and what others say."""

    result: Result
    rows: Sequence[Prescription] = ()
    told: Sequence[MedicationStatement] = field(default=())
    known: KnownOf = field(default_factory=KnownOf)

    def marked(self, subject: Prescription) -> "list[Prescription | MedicationStatement | Entry]":
        """What it names besides and not everybody may see: other medicines, and what says that she is pregnant."""
        every: list[Prescription | MedicationStatement | Entry] = [*self.rows, *self.told]
        if self.known.pregnancy is not None and _is_named(self.known.pregnancy, self.result):
            every.append(self.known.pregnancy)
        return [row for row in every if row.sensitivity and row.pk != subject.pk]


def _is_named(entry: Entry, result: Result) -> bool:
    return any(finding.key.endswith(f".{entry.pk}") for finding in result.findings)


def check_prescription(user: User, prescription: Prescription, now: datetime, sig: Sig | None = None) -> Checked:
    """Check it against what the patient takes, what else is being written, the allergies, and who takes how much of it.

    `sig` is what was typed and is not kept yet. What the patient takes and this person may not see is checked too; see
    `queries.hidden`. It never raises: a check that cannot run is a result that says so, and holds the signature.
    """
    return check_together(user, [prescription], now, {prescription.pk: sig})[0]


def check_together(
    user: User, prescriptions: Sequence[Prescription], now: datetime, typed: Mapping[UUID, Sig | None]
) -> list[Checked]:
    """As `check_prescription`, for drafts of this person for one patient: each against the others too, in both
    orders, for the statements of one. `typed` has by their keys the directions that are not kept yet.
    """
    first, *_others = prescriptions
    rows: list[Prescription] = []
    told: list[MedicationStatement] = []
    of_person = KnownOf()
    try:
        with transaction.atomic():  # what fails in here must not spoil the page around it
            rows = together_with(user, first.pk, first.patient_id, now)
            told = told_of(user, first.patient_id, now)
            known = get_known()
            medicines = {row.pk: medicine_of(row, known) for row in rows}
            elsewhere = [medicine_elsewhere(one, known) for one in told]
            allergies = allergies_in(records.allergies_of([first.patient_id])[first.patient_id], known)
            by_key = {row.pk: row for row in rows}
            of_person = known_of(user, by_key[first.pk].patient, now)
            hidden = hidden_findings(user, prescriptions)
            results = []
            for one in prescriptions:
                subject, row = medicines[one.pk], by_key[one.pk]
                others = [*(other for key, other in medicines.items() if key != one.pk), *elsewhere]
                dosing = dosing_for(row.medication, typed.get(one.pk) or row.directions)
                result = check(subject, others, allergies, known.knowledge)
                result = with_person(result, subject, dosing, of_person.person, known.knowledge)
                results.append(with_hidden(result, **vars(hidden[one.pk])))
    except KnowledgeProblem as problem:
        results = [failed(str(problem))] * len(prescriptions)
    except Exception as problem:  # whatever it is, the prescriber is told
        log.error("the safety check did not run", extra={"error": type(problem).__name__})
        results = [failed(BROKEN)] * len(prescriptions)
    return [Checked(result, rows, told, of_person) for result in results]


def allergies_in(found: records.AllergyList, known: Known) -> Allergies:
    """The list as the rules see it."""
    return Allergies(
        asked=found.state in KNOWN_STATES,
        why=NEVER_ASKED if found.state == "never_asked" else NOT_SHOWN,
        entries=tuple(
            Allergy(
                key=str(entry.pk),
                label=entry.words,
                terms=_allergen(entry, known),
            )
            for entry in found.entries
        ),
    )


def _allergen(entry: records.KnownAllergy, known: Known) -> frozenset[str] | None:
    """By its RxNorm code where we have that, else by the words; None where nobody knows what is meant."""
    by_code = known.rxnorm.get(entry.code) if entry.code_system == RXNORM else None
    return terms_of(by_code) if by_code else allergen_terms(entry.display, known.names)


def dose_findings(user: User, prescription: Prescription, sig: Sig, now: datetime) -> list[Finding]:
    """What the rules say of a dose while it is typed; nothing where they cannot be asked. The signature asks again."""
    dosing = dosing_for(prescription.medication, sig)
    if dosing is None:
        return []
    try:
        known = get_known()
    except KnowledgeProblem:
        return []
    person = known_of(user, prescription.patient, now).person
    found = with_person(Result(""), medicine_of(prescription, known), dosing, person, known.knowledge)
    return [finding for finding in found.findings if finding.kind == DOSE]


# == Beside the draft ==
@dataclass(frozen=True)
class Taken:
    """One medicine that the patient takes, with what the check says of it: a status role and a severity, or nothing."""

    medicine: str
    directions: str
    mark: str = ""
    elsewhere: bool = False
    on_hold: bool = False


def taken_with_marks(checked: Checked, now: datetime) -> list[Taken]:
    """What is taken already, each with the worst that the check says of it; what was prescribed here first."""
    return taken_with_worst([checked], now)


def taken_with_worst(several: Sequence[Checked], now: datetime) -> list[Taken]:
    """The same for several that were checked together: the worst that any of their checks says."""
    checked = several[0]
    marks = {one.key.removeprefix("unchecked."): "unchecked" for each in several for one in each.result.unchecked}
    findings = sorted((finding for each in several for finding in each.result.findings), key=worst_first)
    for finding in reversed(findings):  # so that the worst stays
        marks[finding.key.partition(".")[2]] = finding.severity
    ours: list[Prescription | MedicationStatement] = [row for row in checked.rows if row.signed_at]
    return [
        Taken(
            row.medicine,
            row.sig_text,
            marks.get(str(row.pk), ""),
            elsewhere=isinstance(row, MedicationStatement),
            on_hold=row.is_on_hold(now),
        )
        for row in [*ours, *checked.told]
    ]
