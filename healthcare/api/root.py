"""The root of /v1: the operations of all apps, named in settings so that the ground floor imports none of them."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from pydantic_core import from_json

from healthcare.api import problems

VERSION = "1"
Http404 = problems.Http404


class Strict(Parser):
    """JSON as RFC 8259 has it: no NaN, no half of a surrogate pair; and no NUL, which PostgreSQL cannot store."""

    def parse_body(self, request: HttpRequest) -> Any:
        if b"\\u0000" in request.body:
            raise problems.Problem(problems.BAD_REQUEST)
        try:
            return from_json(request.body, allow_inf_nan=False)
        except ValueError as problem:
            raise problems.Problem(problems.BAD_REQUEST) from problem


def _made() -> NinjaAPI:
    api = NinjaAPI(
        title=settings.CLINIC_NAME,
        version=VERSION,
        urls_namespace="v1",
        parser=Strict(),
        openapi_url=None,
        docs_url=None,
    )
    for raised in (Exception, Http404, HttpError, ValidationError):
        api.add_exception_handler(raised, problems.answer_raised)
    for prefix, name in settings.API_ROUTERS:
        api.add_router(prefix, import_string(name))
    return api


api = _made()
