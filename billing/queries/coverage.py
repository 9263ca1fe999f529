"""A patient's insurance cards, what counted on the day of a visit, and what was answered about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.models import Coverage, EligibilityCheck, Invoice, Plan, PlanTerms, VisitCoverage
from billing.rules.coverage import Card, Question
from healthcare.accounts.models import User
from healthcare.db.prepared import prepared
from healthcare.ui.dates import day_text
from patients.models import Patient
from records.models import Encounter
from scheduling.models import Appointment

PLACES = {1: _("Pays first"), 2: _("Pays second"), 3: _("Pays third")}
MOST = 100  # cards of one patient, with those that were replaced


# == Cards ==
@dataclass(frozen=True)
class CardLine:
    """A card as a page shows it: whether it counts today, and the newest answer about it."""

    coverage: Coverage
    today: date
    check: EligibilityCheck | None = None

    @property
    def place(self) -> str:
        return str(PLACES[self.coverage.priority])

    @property
    def days(self) -> str:
        """Both the first and the last included."""
        return days_words(self.coverage.first_day, self.coverage.last_day)

    @property
    def state(self) -> str:
        """ "now", "coming" or "over" by its days; "wrong" or "replaced" where it does not stand."""
        if self.coverage.status != Coverage.Status.ACTIVE:
            return "wrong" if self.coverage.status == Coverage.Status.WRONG else "replaced"
        first, last = self.coverage.first_day, self.coverage.last_day
        if last and last < self.today:
            return "over"
        return "coming" if first and first > self.today else "now"


@dataclass(frozen=True)
class Cards:
    """`current` by priority, `coming` by first day, `past` and what no longer stands, the newest first."""

    current: Sequence[CardLine]
    coming: Sequence[CardLine]
    past: Sequence[CardLine]
    former: Sequence[CardLine]

    @property
    def any(self) -> bool:
        return bool(self.current or self.coming or self.past)


def cards_of(user: User, patient: Patient, today: date) -> Cards:
    """What this user may see of the patient's cards; two queries."""
    rows = _cards(user, patient, MOST)
    asked = EligibilityCheck.objects.visible_to(user).filter(coverage__in=[row.pk for row in rows])
    newest = asked.order_by("coverage", "-asked_at", "-id").distinct("coverage") if rows else []
    checks = {check.coverage_id: check for check in newest}
    lines = [CardLine(row, today, checks.get(row.pk)) for row in rows]
    by_state: dict[str, list[CardLine]] = {}
    for line in lines:
        by_state.setdefault(line.state, []).append(line)
    return Cards(
        current=sorted(by_state.get("now", []), key=lambda line: line.coverage.priority),
        coming=sorted(by_state.get("coming", []), key=lambda line: line.coverage.first_day or today),
        past=by_state.get("over", []),
        former=[*by_state.get("replaced", []), *by_state.get("wrong", [])],
    )


@prepared
def _cards(user: User, patient: Patient, at_most: int) -> "QuerySet[Coverage]":
    rows = Coverage.objects.visible_to(user).filter(patient=patient)
    return rows.select_related("plan__payer", "entered_by", "ended_by").order_by("-id")[:at_most]


def card_of(user: User, patient: Patient, coverage_id: UUID) -> Coverage | None:
    """The patient's card with this id that stands, if this user may see it."""
    rows = Coverage.objects.visible_to(user).standing().filter(patient=patient, pk=coverage_id)
    return rows.select_related("plan__payer").first()


def card_in(coverage: Coverage) -> Card:
    """What stands on a card that was kept."""
    return Card(
        plan_id=coverage.plan_id,
        priority=coverage.priority,
        member_id=coverage.member_id,
        first_day=coverage.first_day,
        last_day=coverage.last_day,
        group_number=coverage.group_number,
        relationship=coverage.relationship,
        subscriber_name=coverage.subscriber_name,
        subscriber_birth_date=coverage.subscriber_birth_date,
    )


def standing_cards(user: User, patient: Patient) -> list[Coverage]:
    rows = Coverage.objects.visible_to(user).standing().filter(patient=patient)
    return list(rows.select_related("plan__payer").order_by("priority", "validity"))


def overlapping(user: User, patient: Patient, priority: int, validity: object, but: UUID | None) -> list[Coverage]:
    """The standing cards that hold this priority on some of these days, the earliest first."""
    rows = Coverage.objects.visible_to(user).standing().filter(patient=patient, priority=priority)
    rows = rows.filter(validity__overlap=validity).exclude(pk=but) if but else rows.filter(validity__overlap=validity)
    return list(rows.select_related("plan__payer").order_by("validity"))


def plans_offered() -> QuerySet[Plan]:
    """Plans of payers that still pay, by the payer's name and the plan's."""
    return Plan.objects.filter(payer__active=True).select_related("payer").order_by("payer__name", "name", "id")


def days_words(first: date | None, last: date | None) -> str:
    """Both days included."""
    if first and last:
        return gettext("from %(first)s to %(last)s") % {"first": day_text(first), "last": day_text(last)}
    if first:
        return gettext("from %(first)s on") % {"first": day_text(first)}
    return gettext("until %(last)s") % {"last": day_text(last)} if last else gettext("on every day")


# == What counts on a day ==
def counting_on(patient_id: UUID, day: date) -> list[Coverage]:
    """The cards that count on this day by priority, for the system."""
    rows = Coverage.objects.on(day).filter(patient_id=patient_id)
    return list(rows.select_related("plan__payer").order_by("priority"))


def copies_of_visit(user: User, visit: Appointment) -> list[VisitCoverage]:
    """What was copied of the cards when the patient came; [] before, or where nobody has looked."""
    rows = VisitCoverage.objects.visible_to(user).standing().filter(appointment=visit)
    return list(rows.order_by("priority"))


def copies_of_bill(user: User, invoice: Invoice) -> list[VisitCoverage]:
    """What counted on the day of the visit that was billed."""
    rows = VisitCoverage.objects.visible_to(user).standing().filter(visit_billed(invoice))
    return list(rows.order_by("priority"))


def visit_billed(invoice: Invoice) -> Q:
    """Which copies are of the visit that a bill is for: of its booking, where it had one."""
    if invoice.appointment_id:
        return Q(appointment=invoice.appointment_id)
    return Q(encounter=invoice.encounter_id) if invoice.encounter_id else Q(pk__in=[])


@dataclass(frozen=True)
class VisitLine:
    """One card for a visit, and the newest answer about it."""

    payer: str
    plan: str
    meta: str
    check: EligibilityCheck | None


@dataclass(frozen=True)
class VisitCards:
    """Which cards count for a visit; `copied` when that was kept as the patient came, else as the cards say now.

    `copay` in US dollars is what the patient pays themself at such a visit, by the card that pays first; None where
    nobody knows. `answered`: the payer's answer said so, and not the terms of the plan alone.
    """

    lines: Sequence[VisitLine]
    copied: bool
    copay: Decimal | None = None
    answered: bool = False


def coverage_of_visit(user: User, visit: Appointment) -> VisitCards:
    """As far as this user may see; four queries at most."""
    copies = copies_of_visit(user, visit)
    checks: dict[UUID | None, EligibilityCheck] = {}
    if copies:
        checks = {check.coverage_id: check for check in _checks_of_visit(user, visit)}
    rows = [row for row in copies if row.coverage_id]
    lines = [VisitLine(row.payer_name, row.plan_name, _meta(row), checks.get(row.coverage_id)) for row in rows]
    first = rows[0].coverage_id if rows else None
    if not copies:
        cards = _on_the_day(user, visit)
        lines = [VisitLine(row.plan.payer.name, row.plan.name, _meta(row), None) for row in cards]
        first = cards[0].pk if cards else None
    answer = checks.get(first)
    if answer and answer.outcome == EligibilityCheck.Outcome.ACTIVE and answer.copay is not None:
        return VisitCards(lines, copied=bool(copies), copay=answer.copay, answered=True)
    return VisitCards(lines, copied=bool(copies), copay=_copay_by_terms(user, visit, first))


def _copay_by_terms(user: User, visit: Appointment, coverage_id: UUID | None) -> Decimal | None:
    if coverage_id is None:
        return None
    plan = Coverage.objects.visible_to(user).filter(pk=coverage_id).values("plan")
    return PlanTerms.objects.on(service_day(visit)).filter(plan__in=plan).values_list("copay", flat=True).first()


def _checks_of_visit(user: User, visit: Appointment) -> QuerySet[EligibilityCheck]:
    rows = EligibilityCheck.objects.visible_to(user).filter(appointment=visit)
    return rows.order_by("asked_at", "id")


def _on_the_day(user: User, visit: Appointment) -> list[Coverage]:
    rows = Coverage.objects.visible_to(user).on(service_day(visit)).filter(patient=visit.patient_id)
    return list(rows.select_related("plan__payer").order_by("priority"))


def _meta(row: Coverage | VisitCoverage) -> str:
    return f"{PLACES[row.priority]}, {row.member_id}" if row.member_id else str(PLACES[row.priority])


def service_day(visit: Appointment | Encounter) -> date:
    """The day of the visit on the calendar of its site."""
    if isinstance(visit, Appointment):
        return date.fromisoformat(visit.wall_start[:10])
    began = visit.started_at or visit.created_at
    return began.astimezone(ZoneInfo(visit.time_zone)).date()


def unbilled_copies(patient_id: UUID) -> list[VisitCoverage]:
    """One standing copy of each visit of this patient that has no bill. For the system."""
    billed = Invoice.objects.filter(patient_id=patient_id).exclude(status="void")
    rows = VisitCoverage.objects.standing().filter(patient_id=patient_id)
    rows = rows.exclude(appointment__in=billed.filter(appointment__isnull=False).values("appointment"))
    rows = rows.exclude(encounter__in=billed.filter(encounter__isnull=False).values("encounter"))
    found = {(row.appointment_id, row.encounter_id): row for row in rows.order_by("id")}
    return list(found.values())


# == What is asked ==
def question_about(check: EligibilityCheck) -> Question:
    """What a check asks, as the card and its plan are now. For the system."""
    card = check.coverage
    terms = PlanTerms.objects.on(check.service_date).filter(plan=card.plan_id).first()
    payer = card.plan.payer
    return Question(
        payer=payer.name,
        plan=card.plan.name,
        member_id=card.member_id,
        service_date=check.service_date,
        first_day=card.first_day,
        last_day=card.last_day,
        payer_active=payer.active,
        number_form=payer.number_form,
        offered=terms is not None,
        copay=terms.copay if terms else None,
        deductible=terms.deductible if terms else None,
    )
