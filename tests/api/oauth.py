"""Programs as they really come: PKCE made by RFC 7636, forms posted, answers read."""

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.api.models import Application
from healthcare.api.tokens import InvalidToken, authenticate
from tests.accounts.conftest import sign_in

BACK = "http://127.0.0.1/back"
AUTHORIZE, TOKEN = "/oauth/authorize/", "/oauth/token/"


class Pkce:
    def __init__(self) -> None:
        self.verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")


def asking(application: Application, pkce: Pkce, **other: Any) -> dict[str, str]:
    """The parameters of an authorization request; None leaves one out."""
    wanted = {
        "client_id": application.client_id,
        "response_type": "code",
        "redirect_uri": application.redirect_uris.split()[0],
        "scope": "read",
        "state": "s-1",
        "code_challenge": pkce.challenge,
        "code_challenge_method": "S256",
        **other,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def agree(browser: Client, asked: dict[str, str], *, allow: bool = True) -> dict[str, str]:
    """Send the form of the page and return what the redirect carries back to the program."""
    page = browser.get(AUTHORIZE, asked)
    assert page.status_code == 200, page.content.decode()
    form = {name: str(value or "") for name, value in page.context["form"].initial.items()}
    answer = browser.post(f"{AUTHORIZE}?{urlencode(asked)}", form | ({"allow": "yes"} if allow else {}))
    assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"].startswith(asked["redirect_uri"])
    return dict(parse_qsl(urlsplit(answer["Location"]).query))


def code_for(user: User, application: Application, pkce: Pkce, *, role: str = "", **other: Any) -> str:
    return agree(sign_in(user, role=role or None), asking(application, pkce, **other))["code"]


def exchange(application: Application, code: str, pkce: Pkce, **other: Any) -> Any:
    return post_token(
        grant_type="authorization_code",
        code=code,
        client_id=application.client_id,
        redirect_uri=application.redirect_uris.split()[0],
        code_verifier=pkce.verifier,
        **other,
    )


def tokens_for(user: User, application: Application, **other: Any) -> dict[str, Any]:
    """The whole way: the page, the code, the tokens."""
    pkce = Pkce()
    answer = exchange(application, code_for(user, application, pkce, **other), pkce)
    assert answer.status_code == 200, answer.content.decode()
    return answer.json()


def renew(application: Application, refresh_token: str, **other: Any) -> Any:
    wanted = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": application.client_id}
    return post_token(**wanted, **other)


def post_token(**form: Any) -> Any:
    """From elsewhere: no cookie, no CSRF token."""
    basic = form.pop("basic", None)
    headers = {"Authorization": f"Basic {base64.b64encode(':'.join(basic).encode()).decode()}"} if basic else {}
    return Client(enforce_csrf_checks=True).post(TOKEN, form, headers=headers)


def address_of(name: str) -> str:
    return reverse(f"oauth2_provider:{name}")


def alive(token: str) -> bool:
    """Whether the database lets this access token in now."""
    try:
        authenticate(token, now=timezone.now())
    except InvalidToken:
        return False
    return True
