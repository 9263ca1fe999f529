"""One's own record, or that of somebody one acts for in everything, as a file for another program."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from healthcare.accounts.guards import missing
from healthcare.accounts.permissions import Scope
from healthcare.api.problems import Problem
from healthcare.api.throttles import spend
from patients.access import NotInScope
from patients.doors import portal_page
from patients.models import Patient
from records.actions.downloads import download_record
from records.portal.papers import papers
from records.telling.bundle import MEDIA_TYPE


@require_safe
@never_cache
@portal_page(Scope.CLINICAL)
def download(request: HttpRequest, patient: Patient) -> HttpResponseBase:
    """A file that is being written while it is sent. Too often in a minute: the page of papers, and a sentence."""
    user: Any = request.user
    now = timezone.now()
    try:
        spend("download", str(user.pk))
        pieces = download_record(by=user, patient=patient, now=now)
    except Problem as problem:
        return _too_often(request, problem)
    except NotInScope as refusal:
        raise missing(user) from refusal
    answer = StreamingHttpResponse(pieces, content_type=MEDIA_TYPE)
    answer["Content-Disposition"] = f'attachment; filename="record-{timezone.localdate(now).isoformat()}.json"'
    return answer


def _too_often(request: HttpRequest, problem: Problem) -> HttpResponseBase:
    messages.error(request, _("You have downloaded the record several times just now. Wait a minute, then try again."))
    answer = papers(request)
    answer.status_code = 429
    answer["Retry-After"] = problem.headers["Retry-After"]
    return answer
