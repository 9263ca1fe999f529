"""Orders: of a patient, of a visit, and what a doctor wants to find first."""

from dataclasses import dataclass
from datetime import date

from django.db import DatabaseError, connection, transaction
from django.db.models import Case, QuerySet, Value, When
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.prepared import prepared
from patients.models import Patient
from records.models import Encounter, Entry, EntryQuerySet, FavouriteOrder, ServiceRequest
from records.models.orders import ServiceRequestQuerySet
from records.rules.orders import CATALOGUE, WAITING

ON_A_PAGE, OVERDUE = 100, 100


def overdue_orders(
    user: User, today: date, *, everybodys: bool = False, at_most: int = OVERDUE
) -> list[ServiceRequest]:
    """Ordered and not answered by their day, the longest overdue first: one's own and those of whom one stands in for,
    or everybody's in reach.
    """
    rows: ServiceRequestQuerySet = ServiceRequest.objects.visible_to(user).waiting().filter(expected_by__lt=today)
    rows = rows if everybodys else rows.asked_by(user)
    return list(rows.select_related("patient", "provider").order_by("expected_by", "id")[:at_most])


class TooManyLists(Exception):
    """The message is a sentence for whoever asked."""


@dataclass(frozen=True)
class OverdueTest:
    """That somebody's test is overdue, and since when the first one is; not which."""

    patient: Patient
    expected_by: date


def overdue_tests(user: User, today: date) -> list[OverdueTest]:
    """Of the people in one's reach, without what was ordered: `app.overdue_tests`. Two queries. Raises TooManyLists."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT patient_id, expected_by FROM app.overdue_tests(%s)", [today])
            days = dict(cursor.fetchall())
    except DatabaseError as problem:
        if getattr(problem.__cause__, "sqlstate", "") == "HC429":
            raise TooManyLists(_("That was a lot of lists. Wait a minute, then go on.")) from problem
        raise
    people = Patient.objects.visible_to(user, Scope.IDENTITY).in_bulk(list(days))
    return [OverdueTest(people[pk], day) for pk, day in days.items() if pk in people]


def favourites_of(user: User) -> list[str]:
    return list(FavouriteOrder.objects.filter(user=user).order_by("created_at").values_list("code", flat=True))


def orders_of(user: User, patient: Patient, *, at_most: int = ON_A_PAGE) -> list[ServiceRequest]:
    """The newest orders of a patient: what is prepared first, then what waits, then the rest."""
    return list(_orders_of(user, patient, at_most))


@prepared
def _orders_of(user: User, patient: Patient, at_most: int) -> "QuerySet[ServiceRequest]":
    stand = Case(When(status="draft", then=Value(0)), When(status__in=sorted(WAITING), then=Value(1)), default=Value(2))
    rows = ServiceRequest.objects.visible_to(user).filter(patient=patient).select_related("provider")
    return rows.order_by(stand, "-created_at", "-id")[:at_most]


def answers_of(request: ServiceRequest) -> EntryQuerySet:
    """What answers an order now, for a verb that holds it: also what the person may not see counts."""
    rows: EntryQuerySet = Entry.objects.filter(patient_id=request.patient_id, request=request).current()
    return rows.order_by("id")


def answers_to(user: User, request: ServiceRequest) -> list[Entry]:
    """What came, as far as this person may see it, in the order it came."""
    rows: EntryQuerySet = Entry.objects.visible_to(user).filter(patient_id=request.patient_id, request=request)
    return list(rows.current().select_related("acknowledged_by").order_by("id"))


def missing_tests(user: User, request: ServiceRequest) -> list[str] | None:
    """Of a panel the tests that nothing final answers yet, in its order; None for what is answered in words."""
    tests = CATALOGUE[request.code].tests if request.code in CATALOGUE else ()
    if not tests:
        return None
    there = {row.code for row in answers_to(user, request) if row.record_status != "preliminary"}
    return [code for code in tests if code not in there]


def orders_in(user: User, encounter: Encounter) -> list[ServiceRequest]:
    """What was ordered in a visit, in the order it was."""
    rows = ServiceRequest.objects.visible_to(user).filter(encounter=encounter, patient_id=encounter.patient_id)
    return list(rows.select_related("provider").order_by("created_at", "id"))
