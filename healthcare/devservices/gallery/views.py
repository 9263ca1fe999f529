"""The component gallery: every part in every state, with invented people, in both skins."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from healthcare.accounts.guards import anyone_signed_in
from healthcare.devservices.gallery import samples

SECTIONS = (
    "statuses",
    "buttons",
    "forms",
    "choices",
    "lists",
    "tables",
    "people",
    "whose",
    "feedback",
    "findings",
    "time",
    "schedule",
    "charts",
    "dialogs",
)


@anyone_signed_in
def gallery(request: HttpRequest) -> HttpResponse:
    return _gallery(request, "devservices/gallery/clinic.html")


@anyone_signed_in
def gallery_portal(request: HttpRequest) -> HttpResponse:
    return _gallery(request, "devservices/gallery/portal.html")


@anyone_signed_in
def gallery_chart(request: HttpRequest) -> HttpResponse:
    """A page under a patient: banner, tabs, whose shoes, two columns."""
    return render(request, "devservices/gallery/chart.html", samples.context())


@anyone_signed_in
def gallery_bare(request: HttpRequest) -> HttpResponse:
    """A sheet without navigation, as the sign-in has it, after a refused code."""
    return render(request, "devservices/gallery/bare.html", {"form": samples.code_form()})


def _gallery(request: HttpRequest, template: str) -> HttpResponse:
    sections = [f"devservices/gallery/sections/{name}.html" for name in SECTIONS]
    return render(request, template, {"sections": sections, **samples.context()})
