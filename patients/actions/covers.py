"""Standing in for a colleague who is away: named by the one who goes or by an administrator, and ended."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Cover, Membership, User
from healthcare.audit import record
from healthcare.events import publish
from patients.access import check_can_end_cover, check_can_name_cover
from patients.events import CoverEnded, CoverNamed

LONGEST_COVER = timedelta(days=366)


class CoverRefused(Exception):
    """The message is a sentence for whoever asked."""


@transaction.atomic
def name_cover(
    *, by: User, absent: User, cover: User, role: str, starts_at: datetime, ends_at: datetime, reason: str = ""
) -> Cover:
    """Let a colleague reach, in this role, whom the absent one reaches by themself; from `starts_at` up to `ends_at`.

    Both hold the role now. Raises NotAllowed, and CoverRefused for what makes no sense.
    """
    check_can_name_cover(by, absent)
    if absent.pk == cover.pk:
        raise CoverRefused(_("Somebody else has to stand in."))
    if not starts_at < ends_at <= starts_at + LONGEST_COVER:
        raise CoverRefused(_("It ends after it begins, and after a year at the latest."))
    for person in (absent, cover):
        held = Membership.objects.current().filter(user=person, role=role)
        if not person.is_active or not held.exists():
            raise CoverRefused(_("%(name)s does not work in this role now.") % {"name": person.full_name})
    named = Cover(
        absent=absent,
        cover=cover,
        role=role,
        validity=TimestamptzRange(starts_at, ends_at),
        reason=reason,
        granted_by=by,
    )
    named.save(force_insert=True)
    detail = {"absent": str(absent.pk), "cover": str(cover.pk), "role": role}
    record("patients.name_cover", by=by, target=named, detail=detail)
    publish(CoverNamed(cover_id=named.pk))
    return named


@transaction.atomic
def end_cover(*, by: User, cover: Cover, now: datetime) -> None:
    """Nobody stands in by it from `now` on; what was planned for later never begins. Ended already: nothing happens.

    Raises NotAllowed for everybody but the two, who named it, and administrators.
    """
    check_can_end_cover(by, cover)
    cover = Cover.objects.select_for_update(of=("self",)).get(pk=cover.pk)
    begins, ends = cover.validity.lower, cover.validity.upper
    if cover.ended_at or ends is None or ends <= now:
        return
    cover.validity = TimestamptzRange(begins, now) if begins < now else TimestamptzRange(empty=True)
    cover.ended_at, cover.ended_by = now, by
    cover.save(update_fields=["validity", "ended_at", "ended_by", "updated_at"])
    record("patients.end_cover", by=by, target=cover)
    publish(CoverEnded(cover_id=cover.pk))
