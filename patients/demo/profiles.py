"""What the sample clinic knows of its patients besides the registration, and what one of them wants changed."""

from datetime import datetime, time

from healthcare.accounts.models import Membership
from healthcare.db.context import acting_as, acting_as_system
from patients.actions import profile, proposals
from patients.models import CareRelationship, Consent, ContactPoint, Patient, PatientName, RelatedPerson
from patients.rules.profile import Profile

# Family and given name → what was said at the desk. Who shows the portal gets letters at any hour a visitor may come.
PROFILES = {
    ("Delgado-Ferreira", "Rosa"): Profile("female", "female", "she/her", "pt", False),
    ("Al-Masri", "Layla"): Profile("female", "female", "", "ar", True),
    ("Nguyễn", "Thị Minh Khai"): Profile("female", "", "", "vi", True),
    ("Abara", "Chidi"): Profile("male", "non_binary", "they/them", "en", False, time(21), time(7)),
}
MAIDEN = {"use": "maiden", "given_name": "Rosa", "family_name": "Ferreira", "until": None}
BROTHER = {
    "name": "Miguel Ferreira",
    "relation": "sibling",
    "phone": "+15085550193",
    "email": "",
    "emergency": True,
    "may_be_told": True,
}
WORK = {"system": "phone", "use": "work", "value": "+15085550194"}
NO_NEWS = {("email", "news"): False, ("sms", "visits"): True}
WANTED = {"line": "41 Linden Street", "pronouns": "she/they"}  # in the portal


def tell_of_profiles(desk: Membership, now: datetime) -> None:
    """At the desk of the first site, about those who are in its reach."""
    user = desk.user.in_role("front_desk")
    with acting_as(user):
        visible = Patient.objects.visible_to(user).filter(family_name__in=[family for family, _given in PROFILES])
        people = {(one.family_name, one.given_name): one for one in visible}
        for names, said in PROFILES.items():
            if names in people:
                profile.change_profile(by=user, patient=people[names], profile=said)
        rosa = next((one for names, one in people.items() if names[1] == "Rosa"), None)
        if rosa is None:
            return
        for kind, values in ((PatientName, MAIDEN), (RelatedPerson, BROTHER), (ContactPoint, WORK)):
            profile.add_detail(by=user, patient=rosa, kind=kind, values=values)
        profile.mark_contact(
            by=user, patient_id=rosa.pk, system="phone", value=WORK["value"], bad=ContactPoint.Bad.SILENT, now=now
        )
        profile.set_preferences(by=user, patient=rosa, answers=NO_NEWS, method=Consent.Method.IN_PERSON, now=now)
    _propose(rosa, now)


def _propose(patient: Patient, now: datetime) -> None:
    """By the patient, who has an account by then; else nothing."""
    with acting_as_system("demo"):
        own = CareRelationship.objects.current().filter(patient=patient, kind=CareRelationship.Kind.SELF)
        account = own.select_related("user").first()
    if account is not None and account.user is not None:
        user = account.user.in_role("patient")
        with acting_as(user):
            proposals.propose_changes(by=user, patient=patient, values=WANTED, now=now)
