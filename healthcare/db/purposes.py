"""The short list of reasons to see rows that the person asking may not.

Each is one SECURITY DEFINER function with named columns, masking and a rate limit, and each use is audited. Nothing
else passes a wall inside a request. A test holds the database against this list.
"""

from enum import StrEnum


class Purpose(StrEnum):
    """The value is the function's name in the schema `app`."""

    PATIENT_SEARCH = "find_patients"
    DUPLICATE_SEARCH = "find_duplicates"
    PORTAL_LINK = "claim_portal_code"
    CONFIRM_REGISTRATION = "confirm_registration"  # to whoever opens the link in the mail: that it was, and no more
    RECORD_NUMBERS = "record_numbers"  # to privacy officers: the number of a record that the audit names, and back
    ALLERGIES = "allergies_of"  # to who registers: whether they were asked about; to who treats or dispenses: the list
    EXPLAIN_ACCESS = "explain_access"  # to the privacy officer and administrators: why somebody may open a chart
    REVIEW_NAMES = "names_for_review"  # to the privacy officer: of whom a review or a request speaks

    MERGE = "merge_patients"  # to who may: every row of one record to the other's, seen or not
    UNMERGE = "unmerge_patients"  # to who may: back
    MERGE_COUNTS = "rows_to_merge"  # to who may: how many rows of which table, and nothing else of them
    UNMERGE_COUNTS = "rows_to_unmerge"  # the same of an undoing
    WORDS_OF_CHARTS = "find_words"  # to who reads charts: ids of entries in their reach, along an index; no text
    UNMATCHED_RESULTS = "unmatched_results"  # to who enters results: those of nobody sure; in a list their test alone
    SETTLE_UNMATCHED = "settle_unmatched_result"  # to who enters results: whose one was, or that it is set aside; once
    OVERDUE_TESTS = "overdue_tests"  # to who calls patients: that one is overdue and since when, never which
    CALENDAR_FEED = "calendar_feed"  # to a program with a secret address: whose visits it reads, by id
    CALENDAR_VISITS = "calendar_visits"  # to the same: when and where they are; neither whose, with whom nor what for
    OFFER_BY_LINK = "offer_by_link"  # to who has the link of an offer: when, where and with whom, never who or what for
    ANSWER_OFFER = "answer_offer"  # to the same: yes or no, once, while it is kept
    VISIT_BY_LINK = "visit_by_link"  # to who has the link of a mail about one: when, at which site, and how it stands
    PRESCRIPTION_BY_CODE = "prescription_by_code"  # to who has one on paper: how it stands, never whose or what
    OVERRIDES = "overrides_by_rule"  # to who reviews the rules on medicines: how often each was overridden, and why
    WEIGHT_TO_DISPENSE = "weight_to_dispense"  # to who dispenses: the last weight, and nothing else that was measured
    WHO_MAY_ANSWER = "who_may_answer"  # to who answers a patient's messages: which colleagues of a site could, by id
    WHO_MAY_TAKE_ALERT = "who_may_take_alert"  # to who sees one: which colleagues and teams could answer it, by id
    HIDDEN_MEDICINES = "hidden_medicines"  # to who prescribes: how badly one goes with what is marked, never with what


# SECURITY DEFINER functions that show nobody's rows: they answer about the actor alone, or derive grants.
ABOUT_THE_ACTOR = frozenset(
    {"claims", "group_ids", "site_ids", "stood_for", "closed_patient_ids", "reaches"}
    | {"sync_access", "sync_access_of", "release_claims", "acts_since", "sync_access_of_few", "merging"}
)
