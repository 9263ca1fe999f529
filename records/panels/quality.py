"""What can be put right in charts, for `patients.DataQuality`."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from patients.parts import DataQuality, QualityLine
from records.actions.orders import list_overdue_tests
from records.actions.unmatched import list_unmatched
from records.queries.orders import TooManyLists
from records.queries.quality import allergies_to_ask


def lines(user: User, now: datetime) -> Sequence[QualityLine]:
    found = allergies_to_ask(user, now)
    return [
        QualityLine(
            _("Allergies never asked"),
            len(found.visits),
            reverse("records:allergies_to_ask"),
            _("visits of the coming week"),
            more=not found.all_seen,
        )
    ]


def desk_lines(user: User, now: datetime) -> Sequence[QualityLine]:
    """For the desk alone: whoever reads charts has the list of what was ordered."""
    if can(user, Permission.ENTER_RESULT):
        return []
    try:
        found = list_overdue_tests(by=user, now=now)
    except TooManyLists:
        return []
    return [QualityLine(_("Overdue tests"), len(found), reverse("records:overdue_tests"), _("people to call"))]


def unmatched_lines(user: User, now: datetime) -> Sequence[QualityLine]:
    """On the first page of who enters results, and on the list of what can be put right."""
    try:
        found = list_unmatched(by=user)
    except TooManyLists:
        return []
    return [QualityLine(_("Unmatched results"), len(found), reverse("records:unmatched_results"), _("to match"))]


tests_to_chase = DataQuality(Permission.BOOK_APPOINTMENT, desk_lines)
never_asked = DataQuality(Permission.RECORD_ALLERGY, lines)
results_to_match = DataQuality(Permission.ENTER_RESULT, unmatched_lines)
