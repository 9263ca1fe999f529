"""What this app adds to pages on its left: what is owed and was taken today, and the account on chart and portal."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy as _some

from billing import queries
from billing.access import can_see_bills
from billing.models import Coverage, Invoice
from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.roles import PATIENT
from patients.access import find_visible
from patients.models import Patient
from patients.parts import ChartTab, DataQuality, Deeds, Merge, MergeNote, QualityLine, Shown, in_scope
from records.models import Encounter
from records.parts import Section, Subject, Subjects
from scheduling.models import Appointment
from scheduling.parts import CheckInItem

NOT_COMING = (Appointment.Status.CANCELLED, Appointment.Status.NO_SHOW, Appointment.Status.LEFT)
UNBILLED_SINCE = timedelta(days=90)
INVOICE = "billing.invoice"

BILLS = ChartTab(_("Bills"), "billing:account", Permission.READ_BILLING, order=70)
COVERAGE = ChartTab(_("Coverage"), "billing:coverage", Permission.READ_BILLING, order=71)


def open_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: what is owed, what is late, and visits that have no bill."""
    if not can(user, Permission.READ_BILLING):
        return None
    unbilled = queries.unbilled_visits(user, now - UNBILLED_SINCE)
    context = {
        "figures": queries.open_figures(user, timezone.localdate(now)),
        "unbilled": f"{unbilled}+" if unbilled >= queries.MOST_COUNTED else unbilled,
    }
    return Card("billing/home_open.html", context, order=50)


def taken_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: the money of today by method, as counted into the drawer."""
    if not can(user, Permission.TAKE_PAYMENT):
        return None
    zone = timezone.get_current_timezone()
    taken = queries.taken_on(user, timezone.localdate(now), zone)
    return Card("billing/home_taken.html", {"taken": taken, "now": now}, order=60)


def account_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.ChartCard`: what this patient owes, for those who take money."""
    if not can_see_bills(user, patient):
        return None
    account = queries.account_of(user, patient, statement=False)
    today = timezone.localdate(now)
    late = [bill for bill in account.open if bill.due_date < today]
    return Card("billing/chart_card.html", {"patient": patient, "account": account, "late": late}, order=70)


@in_scope(Scope.BILLING)
def own_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.PortalCard`: what I owe; nothing before there is a bill."""
    account = queries.account_of(user, patient, statement=False)
    if not account.invoices:
        return None
    return Card("billing/portal_card.html", {"account": account, "today": timezone.localdate(now)}, order=60)


def visit_card(visit: Appointment, user: User, now: datetime) -> Card | None:
    """For `scheduling.VisitCard`: what to ask for when the patient comes, and which cards count on that day."""
    if not can(user, Permission.READ_BILLING) or visit.status in NOT_COMING:
        return None
    found = queries.coverage_of_visit(user, visit)
    context = {"found": found, "takes_copay": visit.visit_type.takes_copay, "patient_id": visit.patient_id}
    return Card("billing/visit_coverage.html", context, order=20)


def check_in(visit: Appointment, user: User, now: datetime) -> CheckInItem | None:
    """For `scheduling.CheckIn`: the cards that count on the day of the visit."""
    if find_visible(user, visit.patient_id, Scope.BILLING) is None:
        return None
    found = queries.coverage_of_visit(user, visit)
    lines = [f"{line.payer}: {line.plan}" for line in found.lines]
    if visit.visit_type.takes_copay and found.copay:
        lines.append(gettext("Copay on the day: $%(sum)s") % {"sum": found.copay})
    empty, url = gettext("We know of no insurance."), reverse("records_portal:start_thread")
    return CheckInItem("coverage", gettext("Insurance"), lines, empty, url, gettext("Tell us"))


# == On paper ==
def paper_section(patient: Patient, user: User, now: datetime, encounter: Encounter | None) -> Section | None:
    """For `records.PaperSection`: on a whole chart the bills, what was paid and what is left, for who may see bills.

    Nothing on the paper of one visit: that is handed on to others.
    """
    if encounter is not None or not can_see_bills(user, patient):
        return None
    bills = queries.bills_of(user, patient)
    if not bills:
        return None
    context = {"bills": bills, "balance": queries.balance_of(user, patient)}
    return Section("billing/paper_section.html", context, {INVOICE: [bill.invoice.pk for bill in bills]}, order=60)


def seen_among(user: User, patient_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """For `patients.Shown`."""
    rows = Invoice.objects.visible_to(user).filter(patient_id=patient_id, pk__in=ids)
    return set(rows.values_list("pk", flat=True))


shown: Shown = {INVOICE: seen_among}


# == Who used the record ==
deeds: Deeds = {
    "billing.issue_invoice": _("Made a bill"),
    "billing.doubt_bill": _("Noted on a bill that its visit was entered in error"),
    "billing.print_invoice": _("Put a bill on paper"),
    "billing.open_document": _("Opened a bill"),
    "billing.take_payment": _("Took a payment"),
    "billing.reverse_payment": _("Took a payment back"),
    "billing.record_coverage": _("Entered an insurance card"),
    "billing.change_coverage": _("Changed an insurance card"),
    "billing.withdraw_coverage": _("Withdrew an insurance card that was entered by mistake"),
    "billing.take_coverages": _("Took over insurance cards from another system"),
    "billing.copy_coverage": _("Noted which insurance counts for a visit"),
    "billing.ask_eligibility": _("Asked whether the insurance counts"),
    "billing.answer_eligibility": _("Kept the answer whether the insurance counts"),
}


# == What can be put right ==
def quality_lines(user: User, now: datetime) -> Sequence[QualityLine]:
    """For `patients.DataQuality`: cards that do not count on the day of a visit."""
    found = queries.cards_to_ask(user, now)
    beside = _("visits of the coming week")
    url = reverse("billing:cards_to_ask")
    return [QualityLine(_("Insurance that has ended"), len(found.visits), url, beside, more=not found.all_seen)]


def lines_in_doubt(user: User, now: datetime) -> Sequence[QualityLine]:
    """For `patients.DataQuality`: open bills of visits that were entered in error."""
    number = queries.bills_in_doubt(user)
    url = f"{reverse('billing:list')}?which=doubted"
    more = number >= queries.MOST_IN_DOUBT
    return [QualityLine(_("Bills of visits entered in error"), number, url, _("open bills"), more=more)]


cards_to_ask = DataQuality(Permission.RECORD_COVERAGE, quality_lines)
bills_in_doubt = DataQuality(Permission.READ_BILLING, lines_in_doubt)


# == Two records of one person ==
def open_bills(kept: Patient, gone: Patient, *, user: User, now: datetime) -> Sequence[MergeNote]:
    """For `patients.Merge`: what is owed on bills of the other record, and will be owed on this one."""
    rows = Invoice.objects.visible_to(user).open().filter(patient=gone).with_balance().order_by("number")
    said = gettext("Bill %(number)s comes along: $%(balance)s is owed on it.")
    return [MergeNote(said % {"number": row.number, "balance": row.balance}) for row in rows]


def clashing_cards(kept: Patient, gone: Patient, *, user: User, now: datetime) -> Sequence[MergeNote]:
    """For `patients.Merge`: cards of both that would hold one place on the same days, to be settled first."""
    other = gettext(
        "Both have a card that pays in the same place: %(plan)s, %(days)s. Change the place or days of one."
    )
    same = gettext("Both have the same card: %(plan)s, %(days)s. Withdraw it here, it stays on the other record.")
    url, notes = reverse("billing:coverage", args=[gone.pk]), []
    for card in queries.standing_cards(user, gone):
        beside = queries.overlapping(user, kept, card.priority, card.validity, None)
        told = {"plan": card.plan.name, "days": queries.days_words(card.first_day, card.last_day)}
        if beside:
            notes.append(MergeNote((same if is_same_card(card, beside) else other) % told, True, url))
    return notes


def is_same_card(card: Coverage, others: Sequence[Coverage]) -> bool:
    """Whether one of the others is of the same plan under the same number."""
    return any((one.plan_id, one.member_id) == (card.plan_id, card.member_id) for one in others)


def to_know(kept: Patient, gone: Patient, *, user: User, now: datetime) -> Sequence[MergeNote]:
    """For `patients.Merge`: what stops it first."""
    about = (clashing_cards, open_bills)
    return [note for each in about for note in each(kept, gone, user=user, now=now)]


merge = Merge(
    goes={
        "billing_coverage": _some("%d insurance card", "%d insurance cards"),
        "billing_eligibilitycheck": None,
        "billing_visitcoverage": None,
        "billing_unbilledvisit": None,
        "billing_invoice": _some("%d bill", "%d bills"),
        "billing_invoiceline": None,
        "billing_ledgerentry": _some("%d charge or payment", "%d charges and payments"),
    },
    refusals={
        "coverage_one_a_priority_and_day": _(
            "Both have an insurance card in one place on the same days. Settle it first."
        )
    },
    notes=to_know,
)


# == What a conversation can be about ==
def _bill(patient: Patient, user: User, key: UUID) -> Subject | None:
    if not can_see_bills(user, patient):
        return None
    found = Invoice.objects.visible_to(user).filter(patient=patient, pk=key).first()
    if found is None:
        return None
    own = user.acting_role == PATIENT
    url = reverse(
        "billing_portal:invoice" if own else "billing:invoice", args=[found.pk] if own else [patient.pk, found.pk]
    )
    return Subject(gettext("Bill %(number)s") % {"number": found.number}, url)


billed = Subjects(INVOICE, "bill", _bill)
