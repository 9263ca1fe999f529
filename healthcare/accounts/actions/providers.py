"""Those whom patients book."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from healthcare.accounts.access import check_can
from healthcare.accounts.actions.auditing import note
from healthcare.accounts.models import Provider, Site, User
from healthcare.accounts.permissions import Permission

OWN_FIELDS = ("languages", "accepting", "about")
PROVIDER_FIELDS = ("name", "credentials", "specialty", "npi", *OWN_FIELDS)


@transaction.atomic
def add_provider(
    *, by: User, values: Mapping[str, Any], sites: Iterable[Site] = (), user: User | None = None
) -> Provider:
    """Somebody who treats patients at these sites; without a `user` they never sign in.

    `values` are of `PROVIDER_FIELDS`. Raises NotAllowed.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    provider = Provider(user=user, **{name: values[name] for name in PROVIDER_FIELDS if name in values})
    provider.save(force_insert=True)
    provider.sites.set(sites)
    note("accounts.add_provider", by=by, about=provider)
    return provider


@transaction.atomic
def change_provider(
    *, by: User, provider: Provider, values: Mapping[str, Any], sites: Iterable[Site] | None = None
) -> None:
    """Write the fields of `PROVIDER_FIELDS` that are given; providers themselves those of `OWN_FIELDS`.

    Raises NotAllowed.
    """
    changed = [name for name in PROVIDER_FIELDS if name in values and getattr(provider, name) != values[name]]
    if provider.user_id != by.pk or sites is not None or not set(changed) <= set(OWN_FIELDS):
        check_can(by, Permission.MANAGE_ACCOUNTS)
    for name in changed:
        setattr(provider, name, values[name])
    provider.save(update_fields=[*changed, "updated_at"])
    if sites is not None and set(provider.sites.all()) != set(sites):
        provider.sites.set(sites)
        changed.append("sites")
    note("accounts.change_provider", by=by, about=provider, detail={"fields": changed})
