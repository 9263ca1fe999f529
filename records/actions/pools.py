"""Who of a site answers which messages together, and how soon: arranged by administrators."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Site, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from records.models import Pool, PoolMember
from records.queries.pools import may_join

FIELDS = ("name", "takes", "answer_hours", "active")


class NotArranged(Exception):
    """It cannot be arranged so. The message is a sentence for the administrator."""


@transaction.atomic
def arrange_pool(
    *, by: User, site: Site, values: Mapping[str, Any], people: Sequence[User], now: datetime, pool: Pool | None = None
) -> Pool:
    """Make a pool of a site, or change one. `values` are by `FIELDS`; `people` are all who answer from now on.

    The same subject goes to one pool of a site. What lies in it stays there, with the promise it came with. Raises
    NotAllowed, and NotArranged for a pool of nobody, people who do not work there, and what another pool takes.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    Site.objects.select_for_update(of=("self",)).get(pk=site.pk)
    row = Pool.objects.select_for_update(of=("self",)).get(pk=pool.pk) if pool else Pool(site=site)
    for name in FIELDS:
        setattr(row, name, values[name])
    _check_people(row, people)
    _check_takes(row)
    try:
        with transaction.atomic():
            row.save(force_insert=pool is None)
    except IntegrityError:
        raise NotArranged(_("This site has a pool of this name. Choose another name.")) from None
    joined, left = _keep_people(by, row, people, now)
    detail = {"takes": row.takes, "hours": row.answer_hours, "active": row.active, "joined": joined, "left": left}
    record("records.arrange_pool", by=by, target=row, detail=detail | {"new": pool is None})
    return row


def _check_people(pool: Pool, people: Sequence[User]) -> None:
    if pool.active and not people:
        raise NotArranged(_("Name at least one colleague who answers."))
    able = {person.pk for person in may_join(pool.site)}
    for person in people:
        if pool.active and person.pk not in able:
            raise NotArranged(
                _("%(name)s does not work at this site in a role that writes to patients.") % {"name": person.full_name}
            )


def _check_takes(pool: Pool) -> None:
    """One subject, one pool: what is written about it goes to one place by itself."""
    if not pool.active:
        return
    others = Pool.objects.usable().filter(site=pool.site, takes__overlap=pool.takes).exclude(pk=pool.pk)
    other = others.order_by("pk").first()
    if other is not None:
        raise NotArranged(_("“%(name)s” takes some of that already. Change it there first.") % {"name": other.name})


def _keep_people(by: User, pool: Pool, people: Sequence[User], now: datetime) -> tuple[list[str], list[str]]:
    """Who is new joins, who is not named any more leaves; ids of both."""
    wanted = {person.pk: person for person in people}
    current = {row.user_id: row for row in PoolMember.objects.current().filter(pool=pool)}
    joined = [key for key in wanted if key not in current]
    left = [key for key in current if key not in wanted]
    for key in joined:
        PoolMember(pool=pool, user=wanted[key], added_by=by).save(force_insert=True)
    for key in left:
        row = current[key]
        row.ended_at, row.ended_by = now, by
        row.save(update_fields=["ended_at", "ended_by", "updated_at"])
    return [str(key) for key in joined], [str(key) for key in left]
