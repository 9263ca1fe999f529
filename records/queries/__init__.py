"""Page-shaped reads of the chart, a file a subject."""

from records.queries.allergies import AllergyList, KnownAllergy, allergies_of
from records.queries.entries import active_conditions, active_entries
from records.queries.vitals import latest_vitals

__all__ = ["AllergyList", "KnownAllergy", "active_conditions", "active_entries", "allergies_of", "latest_vitals"]
