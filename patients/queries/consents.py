"""What a patient agreed to, and who must not see the record, as pages show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from healthcare.accounts.models import User
from patients.models import Consent, Patient, Restriction
from patients.texts import ConsentText, UnknownText, current_text, text_of

NEVER, YES, NO, WITHDRAWN, OVER = "never", "yes", "no", "withdrawn", "over"


@dataclass(frozen=True)
class ConsentLine:
    """Where one purpose stands: `state` is yes, no, withdrawn, over or never; everything but yes counts as no.

    `text` are today's words, `agreed` those that were answered, None where nobody was asked or no file has them.
    """

    purpose: str
    label: str
    state: str
    text: ConsentText
    consent: Consent | None = None
    agreed: ConsentText | None = None
    history: Sequence[Consent] = ()

    @property
    def counts(self) -> bool:
        return self.state == YES

    @property
    def until(self) -> datetime | None:
        return self.consent.validity.upper if self.consent else None

    @property
    def has_new_words(self) -> bool:
        """Whether the words have changed since they were answered."""
        return self.consent is not None and self.consent.text_hash != self.text.digest


def consents_of(user: User, patient: Patient, now: datetime) -> list[ConsentLine]:
    """Every purpose, asked or not, as far as this person may see it. One query."""
    rows = Consent.objects.visible_to(user).filter(patient=patient).select_related("recorded_by", "withdrawn_by")
    found: dict[str, list[Consent]] = {}
    for row in rows.order_by("-given_at", "-id"):
        found.setdefault(row.purpose, []).append(row)
    return [_line(purpose, found.get(purpose.value, []), now) for purpose in Consent.Purpose]


def consent_line(user: User, patient: Patient, purpose: str, now: datetime) -> ConsentLine | None:
    """One of them; None for a purpose that is none."""
    return next((line for line in consents_of(user, patient, now) if line.purpose == purpose), None)


def state_of(consent: Consent | None, now: datetime) -> str:
    if consent is None:
        return NEVER
    if consent.withdrawn_at is not None:
        return WITHDRAWN
    if consent.decision == Consent.Decision.DENY:
        return NO
    return YES if now in consent.validity else OVER


def _line(purpose: Consent.Purpose, rows: Sequence[Consent], now: datetime) -> ConsentLine:
    last = rows[0] if rows else None
    return ConsentLine(
        purpose=purpose.value,
        label=str(purpose.label),
        state=state_of(last, now),
        text=current_text(purpose.value),
        consent=last,
        agreed=_agreed(last) if last else None,
        history=rows[1:],
    )


def _agreed(consent: Consent) -> ConsentText | None:
    try:
        return text_of(consent.purpose, consent.text_version, consent.text_hash)
    except UnknownText:
        return None


# == Restrictions ==
def restrictions_of(user: User, patient: Patient) -> list[Restriction]:
    """Who must not see this patient, from now or later on."""
    rows = Restriction.objects.visible_to(user).filter(patient=patient, ended_at=None)
    return list(rows.select_related("user", "agreed_by").order_by("validity", "id"))
