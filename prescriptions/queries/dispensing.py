"""The safety check once more, when a medicine is prepared or handed out: only what nobody has answered yet."""

from dataclasses import replace
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from healthcare.accounts.models import User
from prescriptions.models import Dispense, Prescription, SafetyCheck
from prescriptions.queries.checking import Checked, check_prescription
from prescriptions.queries.lists import checks_of
from prescriptions.rules.safety import ALLERGY, Finding, Unchecked


def new_since_signing(user: User, prescription: Prescription, now: datetime) -> Checked:
    """What does not go together and was not said at the signature: a later allergy, a later medicine, newer rules.

    Whoever signed has answered the rest, and what the dispensary answered holds until this supply is handed out. That
    weight, kidneys or a pregnancy are unknown is the prescriber's to see, and is not asked again; what they stop, once
    known, is. `to_answer` of the result holds what a pharmacist has to answer; a check that cannot run says so.
    """
    checked = check_prescription(user, prescription, now)
    kept = list(_said_so_far(user, prescription))
    signed = next((check for check in kept if check.occasion == SafetyCheck.Occasion.SIGNING), None)
    if checked.result.problem or signed is None:
        return checked
    told = [Finding(**one) for one in signed.findings]
    unknown = {one["key"] for one in signed.unchecked}
    for check in kept:
        keys = {answer["key"] for answer in check.overrides} if check.was_at_the_dispensary else set()
        told += [Finding(**one) for one in check.findings if one["key"] in keys]
        unknown |= keys
    result = replace(
        checked.result,
        findings=tuple(one for one in checked.result.findings if not any(_is_same(one, old) for old in told)),
        unchecked=tuple(one for one in checked.result.unchecked if _is_of_allergies(one) and one.key not in unknown),
    )
    return replace(checked, result=result)


def _said_so_far(user: User, prescription: Prescription) -> "QuerySet[SafetyCheck]":
    """The check of the signature, and those of this supply at the dispensary; of each the one that says more first.

    What was answered for an earlier supply is asked again.
    """
    given = Dispense.objects.visible_to(user).handed_out().filter(prescription=prescription, fill__lt=prescription.fill)
    earlier = given.filter(patient=prescription.patient_id, picked_up_at__gte=OuterRef("ran_at"))
    rows = checks_of(user, prescription)
    at_the_dispensary = Q(occasion__in=SafetyCheck.DISPENSING) & ~Exists(earlier)
    rows = rows.filter(Q(occasion=SafetyCheck.Occasion.SIGNING) | at_the_dispensary)
    return rows.order_by("-ran_at", "-labels__len", "-id")


def _is_same(new: Finding, old: Finding) -> bool:
    """An allergy that was written down anew is another entry; in the same words it is nothing new."""
    return new.key == old.key or (new.kind == old.kind == ALLERGY and (new.rule, new.other) == (old.rule, old.other))


def _is_of_allergies(one: Unchecked) -> bool:
    return one.key.startswith("unchecked.allerg")
