"""The verbs of prescribing, a file for each who acts."""

from prescriptions.actions.dispensing import expire_uncollected, keep_ready, mark_ready, pick_up
from prescriptions.actions.doses import end_doses, mark_dose, plan_doses
from prescriptions.actions.favourites import (
    NotKept,
    keep_favourite,
    prescribe_favourite,
    remove_favourite,
    rename_favourite,
)
from prescriptions.actions.halts import hold_medicine, resume_medicine, stop_medicine
from prescriptions.actions.loading import load_knowledge
from prescriptions.actions.marking import mark_prescription
from prescriptions.actions.outcomes import not_dispense, repeat_prescription, take_up_again
from prescriptions.actions.outreach import reach_out
from prescriptions.actions.reading import list_not_collected, list_overrides, list_queue, list_written
from prescriptions.actions.rechecking import recheck_after_allergy, recheck_after_signing
from prescriptions.actions.refills import (
    ask_refill,
    deny_refill,
    list_refills,
    prescribe_refill,
    repeat_refill,
    withdraw_refill,
)
from prescriptions.actions.reviews import review_medicines
from prescriptions.actions.sets import Begun, Line, NotArranged, arrange_order_set, prescribe_order_set
from prescriptions.actions.severities import NotSet, set_rule
from prescriptions.actions.sheets import make_sheet, open_code, open_sheet, print_prescription, why_not_printed
from prescriptions.actions.statements import ToldMedicine, end_statement, take_statements
from prescriptions.actions.steps import FindingsUnanswered, NotPossible, NotPrescribable
from prescriptions.actions.together import Typed, change_together, sign_together
from prescriptions.actions.writing import (
    cancel_prescription,
    change_draft,
    draft_prescription,
    prescribe_again,
    sign_prescription,
)
from prescriptions.rules.sig import Content

__all__ = [
    "Begun",
    "Content",
    "FindingsUnanswered",
    "Line",
    "NotArranged",
    "NotKept",
    "NotPossible",
    "NotPrescribable",
    "NotSet",
    "ToldMedicine",
    "Typed",
    "arrange_order_set",
    "ask_refill",
    "cancel_prescription",
    "change_draft",
    "change_together",
    "deny_refill",
    "draft_prescription",
    "end_doses",
    "end_statement",
    "expire_uncollected",
    "hold_medicine",
    "keep_favourite",
    "keep_ready",
    "list_not_collected",
    "list_overrides",
    "list_queue",
    "list_refills",
    "list_written",
    "load_knowledge",
    "make_sheet",
    "mark_dose",
    "mark_prescription",
    "mark_ready",
    "not_dispense",
    "open_code",
    "open_sheet",
    "pick_up",
    "plan_doses",
    "prescribe_again",
    "prescribe_favourite",
    "prescribe_order_set",
    "prescribe_refill",
    "print_prescription",
    "reach_out",
    "recheck_after_allergy",
    "recheck_after_signing",
    "remove_favourite",
    "rename_favourite",
    "repeat_prescription",
    "repeat_refill",
    "resume_medicine",
    "review_medicines",
    "set_rule",
    "sign_prescription",
    "sign_together",
    "stop_medicine",
    "take_statements",
    "take_up_again",
    "why_not_printed",
    "withdraw_refill",
]
