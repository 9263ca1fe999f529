"""How the post does: what waits and since when, by channel; what did not go out, and having it sent again."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alerts import actions, queries
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission


@require_safe
@requires(Permission.MANAGE_ACCOUNTS)
def post(request: HttpRequest) -> HttpResponse:
    """Of no letter it is shown to whom it goes, or what it says."""
    context = {"lines": queries.channel_lines(timezone.now()), "waiting": queries.undelivered()}
    return render(request, "alerts/post.html", context)


@require_POST
@requires(Permission.MANAGE_ACCOUNTS)
def send_again(request: HttpRequest, letter_id: UUID) -> HttpResponse:
    user: Any = request.user
    letter = queries.undelivered_letter(letter_id)
    if letter is None:
        raise Http404
    actions.resend_letter(by=user, message_id=letter.pk)
    messages.success(request, _("It is being sent again. It may arrive twice."))
    return redirect("alerts:post")
