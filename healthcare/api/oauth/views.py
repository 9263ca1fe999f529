"""The endpoints of OAuth: one page for people, the rest for programs."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from oauth2_provider import views

from healthcare.accounts.guards import anyone_signed_in, is_fresh, public
from healthcare.accounts.queries import role_name
from healthcare.accounts.roles import PATIENT
from healthcare.api import actions, problems, throttles
from healthcare.api.oauth.programs import get_programs
from healthcare.api.oauth.scopes import areas_of
from healthcare.api.tokens import InvalidToken, authenticate, said_of

SHORTEST = 30  # seconds a proof stays fresh whatever a program asks: time to read the page


class Authorize(views.AuthorizationView):
    """Asks the signed-in person whether a program may act for them, in the role in which they are signed in."""

    template_name = "api/authorize.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """`approval_prompt` would answer in the person's place, on a request that any site can cause."""
        request.GET = request.GET.copy()  # type: ignore[assignment]
        request.GET.pop("approval_prompt", None)  # type: ignore[misc]
        age = request.GET.get("max_age", "")  # RFC 9470 section 4: what a refused signing tells the program to ask
        if re.fullmatch(r"\d{1,6}", age, re.ASCII) and not is_fresh(
            request, timedelta(seconds=max(int(age), SHORTEST))
        ):
            return self.handle_prompt_login()
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        row = request.session.row  # type: ignore[attr-defined]
        request.user.signed_in_at = row.stepped_up_at or row.started_at  # type: ignore[union-attr]
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        """Not the form that we drew: nothing leads back to whoever sent it."""
        return render(self.request, "api/authorize_refused.html", {"problem": "invalid_request"}, status=400)

    def handle_prompt_login(self) -> HttpResponse:
        """`prompt=login`: the program wants a fresh proof of who this is, for what needs one, such as signing."""
        query = self.request.GET.copy()
        query.pop("prompt", None)
        back = f"{self.request.path}?{query.urlencode()}"
        return redirect(f"{reverse('accounts:step_up')}?{urlencode({'next': back})}")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        role = role_name(self.request.user.acting_role)
        return {**context, "areas": areas_of(context["scopes"]), "role": role, "host": _origin(context["redirect_uri"])}

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """With leave for this form alone to lead to the program's address: browsers hold redirects to form-action."""
        if "form" not in context:  # the request itself is wrong; nothing leads back to whoever sent it
            return render(self.request, "api/authorize_refused.html", {"problem": context["error"].error}, status=400)
        response = super().render_to_response(context, **kwargs)
        response._csp_update = {"form-action": [_origin(context["redirect_uri"])]}
        return response


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


class Throttled:
    """Guessing secrets, codes and tokens: so many tries from one address in a minute."""

    @method_decorator(csrf_exempt)  # programs have no cookie: nothing rides on somebody's browser
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            throttles.spend("oauth", request.META["REMOTE_ADDR"])
        except problems.Problem as problem:
            return problems.answer_raised(request, problem)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        response["Content-Type"], response["Cache-Control"] = "application/json", "no-store"  # RFC 6749 section 5
        return response


class Token(Throttled, views.TokenView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Past the toolkit's device flow, which has no rows here."""
        return self.authorization_flow_token_response(request)


class Revoke(Throttled, views.RevokeTokenView):
    pass


class Introspect(Throttled, views.IntrospectTokenView):
    """RFC 7662 for programs that prove who they are by their secret, and by POST, so that no token is in an address."""

    http_method_names = ["post"]

    def verify_request(self, request: HttpRequest) -> tuple[bool, None]:
        return False, None

    def unauthenticated_response(self, request: HttpRequest, oauthlib_request: Any = None) -> HttpResponse:
        return JsonResponse(
            {"error": "invalid_client"}, status=401, headers={"WWW-Authenticate": 'Basic realm="oauth"'}
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            user, claims = authenticate(request.POST.get("token", ""), now=timezone.now())
        except InvalidToken:
            return JsonResponse({"active": False})
        return JsonResponse({"active": True, "token_type": "Bearer", "username": user.email, **said_of(claims)})


@anyone_signed_in
@never_cache
def programs(request: HttpRequest) -> HttpResponse:
    """What oneself let in, and the way to end it."""
    user: Any = request.user
    shell = "ui/portal.html" if user.acting_role == PATIENT else "ui/clinic.html"
    context = {"frame": shell, "programs": get_programs(user, timezone.now())}
    return render(request, "api/programs.html", context)


@anyone_signed_in
@require_POST
def end_program(request: HttpRequest, pk: UUID) -> HttpResponse:
    user: Any = request.user
    found = next((one for one in get_programs(user, timezone.now()) if one.application.pk == pk), None)
    if found is None:
        raise Http404
    actions.end_program(by=user, application=found.application)
    messages.success(request, _("%(name)s acts for you no more.") % {"name": found.application.name})
    return redirect("oauth2_provider:programs")


authorize = anyone_signed_in(Authorize.as_view())
token = public(Token.as_view())
revoke = public(Revoke.as_view())
introspect = public(Introspect.as_view())
metadata = public(views.OAuthServerMetadataView.as_view())
