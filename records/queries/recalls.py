"""Recalls as pages show them."""

from datetime import datetime, timedelta

from django.db.models import Case, Exists, OuterRef, Prefetch, Value, When
from django.utils import timezone

from healthcare.accounts.models import User
from patients.models import Patient
from patients.queries import sites_of
from records.models import Entry, Recall, RecallCall
from scheduling.models import Appointment

AT_MOST = 50
AHEAD = timedelta(days=14)  # so long before the day somebody is called: by it they are to have been here


def recalls_to_call(user: User, now: datetime) -> list[Recall]:
    """Who is to come again soon or overdue, is of a site where one works, and has no visit of that kind to come.

    The soonest day first, with the kind of visit, the patient, and who tried to reach them, the last first. What was
    booked and cancelled comes back by itself.
    """
    coming = Appointment.objects.visible_to(user).upcoming(now)
    booked = coming.filter(patient=OuterRef("patient"), visit_type=OuterRef("visit_type"))
    rows = Recall.objects.visible_to(user).standing().filter(due_on__lte=timezone.localdate(now) + AHEAD)
    mine = rows.filter(~Exists(booked), patient__site__in=sites_of(user).order_by()).exclude(patient__deceased=True)
    tried = RecallCall.objects.visible_to(user).select_related("called_by").order_by("-called_at", "pk")
    named = mine.select_related("patient__site", "visit_type").prefetch_related(
        Prefetch("calls", tried, to_attr="tried")
    )
    return list(named.soonest_first()[:AT_MOST])


def recalls_of(user: User, patient: Patient) -> list[tuple[Recall, Entry | None]]:
    """Those that stand first, the soonest first, then what is over; each with its plan where the reader sees that."""
    rows = Recall.objects.visible_to(user).filter(patient_id=patient.pk).select_related("visit_type", "planned_by")
    over = Case(When(state__in=["planned", "due"], then=Value(0)), default=Value(1))
    found = list(rows.order_by(over, "due_on", "pk")[:AT_MOST])
    plans = Entry.objects.visible_to(user).filter(patient_id=patient.pk, pk__in=[row.entry_id for row in found])
    seen = {plan.pk: plan for plan in plans}
    return [(row, seen.get(row.entry_id)) for row in found]
