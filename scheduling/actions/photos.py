"""What a provider looks like: kept and taken away, by themself or by an administrator."""

from django.db import transaction

from healthcare.accounts.models import Provider, User
from healthcare.audit import record
from scheduling.access import check_can_show
from scheduling.models import ProviderPhoto
from scheduling.pictures import square_of


@transaction.atomic
def keep_photo(*, by: User, provider: Provider, content: bytes) -> ProviderPhoto:
    """In place of the one before. Raises NotAllowed and NotAPhoto."""
    check_can_show(by, provider)
    square = square_of(content)
    Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)  # of two at once, the later stands
    photo = ProviderPhoto.objects.filter(provider=provider).first() or ProviderPhoto(provider=provider)
    photo.content, photo.added_by = square, by
    photo.save(update_fields=None if photo._state.adding else ["content", "added_by", "updated_at"])
    record("scheduling.keep_photo", by=by, target=photo, detail={"provider": str(provider.pk)})
    return photo


@transaction.atomic
def remove_photo(*, by: User, provider: Provider) -> bool:
    """Whether there was one. Raises NotAllowed."""
    check_can_show(by, provider)
    photo = ProviderPhoto.objects.select_for_update().filter(provider=provider).first()
    if photo is None:
        return False
    record("scheduling.remove_photo", by=by, target=photo, detail={"provider": str(provider.pk)})
    photo.delete()
    return True
