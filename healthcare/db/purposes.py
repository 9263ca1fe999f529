"""The short list of reasons to see rows that the person asking may not.

Each is one SECURITY DEFINER function with named columns, masking and a rate limit, and each use is audited. Nothing
else passes a wall inside a request. A test holds the database against this list.
"""

from enum import StrEnum


class Purpose(StrEnum):
    """The value is the function's name in the schema `app`."""

    PATIENT_SEARCH = "find_patients"
    PORTAL_LINK = "claim_portal_code"
    ALLERGIES = "allergies_of"  # to who registers: whether they were asked about; to who treats or dispenses: the list


# SECURITY DEFINER functions that show nobody's rows: they answer about the actor alone, or derive grants.
ABOUT_THE_ACTOR = frozenset(
    {"claims", "group_ids", "site_ids", "own_patient_id", "reaches", "sync_access", "release_claims"}
)
