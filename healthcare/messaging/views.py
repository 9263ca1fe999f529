"""What carriers tell us."""

from uuid import UUID
from xml.etree.ElementTree import Element, SubElement, tostring

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from healthcare.messaging.actions import receive_reply, report_state
from healthcare.messaging.rules import HELP, WORDS, word_of
from healthcare.messaging.templating import render


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


@csrf_exempt
@require_POST
def twilio_reply(request: HttpRequest) -> HttpResponse:
    """Somebody wrote back. What Twilio answers itself (STOP always; by its settings START and HELP) we leave to it."""
    if not is_signed_by_twilio(request):
        return HttpResponseForbidden()
    said = request.POST
    handled_there = said.get("OptOutType", "").lower()
    word = handled_there if handled_there in WORDS else word_of(said.get("Body", ""))
    receive_reply(by=None, carrier_id=said.get("MessageSid", ""), address=said.get("From", ""), word=word)
    answer = "replies/help" if word == HELP and not handled_there else ""
    return HttpResponse(twiml(answer), content_type="text/xml; charset=utf-8")


def twiml(answer: str) -> str:
    """What Twilio is to do: nothing, or to send this letter back (its Messaging Markup Language)."""
    response = Element("Response")
    if answer:
        SubElement(response, "Message").text = render(answer, "sms", {}, "").text
    return tostring(response, encoding="unicode", xml_declaration=True)


# What healthcare.accounts.guards.public does, which stands further to the right.
twilio_status.is_public = True  # type: ignore[attr-defined]
twilio_reply.is_public = True  # type: ignore[attr-defined]


def is_signed_by_twilio(request: HttpRequest) -> bool:
    """HMAC over the address Twilio was given and the form; without a token of ours nothing is signed."""
    if not settings.TWILIO_AUTH_TOKEN:
        return False
    from twilio.request_validator import RequestValidator  # lazily: the package is large

    signature = request.headers.get("X-Twilio-Signature", "")
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    return bool(validator.validate(f"{settings.PUBLIC_URL}{request.get_full_path()}", request.POST, signature))
