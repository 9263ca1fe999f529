"""What messages add to pages on the left: a card on role homes, on the chart, and on the patient's own first page."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.roles import PATIENT
from healthcare.ui.dates import day_text
from patients.models import Patient
from patients.parts import ChartTab, in_scope
from records.models import Entry
from records.parts import Subject, Subjects
from records.queries.lines import title_of
from records.queries.messages import Shown, inbox_of, lines_of_patient

RESULT = "records.entry"
FEW = 4  # lines of a card
chart_tab = ChartTab(_("Messages"), "records:messages", Permission.MESSAGE_PATIENTS, order=700)


def home_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: what waits longest for an answer of the team."""
    if not can(user, Permission.MESSAGE_PATIENTS):
        return None
    return Card("records/home_messages.html", {"inbox": inbox_of(user, Shown.WAITING, now, at_most=FEW)}, order=50)


def chart_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.ChartCard`: open conversations; nothing where there are none."""
    if not can(user, Permission.MESSAGE_PATIENTS):
        return None
    lines = [line for line in lines_of_patient(user, patient, now, at_most=FEW * 3) if line.thread.status != "closed"]
    return Card("records/chart_messages.html", {"lines": lines[:FEW], "patient": patient}, order=70) if lines else None


@in_scope(Scope.MESSAGE)
def portal_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.PortalCard`: the newest conversations, and the way to write."""
    lines = lines_of_patient(user, patient, now, at_most=3)
    return Card("records/portal_home_messages.html", {"lines": lines}, order=40)


# == What a conversation can be about ==
def _result(patient: Patient, user: User, key: UUID) -> Subject | None:
    """A result as it stands: the version that was named, or the one that replaced it."""
    own = user.acting_role == PATIENT
    if not own and not can(user, Permission.READ_CLINICAL):
        return None
    rows = Entry.objects.visible_to(user).filter(patient_id=patient.pk).results().current()
    found = rows.filter(Q(pk=key) | Q(supersedes_id=key)).first()
    if found is None:
        return None
    url = (
        reverse("records_portal:result", args=[found.pk])
        if own
        else reverse("records:entry", args=[patient.pk, found.pk])
    )
    return Subject(f"{title_of(found)}, {day_text(timezone.localdate(found.effective_at))}", url)


results = Subjects(RESULT, "result", _result)
