"""What FHIR R4 asks of the resources that are written: a small table of cardinalities and value sets.

From the "Resource Content" of each type at https://hl7.org/fhir/R4/<type>.html (version 4.0.1): elements with a minimum
of one, names ending in [x] by any of their types, the required bindings of statuses, and the elements that there are.
"""

import re
from typing import Any

ABOUT = {"resourceType", "id", "meta", "text", "contained", "extension", "implicitRules", "language"}
#: type → elements that must be there; a dotted name within each of its parent that is there.
REQUIRED = {
    "Patient": "",
    "Encounter": "status class",
    "Condition": "subject",
    "AllergyIntolerance": "patient reaction.manifestation",
    "Observation": "status code component.code",
    "DiagnosticReport": "status code",
    "Immunization": "status vaccineCode patient occurrence[x] performer.actor protocolApplied.doseNumber[x]",
    "Procedure": "status subject performer.actor",
    "FamilyMemberHistory": "status patient relationship condition.code",
    "QuestionnaireResponse": "status item.linkId",
    "ServiceRequest": "status intent subject",
    "DocumentReference": "status content content.attachment relatesTo.code relatesTo.target",
    "CarePlan": "status intent subject activity.detail.status",
    "MedicationRequest": "status intent medication[x] subject",
    "MedicationStatement": "status medication[x] subject",
    "Coverage": "status beneficiary payor",
    "Invoice": "status participant.actor lineItem.chargeItem[x] lineItem.priceComponent.type note.text",
    "Appointment": "status participant participant.status",
    "Communication": "status payload.content[x]",
}
OTHERS = {
    "Patient": "identifier active name telecom gender birthDate deceased[x] address maritalStatus multipleBirth[x]"
    " photo contact communication generalPractitioner managingOrganization link",
    "Encounter": "identifier statusHistory classHistory type serviceType priority subject episodeOfCare basedOn"
    " participant appointment period length reasonCode reasonReference diagnosis account hospitalization location"
    " serviceProvider partOf",
    "Condition": "identifier clinicalStatus verificationStatus category severity code bodySite encounter onset[x]"
    " abatement[x] recordedDate recorder asserter stage evidence note",
    "AllergyIntolerance": "identifier clinicalStatus verificationStatus type category criticality code encounter"
    " onset[x] recordedDate recorder asserter lastOccurrence note reaction",
    "Observation": "identifier basedOn partOf category subject focus encounter effective[x] issued performer value[x]"
    " dataAbsentReason interpretation note bodySite method specimen device referenceRange hasMember derivedFrom"
    " component",
    "DiagnosticReport": "identifier basedOn category subject encounter effective[x] issued performer resultsInterpreter"
    " specimen result imagingStudy media conclusion conclusionCode presentedForm",
    "Immunization": "identifier statusReason encounter recorded primarySource reportOrigin location manufacturer"
    " lotNumber expirationDate site route doseQuantity performer note reasonCode reasonReference isSubpotent"
    " subpotentReason education programEligibility fundingSource reaction protocolApplied",
    "Procedure": "identifier basedOn partOf statusReason category code encounter performed[x] recorder asserter"
    " performer location reasonCode reasonReference bodySite outcome report complication note",
    "FamilyMemberHistory": "identifier dataAbsentReason date name sex born[x] age[x] deceased[x] reasonCode note"
    " condition",
    "QuestionnaireResponse": "identifier basedOn partOf questionnaire subject encounter authored author source item",
    "ServiceRequest": "identifier basedOn replaces requisition category priority doNotPerform code orderDetail"
    " encounter occurrence[x] asNeeded[x] authoredOn requester performerType performer reasonCode reasonReference note",
    "DocumentReference": "identifier docStatus type category subject date author authenticator custodian relatesTo"
    " description securityLabel context",
    "CarePlan": "identifier basedOn replaces partOf category title description encounter period created author"
    " contributor careTeam addresses goal activity note",
    "MedicationRequest": "identifier statusReason category priority doNotPerform reported[x] encounter authoredOn"
    " requester performer recorder reasonCode reasonReference note dosageInstruction dispenseRequest substitution",
    "MedicationStatement": "identifier basedOn statusReason category context effective[x] dateAsserted"
    " informationSource derivedFrom reasonCode reasonReference note dosage",
    "Coverage": "identifier type policyHolder subscriber subscriberId dependent relationship period class order",
    "Invoice": "identifier cancelledReason type subject recipient date participant issuer account lineItem"
    " totalPriceComponent totalNet totalGross paymentTerms note",
    "Communication": "identifier instantiatesCanonical instantiatesUri basedOn partOf inResponseTo statusReason"
    " category priority medium subject topic about encounter sent received recipient sender reasonCode reasonReference"
    " payload note",
    "Appointment": "identifier serviceType specialty reasonCode start end created comment cancelationReason",
}
EVENT = "preparation in-progress not-done on-hold stopped completed entered-in-error unknown"
REQUEST = "draft active on-hold revoked completed entered-in-error unknown"
#: `type.element` → its required binding.
CODES = {
    "Encounter.status": "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
    "Observation.status": "registered preliminary final amended corrected cancelled entered-in-error unknown",
    "DiagnosticReport.status": "registered partial preliminary final amended corrected appended cancelled"
    " entered-in-error unknown",
    "Immunization.status": "completed entered-in-error not-done",
    "Procedure.status": EVENT,
    "Communication.status": EVENT,
    "FamilyMemberHistory.status": "partial completed entered-in-error health-unknown",
    "QuestionnaireResponse.status": "in-progress completed amended entered-in-error stopped",
    "ServiceRequest.status": REQUEST,
    "CarePlan.status": REQUEST,
    "DocumentReference.status": "current superseded entered-in-error",
    "DocumentReference.docStatus": "preliminary final amended entered-in-error",
    "MedicationRequest.status": "active on-hold cancelled completed entered-in-error stopped draft unknown",
    "MedicationStatement.status": "active completed entered-in-error intended stopped on-hold unknown not-taken",
    "Coverage.status": "active cancelled draft entered-in-error",
    "Invoice.status": "draft issued balanced cancelled entered-in-error",
    "Appointment.status": "proposed pending booked arrived fulfilled cancelled noshow entered-in-error checked-in"
    " waitlist",
    "AllergyIntolerance.type": "allergy intolerance",
    "AllergyIntolerance.criticality": "low high unable-to-assess",
    "ServiceRequest.priority": "routine urgent asap stat",
    "Patient.gender": "male female other unknown",
}
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
DATE_TIME = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?", re.ASCII)


def problems_of(resource: dict[str, Any]) -> list[str]:
    """What R4 would refuse in it; empty for what is well."""
    kind = resource["resourceType"]
    required = REQUIRED[kind].split()
    names = {name for name in required if "." not in name} | set(OTHERS[kind].split())
    found = [f"{name} is missing" for path in required for name in _missing(resource, path)]
    found += [f"{name} is no element" for name in sorted(resource.keys() - ABOUT) if not _is_one(name, names)]
    for place, allowed in CODES.items():
        name = place.split(".")[1]
        if place.startswith(f"{kind}.") and name in resource and resource[name] not in allowed.split():
            found.append(f"{name} is {resource[name]}")
    if not ID.fullmatch(resource["id"]) or not ID.fullmatch(resource["meta"]["versionId"]):
        found.append("an id is none")
    return [f"{kind}: {problem}" for problem in [*found, *_wrong(resource, kind)]]


def _missing(within: dict[str, Any], path: str) -> list[str]:
    name, _dot, rest = path.partition(".")
    if not rest:
        return [] if any(_is_one(there, {name}) for there in within) else [path]
    inside = within.get(name, [])
    return [one for part in (inside if isinstance(inside, list) else [inside]) for one in _missing(part, rest)]


def _is_one(name: str, names: set[str]) -> bool:
    bare = name.removeprefix("_")
    return any(bare == one or (one.endswith("[x]") and bare.startswith(one[:-3]) and bare != one[:-3]) for one in names)


def _wrong(said: Any, place: str) -> list[str]:
    """Nothing is empty (section 2.6.2, JSON), and what is called a moment is one."""
    if isinstance(said, list):
        return [problem for one in said for problem in _wrong(one, place)] if said else [f"{place} is empty"]
    if isinstance(said, dict):
        return (
            [p for name, one in said.items() for p in _wrong(one, f"{place}.{name}")] if said else [f"{place} is empty"]
        )
    dated = re.search(r"(DateTime|\.(start|end|authored|authoredOn|recordedDate|lastUpdated|date))$", place)
    if said in ("", None) or (dated and not DATE_TIME.fullmatch(said)):
        return [f"{place} is {said!r}"]
    return []
