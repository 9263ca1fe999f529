"""The verbs of the chart, a file a subject."""

from records.actions.allergies import change_allergy, record_allergy, record_no_known_allergies
from records.actions.codes import drop_favorite, keep_favorite
from records.actions.encounters import close_encounter, finish_encounter, reopen_encounter, start_encounter
from records.actions.entries import change_clinical_status, record_entry, record_said, void_entry
from records.actions.immunizations import record_immunization
from records.actions.macros import favour_macro, keep_macro
from records.actions.marking import mark_entry
from records.actions.messages import read_thread, send_message, start_thread
from records.actions.notes import add_addendum, save_draft, sign_note
from records.actions.papers import ask_paper, make_paper, open_paper, sign_sick_note, void_paper
from records.actions.pools import arrange_pool
from records.actions.problems import record_condition
from records.actions.releasing import (
    heed_wish,
    hold_result,
    keep_release_policy,
    release_when_due,
    review_hold,
    wish_for_results,
)
from records.actions.results import acknowledge_result, enter_result, release_result
from records.actions.signing import amend_note, cosign, sign_nursing_note
from records.actions.supervision import add_supervision, end_supervision
from records.actions.threads import close_thread, hand_on_thread, set_thread_aside, take_thread
from records.actions.vitals import record_vitals

__all__ = [
    "acknowledge_result",
    "add_addendum",
    "add_supervision",
    "amend_note",
    "arrange_pool",
    "ask_paper",
    "change_allergy",
    "change_clinical_status",
    "close_encounter",
    "close_thread",
    "cosign",
    "drop_favorite",
    "end_supervision",
    "enter_result",
    "favour_macro",
    "finish_encounter",
    "hand_on_thread",
    "heed_wish",
    "hold_result",
    "keep_favorite",
    "keep_macro",
    "keep_release_policy",
    "make_paper",
    "mark_entry",
    "open_paper",
    "read_thread",
    "record_allergy",
    "record_condition",
    "record_entry",
    "record_immunization",
    "record_no_known_allergies",
    "record_said",
    "record_vitals",
    "release_result",
    "release_when_due",
    "reopen_encounter",
    "review_hold",
    "save_draft",
    "send_message",
    "set_thread_aside",
    "sign_note",
    "sign_nursing_note",
    "sign_sick_note",
    "start_encounter",
    "start_thread",
    "take_thread",
    "void_entry",
    "void_paper",
    "wish_for_results",
]
