"""Web push: encrypted for the browser (RFC 8291), signed by the clinic's key (VAPID, RFC 8292)."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from healthcare.messaging import outbound
from healthcare.messaging.carriers.outcome import Ambiguous, Letter, Refused

LONGEST = 4 * 7 * 24 * 3600  # seconds that a push service keeps a message at most


def send(letter: Letter) -> str:
    """Returns the push service's address of the message, if it gave one. Raises Refused or Ambiguous."""
    if not settings.VAPID_KEY_FILE:
        raise Refused("unconfigured")
    subscription = json.loads(letter.address)
    body, headers = seal(subscription, letter)
    try:
        answer = outbound.post(subscription["endpoint"], body, headers)
    except outbound.Forbidden:
        raise Refused("forbidden-endpoint", permanent=True) from None
    except outbound.NotReached as problem:
        raise Refused(str(problem)) from None
    except outbound.NoAnswer as problem:
        raise Ambiguous(str(problem)) from None
    return _verdict(answer)


def seal(subscription: dict[str, Any], letter: Letter) -> tuple[bytes, dict[str, str]]:
    """The encrypted words, and the headers of the request."""
    from py_vapid import Vapid
    from pywebpush import WebPusher

    content = json.dumps({"title": letter.words.subject, "body": letter.words.text})
    sealed = WebPusher(subscription).encode(content.encode())
    parts = urlsplit(subscription["endpoint"])
    contact = settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">")
    claims = {"sub": f"mailto:{contact}", "aud": f"{parts.scheme}://{parts.netloc}"}
    return sealed["body"], {
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        # What is stale is not shown: the push service drops it.
        "TTL": str(max(0, min(letter.seconds_left, LONGEST))),
        **Vapid.from_file(settings.VAPID_KEY_FILE).sign(claims),
    }


def _verdict(answer: outbound.Answer) -> str:
    if answer.status in (200, 201, 202):
        return answer.headers.get("location", "")[:200]
    code = f"push-{answer.status}"
    if answer.status == 429:
        wait = answer.headers.get("retry-after", "")
        raise Refused(code, retry_after=int(wait) if wait.isdigit() else 0)
    if answer.status >= 500:
        raise Ambiguous(code)
    # 404 and 410: this subscription is over; the others of 4xx do not get better either.
    raise Refused("gone" if answer.status in (404, 410) else code, permanent=True)
