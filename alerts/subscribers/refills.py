"""Requests for a refill: the prescriber is told of each, the patient of its answer."""

from django.utils import timezone

from alerts import actions
from healthcare.events import after
from prescriptions.events import RefillAnswered, RefillRequested, RefillWithdrawn


@after(RefillRequested)
def alert_of_refill(fact: RefillRequested) -> None:
    actions.raise_refill(by=None, request_id=fact.request_id, patient_id=fact.patient_id, now=timezone.now())


@after(RefillAnswered)
def close_alerts_of_refill(fact: RefillAnswered) -> None:
    actions.close_refill(by=None, request_id=fact.request_id, now=timezone.now())


@after(RefillWithdrawn)
def close_alerts_of_withdrawn_refill(fact: RefillWithdrawn) -> None:
    actions.close_refill(by=None, request_id=fact.request_id, now=timezone.now())


@after(RefillAnswered)
def tell_of_refill(fact: RefillAnswered) -> None:
    actions.tell_of_refill(by=None, request_id=fact.request_id, patient_id=fact.patient_id)
