"""What the label of a draft will say."""

from typing import Any

from prescriptions.forms import PrescribeForm
from prescriptions.models import Prescription
from prescriptions.rules.sig import quantity_of, quantity_sum, quantity_text, sig_text


def preview_context(draft: Prescription, form: PrescribeForm) -> dict[str, Any]:
    """Of what was typed where it can be followed, else of the draft as it was kept. `place` tells one from the others
    on a page of several.
    """
    typed = form.content() if form.is_bound and form.is_valid() else None
    sig, said = (typed.sig, typed) if typed else (draft.directions, draft)
    place = f"-{form.prefix}" if form.prefix else ""
    found = {"prescription": draft, "place": place, "label": "", "quantity": "", "reckoned": "", "beyond": ()}
    found |= {"repeats": said.repeats, "reason": said.reason}
    if sig is not None and not (form.is_bound and not form.is_valid()):
        amount, unit = quantity_of(sig)
        found |= {"label": sig_text(sig), "quantity": quantity_text(amount, unit), "reckoned": quantity_sum(sig)}
    return found
