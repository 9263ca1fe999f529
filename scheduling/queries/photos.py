"""Where the photos of providers are."""

from collections.abc import Collection
from uuid import UUID

from django.urls import reverse

from scheduling.models import ProviderPhoto


def photo_urls(provider_ids: Collection[UUID]) -> dict[UUID, str]:
    """Of those who have one. A new photo has a new address, so that browsers may keep the old one for a day."""
    rows = ProviderPhoto.objects.filter(provider__in=provider_ids).order_by("pk")
    return {
        key: f"{reverse('scheduling:picture', args=[key])}?v={changed:%Y%m%d%H%M%S%f}"
        for key, changed in rows.values_list("provider", "updated_at")
    }
