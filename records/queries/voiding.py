"""What goes with a visit that was entered in error, what is left of it, and who else signed in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from healthcare.accounts.models import User
from records.models import Cosignature, Draft, Encounter, Entry, Paper, ServiceRequest
from records.queries.encounters import draft_of
from records.queries.lines import EntryLine, lines_of
from records.queries.orders import orders_in
from records.rules.states import ANSWERS


def goes_with(user: User, encounter: Encounter) -> Any:
    """What this person sees standing in the visit and is void with it: all but what answers an order."""
    rows = Entry.objects.visible_to(user).current().filter(patient_id=encounter.patient_id, encounter=encounter)
    return rows.exclude(kind__in=ANSWERS)


def signed_by_others(user: User, encounter: Encounter) -> list[str]:
    """Who else signed what stands in it, or signed besides: neither this person nor who holds the visit."""
    own = {user.pk, encounter.provider.user_id if encounter.provider else None}
    signed = goes_with(user, encounter).filter(signed_at__isnull=False)
    found = {row.signed_by for row in signed.select_related("signed_by").order_by("pk")}
    besides = Cosignature.objects.visible_to(user).filter(
        patient_id=encounter.patient_id, entry__in=[row.pk for row in signed.order_by("pk")]
    )
    found |= {row.signed_by for row in besides.select_related("signed_by").order_by("pk")}
    return sorted(person.full_name for person in found if person.pk not in own)


@dataclass(frozen=True)
class Voiding:
    """What one is about to mark as wrong with the visit, and what is left to be looked at one by one."""

    goes: Sequence[EntryLine]
    sick_notes: Sequence[Paper]
    stays: Sequence[EntryLine]
    orders: Sequence[ServiceRequest]
    others: Sequence[str]
    draft: Draft | None


def about_to_void(user: User, encounter: Encounter) -> Voiding:
    goes = goes_with(user, encounter).top().select_related("author", "enterer").newest_first()
    return Voiding(
        goes=lines_of(goes),
        sick_notes=list(_sick_notes(user, encounter)),
        stays=lines_of(answers_in(user, encounter)),
        orders=orders_in(user, encounter),
        others=signed_by_others(user, encounter),
        draft=draft_of(user, encounter),
    )


def answers_in(user: User, encounter: Encounter) -> list[Entry]:
    """Results that came to this visit, and stand."""
    rows = Entry.objects.visible_to(user).current().filter(patient_id=encounter.patient_id, encounter=encounter)
    return list(rows.top().filter(kind__in=ANSWERS).select_related("author", "enterer").newest_first())


def void_with(user: User, encounter: Encounter) -> list[EntryLine]:
    """What was marked as wrong in this visit, with it or before."""
    rows = Entry.objects.visible_to(user).filter(patient_id=encounter.patient_id, encounter=encounter)
    void = rows.top().filter(Q(voided_at__isnull=False)).select_related("author", "enterer", "voided_by")
    return lines_of(void.newest_first())


def _sick_notes(user: User, encounter: Encounter) -> Any:
    rows = Paper.objects.visible_to(user).filter(encounter=encounter, kind="sick_note", voided_at=None)
    return rows.order_by("pk")
