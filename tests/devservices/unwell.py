"""A clinic whose /livez says that it is not well."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from healthcare.accounts.guards import public


@public
def unwell(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=503)


urlpatterns = [path("livez", unwell)]
