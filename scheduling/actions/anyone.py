"""Book with anybody who will do: of those who qualify and are free, the first by name, or in turn."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import Site, User
from patients.models import Patient
from scheduling.access import check_can_book, is_patient
from scheduling.actions.booking import book_appointment
from scheduling.actions.claims import NotBookable, lock_in_order
from scheduling.actions.steps import booked_before, check_start, key_of
from scheduling.actions.taken import TimeTaken
from scheduling.models import Appointment, VisitType
from scheduling.queries.anyone import next_of, who_qualifies
from scheduling.queries.licences import day_at
from scheduling.queries.times import alternatives_with

TRIES = 3  # times that somebody else may be quicker


def book_with_anyone(
    *,
    by: User | None,
    patient: Patient,
    site: Site,
    visit_type: VisitType,
    start: datetime,
    specialty: str = "",
    reason: str = "",
    idempotency_key: str | None = None,
    now: datetime,
) -> Appointment:
    """As `book_appointment`, with whoever is next of those who qualify; `specialty` narrows where the kind does not.

    In turn is by the number of visits of the day: counted under a lock of the site's, which who asks for anybody waits
    for, so that two at once do not both go to the same. Raises TimeTaken, NotBookable, NotAllowed, NotInScope.
    """
    if by is not None:
        check_can_book(by, patient)
    by_patient, said = is_patient(by), _("Nobody is free at this time any more.")
    asked: dict[str, Any] = {"patient": patient, "site": site, "visit_type": visit_type, "start": start, "now": now}
    with transaction.atomic(), lock_in_order([f"anyone:{site.pk}:{day_at(site, start)}"]):
        if earlier := booked_before(key_of(by, idempotency_key), patient):
            return earlier
        people = who_qualifies(visit_type, site, patient, specialty=specialty)
        if not people:
            raise NotBookable(_("Nobody at this site can be booked for this kind of visit."))
        check_start(visit_type, site, start, by=by, now=now)
        for provider in next_of(people, visit_type, site, start, now, by_patient=by_patient)[:TRIES]:
            try:
                return book_appointment(
                    by=by, provider=provider, reason=reason, idempotency_key=idempotency_key, **asked
                )
            except TimeTaken as taken:
                said = str(taken)
        raise TimeTaken(said, alternatives_with(people, **asked, by_patient=by_patient))
