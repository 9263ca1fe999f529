"""Those whom patients book."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from healthcare.accounts.access import check_can
from healthcare.accounts.actions.auditing import note
from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Permission

PROVIDER_FIELDS = ("name", "credentials", "specialty", "npi", "accepting")


@transaction.atomic
def add_provider(*, by: User, values: Mapping[str, Any]) -> Provider:
    """Somebody who treats patients here and may never sign in. `values` are of `PROVIDER_FIELDS`. Raises NotAllowed."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    provider = Provider(**{name: values[name] for name in PROVIDER_FIELDS if name in values})
    provider.save(force_insert=True)
    note("accounts.add_provider", by=by, about=provider)
    return provider


@transaction.atomic
def change_provider(*, by: User, provider: Provider, values: Mapping[str, Any]) -> None:
    """Write the fields of `PROVIDER_FIELDS` that are given. Raises NotAllowed."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    changed = [name for name in PROVIDER_FIELDS if name in values and getattr(provider, name) != values[name]]
    for name in changed:
        setattr(provider, name, values[name])
    provider.save(update_fields=[*changed, "updated_at"])
    note("accounts.change_provider", by=by, about=provider, detail={"fields": changed})
