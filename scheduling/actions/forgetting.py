"""What the cache knew of free times is old."""

from collections.abc import Collection
from uuid import UUID

from healthcare.accounts.models import User
from scheduling.queries.cached import forget


def forget_free_times(*, by: User | None, resource_ids: Collection[UUID]) -> None:
    """Make the cache ask the database again about these resources. A cache that is away has nothing to forget."""
    forget(resource_ids)
