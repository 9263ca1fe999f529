from patients.models.consents import Consent
from patients.models.deaths import DeathReport
from patients.models.disclosures import Disclosure
from patients.models.emergency import EmergencyAccess, emergency_until
from patients.models.identity import DuplicatePair, DuplicatePairQuerySet, PatientIdentifier, PatientLink
from patients.models.imports import DirectoryResource, ImportedSource, PatientOrigin
from patients.models.merges import Merge, MergeQuerySet, former_numbers
from patients.models.numbering import SiteNumbers
from patients.models.people import Patient, PatientOwned, PatientOwnedQuerySet, PatientQuerySet
from patients.models.portal import PortalCode
from patients.models.privacy import CloseWatch, CloseWatchQuerySet, PrivacyCase, PrivacyCaseQuerySet
from patients.models.profile import (
    Address,
    ContactPoint,
    ContactPreference,
    Detail,
    LetterWish,
    PatientName,
    RelatedPerson,
)
from patients.models.proposals import ProposedChange
from patients.models.proxies import Proxy
from patients.models.reach import at_chart, held_on, marks_open_to, reach_of, within_reach, within_scope_of_each
from patients.models.registrations import SelfRegistration, SelfRegistrationQuerySet
from patients.models.relationships import CareRelationship, CareRelationshipQuerySet, GroupGrant, UserGrant
from patients.models.requests import AccessRequest
from patients.models.restrictions import Restriction
from patients.models.standing_in import describe_person

__all__ = [
    "AccessRequest",
    "Address",
    "CareRelationship",
    "CareRelationshipQuerySet",
    "CloseWatch",
    "CloseWatchQuerySet",
    "Consent",
    "ContactPoint",
    "ContactPreference",
    "DeathReport",
    "Detail",
    "DirectoryResource",
    "Disclosure",
    "DuplicatePair",
    "DuplicatePairQuerySet",
    "EmergencyAccess",
    "GroupGrant",
    "ImportedSource",
    "LetterWish",
    "Merge",
    "MergeQuerySet",
    "Patient",
    "PatientIdentifier",
    "PatientLink",
    "PatientName",
    "PatientOrigin",
    "PatientOwned",
    "PatientOwnedQuerySet",
    "PatientQuerySet",
    "PortalCode",
    "PrivacyCase",
    "PrivacyCaseQuerySet",
    "ProposedChange",
    "Proxy",
    "RelatedPerson",
    "Restriction",
    "SelfRegistration",
    "SelfRegistrationQuerySet",
    "SiteNumbers",
    "UserGrant",
    "at_chart",
    "describe_person",
    "emergency_until",
    "former_numbers",
    "held_on",
    "marks_open_to",
    "reach_of",
    "within_reach",
    "within_scope_of_each",
]
