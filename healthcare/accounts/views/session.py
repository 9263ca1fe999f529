"""How long the session lasts, staying signed in, and proving again who one is."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from healthcare.accounts import actions
from healthcare.accounts.actions import TooManyAttempts, WrongAnswer
from healthcare.accounts.actions.signing_in import has_second_factor
from healthcare.accounts.forms import StepUpForm
from healthcare.accounts.guards import ANSWER, anyone_signed_in, public, safe_next
from healthcare.accounts.sessions import note_action, seconds_left


@public
@never_cache
@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """Seconds until the session ends. Asking does not put the end off; without a session both are 0."""
    row = request.session.row if request.user.is_authenticated else None  # type: ignore[attr-defined]
    idle, absolute = seconds_left(row, timezone.now()) if row else (0, 0)
    return JsonResponse({"idle": min(idle, absolute), "absolute": absolute})


@anyone_signed_in
@never_cache
@require_POST
def stay(request: HttpRequest) -> HttpResponse:
    """Somebody pressed "Stay signed in"."""
    row = request.session.row  # type: ignore[attr-defined]
    now = timezone.now()
    note_action(row, now, at_once=True)
    idle, absolute = seconds_left(row, now)
    return JsonResponse({"idle": min(idle, absolute), "absolute": absolute})


@anyone_signed_in
@never_cache
def step_up(request: HttpRequest) -> HttpResponse:
    """Prove again who one is, and go on to the page that asked for it."""
    user: Any = request.user
    target = safe_next(request, request.POST.get("next") or request.GET.get("next"))
    form = StepUpForm(request.POST or None, has_code=has_second_factor(user))
    if form.is_valid():
        try:
            actions.step_up(by=user, request=request, answer=form.cleaned_data[ANSWER])
        except (WrongAnswer, TooManyAttempts) as problem:
            form.add_error(ANSWER, str(problem))
        else:
            return redirect(target)
    context = {"form": form, "kept": [("next", target)]}
    return render(request, "accounts/step_up.html", context, status=422 if form.is_bound else 200)
