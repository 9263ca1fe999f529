"""Places of the clinic."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from healthcare.accounts.access import check_can, scopes_of
from healthcare.accounts.actions.auditing import note
from healthcare.accounts.events import SiteOpened
from healthcare.accounts.models import Site, Team, User
from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import STAFF_ROLES
from healthcare.events import publish

SITE_FIELDS = ("name", "time_zone", "line", "city", "state", "postal_code", "phone", "demands_licence")


@transaction.atomic
def open_site(*, by: User | None, name: str, slug: str, **details: Any) -> Site:
    """Open a place of the clinic, with a team for each role that can open charts.

    `details` are the other fields of Site. Raises NotAllowed. `by` is None for the system alone.
    """
    if by is not None:
        check_can(by, Permission.MANAGE_ACCOUNTS)
    site = Site(name=name, slug=slug, **details)
    site.save(force_insert=True)
    for role in STAFF_ROLES:
        if scopes_of(role):
            group = Group.objects.create(name=f"{slug}: {role}")
            Team(site=site, role=role, group=group, scopes=sorted(scopes_of(role))).save(force_insert=True)
    note("accounts.open_site", by=by, about=site)
    publish(SiteOpened(site_id=site.pk))
    return site


@transaction.atomic
def change_site(*, by: User, site: Site, values: Mapping[str, Any]) -> None:
    """Write the fields of `SITE_FIELDS` that are given. Raises NotAllowed."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    changed = [name for name in SITE_FIELDS if name in values and getattr(site, name) != values[name]]
    for name in changed:
        setattr(site, name, values[name])
    site.save(update_fields=[*changed, "updated_at"])
    note("accounts.change_site", by=by, about=site, detail={"fields": changed})


@transaction.atomic
def close_site(*, by: User, site: Site) -> None:
    """Nothing new happens here from now on; what happened stays. Raises NotAllowed."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    now = timezone.now()
    if Site.objects.filter(pk=site.pk, closed_at=None).update(closed_at=now, updated_at=now):
        site.closed_at = now
        note("accounts.close_site", by=by, about=site)
