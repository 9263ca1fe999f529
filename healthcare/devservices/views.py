"""Pages that exist in the demo alone."""

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from healthcare.accounts.guards import public
from healthcare.devservices.folder import Folder


@public
@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """To the page of caught mail, a process of its own: with the clinic in ruins it still shows what was sent."""
    port = Folder(Path(settings.DATA_DIR)).ports()["mail"]
    return redirect(f"http://127.0.0.1:{port}/")
