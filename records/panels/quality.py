"""What can be put right in charts, for `patients.DataQuality`."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from patients.parts import DataQuality, QualityLine
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


never_asked = DataQuality(Permission.RECORD_ALLERGY, lines)
