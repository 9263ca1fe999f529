"""What this app adds to pages on its left: the way to one's record, recent patients on the home page, names for ids."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext_lazy as _some

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission
from patients import actions, queries
from patients.models import Patient, reach_of
from patients.parts import ALLERGIES, BannerNote, DataQuality, Merge, MergeNote, QualityLine
from patients.queries import merging, quality
from patients.queries.emergencies import review_counts
from patients.queries.profile import patients_with_bad_contacts
from patients.queries.proposals import patients_with_proposals
from patients.queries.registrations import count_registrations
from patients.queries.requests import count_requests

NOT_FOR = frozenset({"billing", "researcher", "privacy_officer", "administrator"})  # the design language, section 3


class PortalAccount:
    """For `accounts.PortalAccount`: who has a record may act as a patient."""

    home = "portal:home"

    def has_record(self, user: User) -> bool:
        return queries.has_record(user)

    def own_record(self, user: User) -> UUID | None:
        return queries.own_record(user)


def recent_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: the charts opened last, and the way to others."""
    if not can(user, Permission.SEARCH_PATIENTS):
        return None
    context = {
        "recent": actions.list_recent_patients(by=user),
        "may_register": can(user, Permission.REGISTER_PATIENT),
    }
    return Card("patients/home_recent.html", context, order=200)


def reviews_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: what waits for the privacy officer."""
    if not can(user, Permission.REVIEW_ACCESS):
        return None
    context = {"counts": review_counts(user, now), "requests": count_requests(user)}
    return Card("patients/home_reviews.html", context, order=10, wide=True)


def requests_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: colleagues who ask to be let in by whoever cares for the patient."""
    if not can(user, Permission.GRANT_ACCESS):
        return None
    waiting = count_requests(user)
    return Card("patients/home_requests.html", {"waiting": waiting}, order=150) if waiting else None


def quality_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: the way to what can be put right, which fills itself in after the page has come."""
    return Card("patients/home_quality.html", order=190) if quality.is_for(user) else None


def births_to_ask(user: User, now: datetime) -> Sequence[QualityLine]:
    found = len(quality.births_to_ask(user))
    return [
        QualityLine.at_most(
            quality.MOST, _("Date of birth not known, or estimated"), found, reverse("patients:births_to_ask")
        )
    ]


births = DataQuality(Permission.CHANGE_PATIENT, births_to_ask)


def contacts_and_proposals(user: User, now: datetime) -> Sequence[QualityLine]:
    wanted, bad = len(patients_with_proposals(user)), len(patients_with_bad_contacts(user))
    return [
        QualityLine.at_most(
            quality.MOST, _("Changes that patients propose"), wanted, reverse("patients:all_proposals")
        ),
        QualityLine.at_most(
            quality.MOST, _("Number or address where nothing arrives"), bad, reverse("patients:bad_contacts")
        ),
    ]


contacts = DataQuality(Permission.CHANGE_PATIENT, contacts_and_proposals)


def registrations_to_answer(user: User, now: datetime) -> Sequence[QualityLine]:
    found = count_registrations(user)
    address = reverse("patients:registrations")
    return [QualityLine(_("Registered online"), min(found, quality.MOST), address, more=found > quality.MOST)]


registrations = DataQuality(Permission.REVIEW_REGISTRATIONS, registrations_to_answer)


def pairs_to_look_at(user: User, now: datetime) -> Sequence[QualityLine]:
    found = merging.count_pairs(user, quality.MOST + 1)
    return [QualityLine.at_most(quality.MOST, _("Perhaps registered twice"), found, reverse("patients:merges"))]


pairs = DataQuality(Permission.MERGE_PATIENTS, pairs_to_look_at)


def cover_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: for whom one stands in, and who does for oneself; nothing where nobody does.

    Whoever cannot name somebody is asked about only while they stand in, which their reach says already.
    """
    may_name = can(user, Permission.GRANT_ACCESS) or can(user, Permission.MANAGE_ACCOUNTS)
    if can(user, Permission.OWN_RECORD) or not (may_name or reach_of(user).people[1:]):
        return None
    covers = queries.covers_of(user, now)
    if not covers:
        return None
    context = {"covers": covers, "may_name": can(user, Permission.GRANT_ACCESS)}
    return Card("patients/home_covers.html", context, order=180)


def names_of(user: User, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """For `accounts.Subject`: names of those the user may see, and of nobody else."""
    return queries.names_of(user, ids)


class NeverAsked:
    """For `patients.Banner`: what is true of allergies until an app to the right knows more. Unknown is not none."""

    def for_patients(self, ids: Collection[UUID], *, user: User) -> Mapping[UUID, Sequence[BannerNote]]:
        if user.acting_role in NOT_FOR:
            return {}
        note = BannerNote(role="unknown", text=_("Allergies never asked"), slot=ALLERGIES)
        return {patient_id: [note] for patient_id in ids}


portal_account = PortalAccount()
never_asked = NeverAsked()


# == Two records of one person ==
def about_two(kept: Patient, gone: Patient, *, user: User, now: datetime) -> Sequence[MergeNote]:
    """For `patients.Merge`: what speaks for two people, who acts for either, and of two accounts which goes on."""
    notes = []
    if bool(kept.deceased) != bool(gone.deceased):
        said = _("Of one of the two it is noted that the person has died. Say the same of both first.")
        notes.append(MergeNote(said, stops=True))
    notes += [MergeNote(text, stops=stops) for text, stops in merging.said_of_both(user, kept, gone)]
    if kept.birth_date != gone.birth_date:
        notes.append(MergeNote(_("The dates of birth differ. Make sure that this is one person.")))
    if kept.sex != gone.sex:
        notes.append(MergeNote(_("The sex differs. Make sure that this is one person.")))
    accounts = merging.portal_accounts(kept, gone)
    if len(accounts) == 2:
        notes.append(MergeNote(_("Both have a portal account. Choose below which goes on opening the record.")))
    for name, relation in merging.who_acts_for(user, gone):
        said = _("%(name)s (%(relation)s) acts for the other record, and will act for this one.")
        notes.append(MergeNote(said % {"name": name, "relation": relation}))
    return notes


merge = Merge(
    goes={
        "patients_carerelationship": _some("%d line of who may open the chart", "%d lines of who may open the chart"),
        "patients_proxy": _some("%d person who acts for the patient", "%d people who act for the patient"),
        "patients_consent": _some("%d answer about consent", "%d answers about consent"),
        "patients_restriction": _some("%d person kept out of the chart", "%d people kept out of the chart"),
        "patients_emergencyaccess": _some("%d emergency access", "%d emergency accesses"),
        "patients_accessrequest": _some("%d request for access", "%d requests for access"),
        "patients_disclosure": _some("%d line of what was given to others", "%d lines of what was given to others"),
        "patients_portalcode": _some("%d code for the portal", "%d codes for the portal"),
        "patients_privacycase": _some("%d doubt about an opening", "%d doubts about an opening"),
        "patients_patientorigin": _some("%d record elsewhere", "%d records elsewhere"),
        "patients_deathreport": _some("%d report of a death", "%d reports of a death"),
        "patients_patientname": _some("%d other name", "%d other names"),
        "patients_address": _some("%d other address", "%d other addresses"),
        "patients_contactpoint": _some("%d number or e-mail address", "%d numbers or e-mail addresses"),
        "patients_relatedperson": _some("%d person close to the patient", "%d people close to the patient"),
        "patients_contactpreference": _some("%d answer about letters", "%d answers about letters"),
        "patients_letterwish": _some("%d wish about letters", "%d wishes about letters"),
        "patients_proposedchange": _some("%d proposed change", "%d proposed changes"),
        "patients_merge": _some("%d earlier merge", "%d earlier merges"),
        "patients_patientidentifier": _some("%d further number", "%d further numbers"),
        "patients_patientlink": _some("%d link to the family", "%d links to the family"),
        "patients_duplicatepair": _some("%d possible duplicate", "%d possible duplicates"),
        "patients_importedsource": None,
        "patients_closewatch": None,  # who is watched closely is told to the privacy officers alone
    },
    refusals={
        "relationship_one_self_per_user": _lazy("One person's account opens both records. Ask for help."),
        "origin_once_a_patient": _lazy("Both came from the same record elsewhere. Ask for help."),
    },
    notes=about_two,
)
