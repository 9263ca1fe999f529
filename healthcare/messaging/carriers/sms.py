"""SMS by Twilio. Sending is not idempotent there: after a 5xx or silence, a second attempt may be a second SMS."""

import base64
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings

from healthcare.messaging import outbound
from healthcare.messaging.carriers.outcome import Ambiguous, Letter, Refused
from healthcare.messaging.rules import TWILIO_PERMANENT


def send(letter: Letter) -> str:
    """Returns Twilio's sid. Raises Refused or Ambiguous."""
    if not settings.TWILIO_ACCOUNT_SID:
        raise Refused("unconfigured")
    from twilio.base.exceptions import TwilioException, TwilioRestException  # lazily: 24 MB
    from twilio.rest import Client

    carrier = _http_client()
    client = Client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=carrier)
    callback = f"{settings.PUBLIC_URL}/messaging/twilio/{letter.message_id}/"
    words: dict[str, Any] = {"to": letter.address, "from_": settings.TWILIO_FROM, "body": letter.words.text}
    if callback.startswith("https:") or settings.TWILIO_BASE_URL:
        words["status_callback"] = callback
    try:
        return str(client.messages.create(**words).sid)
    except TwilioRestException as problem:
        raise _verdict(problem.status, problem.code, carrier.retry_after) from None
    except (outbound.NotReached, outbound.Forbidden) as problem:
        raise Refused(str(problem)) from None
    except (outbound.NoAnswer, TwilioException, ValueError) as problem:
        raise Ambiguous(type(problem).__name__) from None


def _verdict(status: int, code: int, retry_after: int) -> Exception:
    if status == 429:
        return Refused("twilio-429", retry_after=retry_after)
    if status >= 500:
        return Ambiguous(f"twilio-{status}")
    # 401 and 403 are about our account, not this message.
    permanent = code in TWILIO_PERMANENT or status in (400, 404)
    return Refused(f"twilio-{code or status}", permanent=permanent)


def _http_client() -> Any:
    from twilio.http import HttpClient
    from twilio.http.response import Response

    class Outbound(HttpClient):
        """Twilio's client on our one way out; TWILIO_BASE_URL leads it to a stand-in on this machine."""

        retry_after = 0

        def request(
            self, method: str, url: str, params: Any = None, data: Any = None, headers: Any = None, auth: Any = None,
            timeout: float | None = None, allow_redirects: bool = False,
        ) -> Response:  # fmt: skip
            sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
            answer = outbound.post(_redirected(url), urlencode(data or {}).encode(), sent)
            wait = answer.headers.get("retry-after", "")
            self.retry_after = int(wait) if wait.isdigit() else 0
            return Response(answer.status, answer.text, headers=answer.headers)

    return Outbound(None, False, None)


def _redirected(url: str) -> str:
    if not settings.TWILIO_BASE_URL:
        return url
    base, parts = urlsplit(settings.TWILIO_BASE_URL), urlsplit(url)
    return urlunsplit((base.scheme, base.netloc, parts.path, parts.query, ""))
