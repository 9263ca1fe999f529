"""Following a link from a mail: found, shown, used up once."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from healthcare.accounts.actions.signing_in import TooManyAttempts
from healthcare.accounts.models import FailureCount, OneTimeLink
from healthcare.accounts.models.links import key_of

HOUR = timedelta(hours=1)
LETTERS_AN_HOUR = 3  # to one address; more are not sent, and nobody is told
REQUESTS_AN_HOUR = 30  # from one network address; more are refused


class LinkRefused(Exception):
    """The link was used, has run out, or is none of ours."""

    def __init__(self) -> None:
        super().__init__(_("This link was used already, or has run out."))


def find_link(token: str, purpose: str) -> OneTimeLink:
    """The link as it stands, to show its page; it is not used up. Raises LinkRefused."""
    key = key_of(token)
    if key is not None:
        usable = OneTimeLink.objects.usable(timezone.now()).filter(pk=key, purpose=purpose)
        link = usable.select_related("user").first()
        if link is not None and (link.user is None or link.user.is_active):
            return link
    raise LinkRefused


def take_link(token: str, purpose: str) -> OneTimeLink:
    """Use the link up by one conditional UPDATE, so that of two who press at once one comes too late.

    Raises LinkRefused. Call it inside the transaction of what the link allows.
    """
    link = find_link(token, purpose)
    now = timezone.now()
    if not OneTimeLink.objects.usable(now).filter(pk=link.pk).update(used_at=now, updated_at=now):
        raise LinkRefused
    return link


def may_send(kind: str, address: str, network: str, now: datetime) -> bool:
    """Count a mail that somebody asks for; False where its address had enough of them within the hour.

    Raises TooManyAttempts when too many were asked for from one network address.
    """
    if FailureCount.add("letters", network, now, HOUR) > REQUESTS_AN_HOUR:
        raise TooManyAttempts(int(HOUR.total_seconds()))
    return FailureCount.add(kind, address.strip(), now, HOUR) <= LETTERS_AN_HOUR
