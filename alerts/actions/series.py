"""Tell patients once of visits that were booked, moved or called off together."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from alerts import queries
from alerts.actions.letters import Envelope, write_letter
from alerts.actions.visits import calendar_of_series, words_of_series
from alerts.rules import LETTERS, is_still_true
from healthcare.accounts.models import User
from scheduling.models import Appointment


@transaction.atomic
def tell_of_series(
    *, by: User | None, letter: str, occasion: UUID, appointment_ids: Sequence[UUID], now: datetime
) -> None:
    """One letter with all the times, each as it is by now, and one calendar file; `occasion` names the change.

    What was changed again one by one meanwhile brings its own letters. Nothing left to tell: no letter.
    """
    found = Appointment.objects.filter(pk__in=appointment_ids).select_related("patient", "provider", "site")
    visits = [
        visit
        for visit in found.order_by("during")
        if is_still_true(letter, status=visit.status, starts_at=visit.starts_at, now=now)
    ]
    if not visits:
        return
    patient = visits[0].patient
    to = queries.addressee_of(patient, LETTERS[letter])
    write_letter(
        by=by,
        envelope=Envelope(
            letter=letter,
            patient=patient,
            to=to,
            source=f"scheduling.series:{visits[0].series_id}",
            occasion=f"{letter}:{occasion}",
            parameters=words_of_series(visits),
            attachments=[] if to.why_not else [calendar_of_series(visits, now)],
            expires_at=visits[-1].starts_at,
        ),
    )
