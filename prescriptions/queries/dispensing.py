"""The safety check once more, when a medicine is prepared or handed out: only what nobody has answered yet."""

from dataclasses import replace
from datetime import datetime

from healthcare.accounts.models import User
from prescriptions.models import Prescription
from prescriptions.queries.checking import check_prescription
from prescriptions.queries.lists import last_check_of
from prescriptions.rules.safety import ALLERGY, Finding, Result, Unchecked


def new_since_signing(user: User, prescription: Prescription, now: datetime) -> Result:
    """What does not go together and was not said at the signature: a later allergy, a later medicine, newer rules.

    Whoever signed has answered the rest. Weight, kidneys and pregnancy are the prescriber's to see, and are not asked
    again. `to_answer` of the result holds what a pharmacist has to answer; a check that cannot run says so.
    """
    result = check_prescription(user, prescription, now).result
    signed = last_check_of(user, prescription)
    if result.problem or signed is None:
        return result
    told = [Finding(**one) for one in signed.findings]
    unknown = {one["key"] for one in signed.unchecked}
    return replace(
        result,
        findings=tuple(one for one in result.findings if not any(_is_same(one, old) for old in told)),
        unchecked=tuple(one for one in result.unchecked if _is_of_allergies(one) and one.key not in unknown),
    )


def _is_same(new: Finding, old: Finding) -> bool:
    """An allergy that was written down anew is another entry; in the same words it is nothing new."""
    return new.key == old.key or (new.kind == old.kind == ALLERGY and (new.rule, new.other) == (old.rule, old.other))


def _is_of_allergies(one: Unchecked) -> bool:
    return one.key.startswith("unchecked.allerg")
