"""What carriers tell us."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from healthcare.messaging.actions import report_state


@csrf_exempt  # Twilio has no form of ours; its signature says who it is
@require_POST
def twilio_status(request: HttpRequest, message_id: UUID) -> HttpResponse:
    if not is_signed_by_twilio(request):
        return HttpResponseForbidden()
    said = request.POST
    report_state(
        by=None,
        message_id=message_id,
        carrier_id=said.get("MessageSid", ""),
        state=said.get("MessageStatus", ""),
        error=said.get("ErrorCode", ""),
    )
    return HttpResponse(status=204)


# What healthcare.accounts.guards.public does, which stands further to the right.
twilio_status.is_public = True  # type: ignore[attr-defined]


def is_signed_by_twilio(request: HttpRequest) -> bool:
    """HMAC over the address Twilio was given and the form; without a token of ours nothing is signed."""
    if not settings.TWILIO_AUTH_TOKEN:
        return False
    from twilio.request_validator import RequestValidator  # lazily: the package is large

    signature = request.headers.get("X-Twilio-Signature", "")
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    return bool(validator.validate(f"{settings.PUBLIC_URL}{request.get_full_path()}", request.POST, signature))
