"""What the privacy officer of the sample clinic finds: one emergency reviewed, one that runs, and a request."""

from datetime import timedelta

from django.utils import timezone

from healthcare.accounts.models import Membership
from healthcare.accounts.permissions import Scope
from healthcare.db.context import acting_as, acting_as_system
from patients.actions.emergency import break_glass, end_emergency, review_emergency
from patients.actions.requests import request_access
from patients.models import EmergencyAccess, Patient

REVIEWED, RUNNING, ASKED_FOR = ("Goldberg", "Miriam"), ("Whitfield", "Dorothy"), ("Castellano", "Giulia")


def tell_of_emergencies(known_to: Membership, stranger: Membership) -> None:
    """A doctor of another site breaks the glass twice, gives one back, is reviewed for it, and asks for a third."""
    doctor = stranger.user.in_role("doctor")
    found = people_of(known_to)
    if len(found) < 3:
        return
    with acting_as_system("demo"):
        officer = Membership.objects.current().filter(role="privacy_officer").select_related("user").first()
    with acting_as(doctor):
        first = break_glass(
            by=doctor,
            patient_id=found[REVIEWED].pk,
            purpose="ETREAT",
            reason="Collapsed in the pharmacy next door; which blood thinner does she take?",
            lasts=timedelta(minutes=30),
            now=timezone.now(),
        )
        end_emergency(by=doctor, patient_id=found[REVIEWED].pk, now=timezone.now())
        break_glass(
            by=doctor,
            patient_id=found[RUNNING].pk,
            purpose="TREAT",
            reason="Her daughter calls about chest pain since this morning",
            lasts=timedelta(hours=4),
            now=timezone.now(),
        )
        request_access(
            by=doctor,
            patient_id=found[ASKED_FOR].pk,
            scopes=[Scope.CLINICAL, Scope.MEDICATION],
            reason="Referred to me for her asthma; I see her in two weeks",
            until=timezone.now() + timedelta(days=60),
            now=timezone.now(),
        )
    if officer:
        reviewer = officer.user.in_role("privacy_officer")
        with acting_as(reviewer):
            review_emergency(
                by=reviewer,
                emergency=first,
                verdict=EmergencyAccess.Verdict.JUSTIFIED,
                note="The pharmacy confirms it; only medicines were looked at.",
                now=timezone.now(),
            )


def people_of(membership: Membership) -> dict[tuple[str, str], Patient]:
    """Those of the story whom this doctor reaches."""
    doctor = membership.user.in_role(membership.role)
    families = [family for family, _given in (REVIEWED, RUNNING, ASKED_FOR)]
    with acting_as(doctor):
        rows = Patient.objects.visible_to(doctor).filter(family_name__in=families)
        return {(row.family_name, row.given_name): row for row in rows}
