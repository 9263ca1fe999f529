"""What an operator does from the command line, before there is anybody who could sign in."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.actions.auditing import note
from healthcare.accounts.actions.people import INVITATION_LIFETIME, AlreadyHere
from healthcare.accounts.actions.sites import open_site
from healthcare.accounts.models import Membership, OneTimeLink, Site, User


@transaction.atomic
def create_administrator(*, by: None = None, email: str, full_name: str, site_name: str) -> OneTimeLink:
    """An administrator at the first site, opened when there is none. Returns the link to take the account over.

    Runs as the system, in a worker process alone: row security refuses it to the web. Raises AlreadyHere.
    """
    now = timezone.now()
    user = User(email=email.strip(), full_name=full_name)
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as problem:
        raise AlreadyHere(_("Somebody with this address has an account already.")) from problem
    site = Site.objects.filter(closed_at=None).order_by("created_at").first()
    if site is None:
        site = open_site(by=None, name=site_name, slug=slugify(site_name))
    membership = Membership(user=user, site=site, role="administrator", validity=TimestamptzRange(now, None))
    membership.save(force_insert=True)
    link = OneTimeLink(
        purpose=OneTimeLink.Purpose.INVITATION, user=user, address=user.email, expires_at=now + INVITATION_LIFETIME
    )
    link.save(force_insert=True)
    note("accounts.create_administrator", by=None, about=user, detail={"site": site.pk})
    return link
