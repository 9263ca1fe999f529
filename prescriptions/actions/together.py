"""Several drafts of one patient at once: changed, and signed, all of them or none."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from healthcare.accounts.models import User
from prescriptions.access import check_can_prescribe
from prescriptions.actions.writing import change_draft, sign_prescription
from prescriptions.models import Prescription
from prescriptions.rules.safety import Answer
from prescriptions.rules.sig import Content


@dataclass(frozen=True)
class Typed:
    """A draft with what was typed of it last, and what was answered to its check."""

    prescription: Prescription
    content: Content
    overrides: Sequence[Answer] = field(default=())


@transaction.atomic
def change_together(*, by: User, typed: Sequence[Typed], now: datetime) -> None:
    """Bring each to what was typed. Raises what `change_draft` raises; then none is changed."""
    check_can_prescribe(by)
    for one in typed:
        change_draft(by=by, prescription=one.prescription, content=one.content, now=now)


@transaction.atomic
def sign_together(*, by: User, typed: Sequence[Typed], now: datetime) -> list[Prescription]:
    """Sign them all: each is checked against the others, kept with its own check and answers, and told to whom it
    concerns as if it were alone.

    The door asks who it is anew (step-up), once. Raises what `sign_prescription` raises of the first that cannot be
    signed; then none is.
    """
    check_can_prescribe(by)
    keys = [one.prescription.pk for one in typed]
    held = Prescription.objects.visible_to(by).filter(pk__in=keys).select_for_update(of=("self",))
    list(held.order_by("pk"))  # two who sign the same ones wait for each other, and neither for ever
    return [
        sign_prescription(by=by, prescription=one.prescription, overrides=one.overrides, content=one.content, now=now)
        for one in typed
    ]
