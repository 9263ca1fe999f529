"""The public door: somebody registers themself, and confirms it by the link in a mail. Answers tell of nobody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from healthcare.accounts.actions import LinkRefused, TooManyAttempts
from healthcare.accounts.guards import public
from healthcare.accounts.models.links import key_of
from patients.actions import registrations as actions
from patients.forms.registrations import SelfRegistrationForm

READ_AND_WRITE = ["GET", "HEAD", "POST"]
PAGE = "patients/portal_register.html"


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(READ_AND_WRITE)
def register(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        step = next((step for step in ("sent", "confirmed") if step in request.GET), "")
        return render(request, PAGE, {"form": SelfRegistrationForm(), "step": step})
    form = SelfRegistrationForm(request.POST)
    if not form.is_program:
        if not form.is_valid():
            return render(request, PAGE, {"form": form, "step": ""}, status=422)
        try:
            actions.request_registration(
                told=form.told(),
                site=form.cleaned_data["site"],
                network=request.META.get("REMOTE_ADDR", ""),
                now=timezone.now(),
            )
        except TooManyAttempts as problem:
            form.add_error(None, _("A lot of people register just now. Send it again in an hour, or call the clinic."))
            answer = render(request, PAGE, {"form": form, "step": ""}, status=429)
            answer["Retry-After"] = str(problem.seconds)
            return answer
    return redirect(f"{reverse('portal:register')}?sent=yes")


@public
@never_cache
@require_http_methods(READ_AND_WRITE)
def confirm_registration(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button: programs that open every link of a mail confirm nothing."""
    try:
        if key_of(token) is None:
            raise LinkRefused
        if request.method == "POST":
            actions.confirm_registration(token=token)
            return redirect(f"{reverse('portal:register')}?confirmed=yes")
    except LinkRefused as refusal:
        context = {"sentence": str(refusal), "elsewhere": "portal:register"}
        return render(request, "accounts/link_refused.html", context, status=410)
    text = _("Press the button, and what you typed goes to the front desk of the clinic.")
    context = {"title": _("Register at the clinic?"), "text": text, "button": _("Yes, send it")}
    return render(request, "accounts/agree.html", context)
