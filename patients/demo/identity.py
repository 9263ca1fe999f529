"""Families of the sample clinic, and a number from elsewhere: shown together, found by the search."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from django.utils import timezone

from healthcare.accounts.models import Membership
from healthcare.db.context import acting_as, acting_as_system
from patients.actions import add_identifier, link_patients
from patients.actions.identifiers import begin_number_series
from patients.models import Patient, PatientLink

GROWN, A_PARENT = 18, 45  # years: of age, and older than a child at most


def tell_of_families(desk: Membership) -> None:
    """At this desk: whoever shares a phone is linked; the first patient has a number elsewhere."""
    user, today = desk.user.in_role("front_desk"), timezone.localdate()
    with acting_as(user):
        here = list(Patient.objects.visible_to(user).filter(site=desk.site).order_by("mrn"))
        for one, other in kin(here):
            old, young = sorted((one, other), key=lambda person: -(person.age_on(today) or 0))
            if (young.age_on(today) or 0) >= GROWN:
                relation = PatientLink.Relation.SPOUSE
            elif (old.age_on(today) or 0) < GROWN:
                relation = PatientLink.Relation.SIBLING
            elif (old.age_on(today) or 0) - (young.age_on(today) or 0) > A_PARENT:
                relation = PatientLink.Relation.GUARDIAN
            else:
                relation = PatientLink.Relation.MOTHER if old.sex == "female" else PatientLink.Relation.PARENT
            link_patients(by=user, patient=young, other=old, relation=relation)
        if here:
            add_identifier(by=user, patient=here[0], system="Riverside Hospital", value=f"RH-{here[0].mrn[-4:]}")


def begin_numbers(desks: Sequence[Membership]) -> None:
    """Each site gives numbers of its own, which begin with the first letters of its name."""
    begun = set()
    with acting_as_system("demo"):
        for desk in desks:
            letters = "".join(sign for sign in desk.site.slug.upper() if sign.isascii() and sign.isalpha())[:3]
            if len(letters) > 1 and letters not in begun:
                begin_number_series(by=None, site=desk.site, prefix=letters)
                begun.add(letters)


def kin(people: list[Patient]) -> Iterator[tuple[Patient, Patient]]:
    return ((one, other) for one, other in combinations(people, 2) if one.phone and one.phone == other.phone)
