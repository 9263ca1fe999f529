"""Papers for an hour without computers: made every quarter of an hour, taken along, and the words that open them."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Site, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from scheduling.access import check_can_take_downtime
from scheduling.actions.claims import NotBookable
from scheduling.downtime import keep, new_words, packet_of, place_of
from scheduling.models import DowntimeKey

Kind = DowntimeKey.Kind


class NoPacket(NotBookable):
    """There is none yet."""


def write_downtime_packets(*, by: None, now: datetime) -> int:
    """Write both packets of each open site; returns how many. For the system, in a worker.

    A site whose packet fails keeps the last one, and the others have theirs. Raises the first failure at the end.
    """
    written, failure = 0, None
    for site in Site.objects.filter(closed_at=None).order_by("slug"):
        for kind in Kind.values:
            try:
                _write(site, kind, now)
                written += 1
            except Exception as problem:  # whatever it is, other sites go on
                failure = failure or problem
    if failure is not None:
        raise failure
    return written


@transaction.atomic
def _write(site: Site, kind: str, now: datetime) -> None:
    key = DowntimeKey.objects.open().filter(site=site, kind=kind).first() or _new_key(site, kind, None)
    keep(packet_of(site, kind, key.secret, now), place_of(site, kind))
    record("scheduling.write_downtime", by=None, target=site, detail={"kind": kind})


def _new_key(site: Site, kind: str, by: User | None) -> DowntimeKey:
    key = DowntimeKey(site=site, kind=kind, secret=new_words(), made_by=by)
    key.save(force_insert=True)
    return key


def take_downtime_packet(*, by: User, site: Site, kind: str) -> bytes:
    """The packet as it lies there, still locked, for whoever works at the site. Raises NoPacket, NotAllowed."""
    check_can_take_downtime(by, site, kind)
    place = place_of(site, kind)
    if not place.exists():
        raise NoPacket(_("There is no packet of this site yet. One is made every quarter of an hour."))
    record_now("scheduling.take_downtime", by=by, target=site, detail={"kind": kind})
    return place.read_bytes()


def show_downtime_words(*, by: User, site: Site) -> dict[str, str]:
    """By kind, the words for the envelope at the site. Raises NotAllowed."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    record_now("scheduling.show_downtime_words", by=by, target=site)
    return {key.kind: key.secret for key in DowntimeKey.objects.open().filter(site=site).order_by("-kind")}


@transaction.atomic
def renew_downtime_words(*, by: User, site: Site, now: datetime) -> None:
    """Other words from the next packets on, for both kinds; papers made before open by the old ones.

    Raises NotAllowed.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    for key in DowntimeKey.objects.open().filter(site=site).select_for_update():
        key.ended_at = now
        key.save(update_fields=["ended_at", "updated_at"])
    for kind in Kind.values:
        _new_key(site, kind, by)
    record("scheduling.renew_downtime_words", by=by, target=site)
