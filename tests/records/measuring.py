"""What a nurse measured or a laboratory sent, through the verbs."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions.results import enter_result
from records.actions.vitals import record_vitals
from records.models import Entry
from records.rules.laboratory import Measured


def measure(nurse: User, patient: Patient, at: datetime | None = None, **values: str) -> Entry:
    now = at or timezone.now()
    with acting_as(nurse):
        return record_vitals(
            by=nurse,
            patient=patient,
            measurements={slug: Decimal(value) for slug, value in values.items()},
            effective_at=now,
            now=now,
        )


def result(nurse: User, patient: Patient, value: str = "7.4", at: datetime | None = None, **given: Any) -> Entry:
    now = at or timezone.now()
    measured = Measured(code=given.pop("code", "4548-4"), value=Decimal(value))
    with acting_as(nurse):
        return enter_result(by=nurse, patient=patient, measured=measured, effective_at=now, now=now, **given)
