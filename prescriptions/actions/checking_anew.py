"""The safety check at the dispensary: run with what is known now, before anything is prepared or handed out."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from prescriptions.actions.steps import FindingsUnanswered, keep_check
from prescriptions.models import Prescription
from prescriptions.queries.dispensing import new_since_signing
from prescriptions.rules.safety import Answer, unanswered, used


def check_anew(
    by: User, prescription: Prescription, overrides: Iterable[Answer], occasion: str, now: datetime
) -> dict[str, Any]:
    """Check it, and keep what was found with what was answered, also where nothing was found: that it ran is kept.

    Returns what the audit says of it. Raises FindingsUnanswered where something new stops it, or the check did not run,
    and nobody has said why to go on.
    """
    answers = {answer.key: answer for answer in overrides}
    checked = new_since_signing(by, prescription, now)
    result = checked.result
    if missing := unanswered(result, answers, dispensing=True):
        raise FindingsUnanswered(result, missing, _("Answer what the safety check says now, or ask the prescriber."))
    kept = keep_check(prescription, checked, used(result, answers), now, occasion=occasion, answered_by=by)
    return {"check": str(kept.pk), "overrides": len(kept.overrides), "rules": [one.rule for one in result.findings]}
