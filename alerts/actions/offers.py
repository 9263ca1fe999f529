"""Tell who waits for a time that one is kept for them, with the link that accepts it; or that it is gone after all."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from alerts import queries
from alerts.actions.letters import Envelope, write_letter
from alerts.actions.visits import when_of
from alerts.rules import LETTERS
from healthcare.accounts.models import User
from healthcare.ui.dates import moment_text
from scheduling.actions import end_unreached_offer
from scheduling.models import WaitOffer
from scheduling.places import address_lines

OFFERED, LOST = "wait_offered", "offer_lost"


@transaction.atomic
def tell_of_offer(*, by: User | None, offer_id: UUID, now: datetime) -> None:
    """Once. Whom no letter can reach is kept nothing: the time goes to the next. Over meanwhile: nothing."""
    offer = _offer(offer_id)
    if offer is None or not offer.is_offered or offer.until <= now:
        return
    with timezone.override(offer.time_zone):
        until = moment_text(offer.until)
    words = _words_of(offer) | {"until": until, "offer": str(offer.pk)}
    if _write(by, OFFERED, offer, words, expires_at=offer.until):
        end_unreached_offer(offer_id=offer.pk, now=now)


@transaction.atomic
def tell_of_lost_offer(*, by: User | None, offer_id: UUID) -> None:
    """What was accepted cannot be had any more. Once."""
    offer = _offer(offer_id)
    if offer is not None and offer.state == WaitOffer.State.LOST:
        _write(by, LOST, offer, _words_of(offer))


def _offer(offer_id: UUID) -> WaitOffer | None:
    rows = WaitOffer.objects.select_related("patient", "provider", "wait__site")
    found: WaitOffer | None = rows.filter(pk=offer_id).first()
    return found


def _words_of(offer: WaitOffer) -> dict[str, str]:
    """As of a visit: when, where and with whom. Neither its kind nor what for."""
    provider, site = offer.provider, offer.wait.site
    return {
        "when": when_of(offer),
        "provider": ", ".join(part for part in (provider.name, provider.credentials) if part),
        "site": site.name,
        "address": "\n".join(address_lines(site)),
        "phone": site.phone,
    }


def _write(
    by: User | None, letter: str, offer: WaitOffer, words: dict[str, str], *, expires_at: datetime | None = None
) -> str:
    """ "" when it is in the post."""
    return write_letter(
        by=by,
        envelope=Envelope(
            letter=letter,
            patient=offer.patient,
            to=queries.addressee_of(offer.patient, LETTERS[letter]),
            source=f"scheduling.waitoffer:{offer.pk}",
            occasion=f"{letter}:{offer.pk}",
            parameters=words,
            expires_at=expires_at,
        ),
    ).reason
