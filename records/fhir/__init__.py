"""What FHIR R4 resources become in the chart, a file a subject; named in `settings.FHIR_RESOURCES`. What
the folder of a kind reads is there.

Each row holds its resource whole, as exact JSON text in `data["resource"]` (a visit in `told`): nothing of it is lost,
and what gets a model later can be moved there.
"""

from records.fhir.allergies import AllergyIntoleranceResource
from records.fhir.by_kind import of_kinds
from records.fhir.encounters import EncounterResource
from records.fhir.given import ImmunizationResource, ProcedureResource
from records.fhir.histories import FamilyMemberHistoryResource
from records.fhir.kept import KeptResource
from records.fhir.observations import ObservationResource
from records.fhir.orders import ServiceRequestResource
from records.fhir.problems import ConditionResource
from records.fhir.reports import DiagnosticReportResource
from records.fhir.unmatched import UnmatchedResults

__all__ = [
    "AllergyIntoleranceResource",
    "ConditionResource",
    "DiagnosticReportResource",
    "EncounterResource",
    "FamilyMemberHistoryResource",
    "ImmunizationResource",
    "KeptResource",
    "ObservationResource",
    "ProcedureResource",
    "ServiceRequestResource",
    "UnmatchedResults",
    "of_kinds",
]
