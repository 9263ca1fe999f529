"""Photos of providers: shown to whoever is signed in, changed by the provider or an administrator."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from healthcare.accounts.guards import anyone_signed_in, missing, requires
from healthcare.accounts.models import Provider
from healthcare.accounts.permissions import Permission
from scheduling import actions
from scheduling.forms.providers import PhotoForm
from scheduling.models import ProviderPhoto
from scheduling.pictures import MOST_BYTES, NotAPhoto
from scheduling.views.own_page import of_provider, show_own_page
from scheduling.views.providers import show_provider


@require_safe
@anyone_signed_in
def picture(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """Patients see it where they choose, so there is nobody to hide it from."""
    photo = ProviderPhoto.objects.filter(provider=provider_id).first()
    if photo is None:
        raise missing(request.user)
    response = HttpResponse(bytes(photo.content), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=86400"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@require_POST
@requires(Permission.PRESCRIBE)
@of_provider
def own_photo(request: HttpRequest, provider: Provider) -> HttpResponse:
    refused = _changed(request, provider)
    return show_own_page(request, provider, photo_form=refused) if refused else redirect("scheduling:own_page")


@require_POST
@requires(Permission.MANAGE_ACCOUNTS)
def provider_photo(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    found = get_object_or_404(Provider.objects.select_related("user").prefetch_related("sites"), pk=provider_id)
    refused = _changed(request, found)
    return show_provider(request, found, photo_form=refused) if refused else redirect("scheduling:provider", found.pk)


def _changed(request: HttpRequest, provider: Provider) -> PhotoForm | None:
    """Kept, or taken away; else the form that says why not."""
    user: Any = request.user
    if "remove" in request.POST:
        if actions.remove_photo(by=user, provider=provider):
            messages.success(request, _("The photo is gone."))
        return None
    form = PhotoForm(request.POST, request.FILES)
    if not form.is_valid():
        return form
    try:
        actions.keep_photo(by=user, provider=provider, content=form.cleaned_data["photo"].read(MOST_BYTES + 1))
    except NotAPhoto as problem:
        form.add_error("photo", str(problem))
        return form
    messages.success(request, _("Patients see the photo from now on."))
    return None
