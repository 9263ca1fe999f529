"""A provider is away: their time is kept free, and a colleague stands in. One decision, one verb."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Cover, Provider, User
from healthcare.audit import record
from patients.actions.covers import name_cover
from scheduling.access import check_can_go_away
from scheduling.actions.blocking import block_time
from scheduling.actions.claims import NotBookable
from scheduling.queries.setting_up import blocks_during
from scheduling.rules import Span, without


@transaction.atomic
def go_away(
    *, by: User, provider: Provider, during: TimestamptzRange, colleague: User | None, reason: str, now: datetime
) -> Cover | None:
    """Block one's own time, but for what is blocked already, and let the colleague stand in meanwhile, in one's role.

    Visits in it stay until somebody moves them, and are on the lists of the desk. All of it or nothing. Raises
    NotAllowed, NotBookable for a time that is over or blocked throughout, CoverRefused.
    """
    check_can_go_away(by, provider)
    first, last = during.lower, during.upper
    if first is None or last is None or last <= max(first, now):
        raise NotBookable(_("Choose days that are not over yet."))
    gaps: list[Span] = without([(first, last)], blocks_during(provider, during))
    if not gaps and colleague is None:
        raise NotBookable(_("This time is blocked already."))
    words = reason
    if colleague is not None:
        words = _("%(reason)s. %(name)s stands in") % {"reason": reason, "name": colleague.full_name}
    for begins, ends in gaps:
        block_time(by=by, provider=provider, during=TimestamptzRange(begins, ends), reason=words, now=now)
    record("scheduling.go_away", by=by, target=provider, detail={"colleague": str(colleague.pk) if colleague else None})
    if colleague is None:
        return None
    role = by.acting_role or ""
    return name_cover(by=by, absent=by, cover=colleague, role=role, starts_at=first, ends_at=last, reason=reason)
