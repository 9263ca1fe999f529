"""What a doctor prescribes often: kept from a prescription, named anew, removed. Chosen where medicines are."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.doors import of_patient
from patients.models import Patient
from prescriptions import actions, queries
from prescriptions.forms import FavouriteForm
from prescriptions.models import FavouritePrescription
from prescriptions.views.pages import page_context, prescription_or_404


@require_safe
@requires(Permission.PRESCRIBE)
def favourites(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, typed: FavouriteForm | None = None, about: UUID | None = None) -> HttpResponse:
    """Each with a form for its name; `typed` is what was refused about one of them."""
    user: Any = request.user
    rows = [
        (row, typed if typed and row.pk == about else FavouriteForm(initial={"name": row.name}, prefix=str(row.pk)))
        for row in queries.favourites_of(user)
    ]
    context = {"rows": rows, "refused": typed}
    return render(request, "prescriptions/favourites.html", context, status=422 if typed else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@of_patient(Permission.PRESCRIBE)
def keep_favourite(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = prescription_or_404(request, patient, prescription_id)
    form = FavouriteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            kept = actions.keep_favourite(by=user, prescription=found, name=form.cleaned_data["name"])
        except actions.NotKept as problem:
            form.add_error("name", str(problem))
        else:
            said = {"name": kept.name}
            messages.success(request, _("Kept as %(name)s. You find it first when you prescribe.") % said)
            return redirect("prescriptions:prescription", patient.pk, found.pk)
    context = page_context(request, patient) | {"prescription": found, "form": form}
    return render(request, "prescriptions/keep_favourite.html", context, status=422 if form.is_bound else 200)


@require_POST
@requires(Permission.PRESCRIBE)
def rename_favourite(request: HttpRequest, favourite_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = own_or_404(user, favourite_id)
    form = FavouriteForm(request.POST, prefix=str(found.pk))
    if form.is_valid():
        try:
            actions.rename_favourite(by=user, favourite=found, name=form.cleaned_data["name"])
        except actions.NotKept as problem:
            form.add_error("name", str(problem))
        else:
            messages.success(request, _("It is called %(name)s now.") % {"name": found.name})
            return redirect("prescriptions:favourites")
    return _page(request, form, found.pk)


@require_POST
@requires(Permission.PRESCRIBE)
def remove_favourite(request: HttpRequest, favourite_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = own_or_404(user, favourite_id)
    actions.remove_favourite(by=user, favourite=found)
    messages.success(request, _("Removed: %(name)s. What was prescribed with it stays.") % {"name": found.name})
    return redirect("prescriptions:favourites")


def own_or_404(user: Any, favourite_id: UUID) -> FavouritePrescription:
    rows = FavouritePrescription.objects.filter(user=user).select_related("medication")
    return get_object_or_404(rows, pk=favourite_id)
