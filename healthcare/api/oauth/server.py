"""The toolkit's server with three ways to a token and no other, and with the rules of this house at each of them.

`request.acts` is the row that says as whom, in which role and since when signed in the program acts: the authorization
code, the refresh token, or for its own service user the application.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import endpoints, errors, grant_types, tokens
from oauthlib.oauth2.rfc6749.grant_types.authorization_code import code_challenge_method_s256

from healthcare.accounts.models import Membership
from healthcare.accounts.roles import PATIENT
from healthcare.api.models import AccessToken, Application, Grant, RefreshToken
from healthcare.api.oauth.scopes import covers
from healthcare.api.tokens import encode, keep, new_claims
from healthcare.audit import record
from healthcare.db.context import acting_as


class CodeGrant(grant_types.AuthorizationCodeGrant):
    """PKCE with S256 alone (RFC 7636; RFC 9700 section 2.1.1)."""

    _code_challenge_methods = {"S256": code_challenge_method_s256}


class Server(endpoints.AuthorizationEndpoint, endpoints.TokenEndpoint, endpoints.RevocationEndpoint):
    """Code, refresh and client credentials. No implicit and no password grant, no device flow (RFC 9700 section 2)."""

    def __init__(self, validator: Any, **ignored: Any) -> None:
        bearer = tokens.BearerToken(
            validator, new_token, settings.ACCESS_TOKEN_SECONDS, lambda request: tokens.random_token_generator(request)
        )
        code = CodeGrant(validator)
        granted = {
            "authorization_code": code,
            "refresh_token": grant_types.RefreshTokenGrant(validator),
            "client_credentials": grant_types.ClientCredentialsGrant(validator),
        }
        endpoints.AuthorizationEndpoint.__init__(self, "code", bearer, {"code": code})
        endpoints.TokenEndpoint.__init__(self, "authorization_code", bearer, granted)
        endpoints.RevocationEndpoint.__init__(self, validator)


def new_token(request: Any) -> str:
    """The signed token; its claims stay on the request until the row is written."""
    acts = request.acts
    request.minted = new_claims(
        user=acts.user,
        role=acts.role,
        scopes=frozenset(request.scopes),
        lifetime=timedelta(seconds=settings.ACCESS_TOKEN_SECONDS),
        now=timezone.now(),
        client_id=request.client.client_id,
        signed_in_at=getattr(acts, "signed_in_at", None),
    )
    return encode(request.minted)


def still_acts(row: Grant | RefreshToken | Application) -> bool:
    """Whether the person may still act in that role; whoever may not gets no token, new or renewed."""
    if row.user is None or not row.user.is_active:
        return False
    return row.role == PATIENT or Membership.objects.current().filter(user=row.user, role=row.role).exists()


class Validator(OAuth2Validator):
    # == Authorization codes ==
    def _create_authorization_code(self, request: Any, code: dict[str, str], expires: datetime | None = None) -> Grant:
        grant = Grant(
            application=request.client,
            user=request.user,
            role=request.user.acting_role,
            signed_in_at=request.user.signed_in_at,
            code=code["code"],
            expires=timezone.now() + timedelta(seconds=settings.AUTHORIZATION_CODE_SECONDS),
            redirect_uri=request.redirect_uri,
            scope=" ".join(request.scopes),
            code_challenge=request.code_challenge,
            code_challenge_method=request.code_challenge_method,
        )
        grant.save(force_insert=True)
        about = {"application": request.client.pk, "scopes": request.scopes}
        record("api.agree", by=request.user, target=grant.user, detail=about)
        return grant

    def validate_code(
        self, client_id: str, code: str, client: Application, request: Any, *args: Any, **more: Any
    ) -> bool:
        """Locked: of two that come at once the second finds no code. A code that is not there may have been used
        before: then what it gave ends (RFC 6749 section 4.1.2).
        """
        held = Grant.objects.select_for_update(of=("self",)).select_related("user")
        request.acts = held.filter(code=code, application=client).first()
        if request.acts is None:
            RefreshToken.revoke_family(family_of(code))
            return False
        good: bool = super().validate_code(client_id, code, client, request, *args, **more)
        return good and still_acts(request.acts)

    # == Renewal ==
    def validate_refresh_token(
        self, refresh_token: str, client: Application, request: Any, *args: Any, **more: Any
    ) -> bool:
        """Locked first: of two that come at once the second sees that the first was there, and is a replay."""
        digest = hashlib.sha256(refresh_token.encode()).hexdigest()
        held = RefreshToken.objects.select_for_update().filter(token_checksum=digest).first()
        if not super().validate_refresh_token(refresh_token, client, request, *args, **more):
            if held is not None:
                about = {"application": held.application_id, "replayed": held.revoked is not None}
                record("api.refuse_renewal", by=None, target=held.user, outcome="denied", detail=about)
            return False
        request.acts = request.refresh_token_instance
        begun = request.acts.signed_in_at + timedelta(seconds=settings.RENEWABLE_SECONDS)
        return begun > timezone.now() and still_acts(request.acts)

    def get_original_scopes(self, refresh_token: str, request: Any, *args: Any, **more: Any) -> list[str]:
        """Without those that the program has lost since."""
        scopes = request.acts.access_token.scope.split()
        return [scope for scope in scopes if covers(request.client.scopes, scope)]

    # == A program for itself ==
    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **more: Any
    ) -> bool:
        if grant_type == "client_credentials":
            request.acts = request.client
            if not still_acts(request.client):
                raise errors.UnauthorizedClientError("The service user does not hold the role.", request=request)
        return bool(super().validate_grant_type(client_id, grant_type, client, request, *args, **more))

    # == What is given ==
    def save_bearer_token(self, token: Any, request: Any, *args: Any, **more: Any) -> Any:
        acts = request.acts
        with acting_as(acts.user, acts.role):
            super().save_bearer_token(token, request, *args, **more)
            about = {"application": request.client.pk, "token": request.minted.token_id, "grant": request.grant_type}
            record("api.give_token", by=acts.user, target=acts.user, detail=about)

    def _create_access_token(
        self, expires: Any, request: Any, token: Any, source_refresh_token: Any = None
    ) -> AccessToken:
        links = {"application": request.client, "source_refresh_token": source_refresh_token}
        return keep(request.minted, token["access_token"], **links)

    def _create_refresh_token(self, request: Any, code: str, access_token: AccessToken, previous: Any) -> RefreshToken:
        fresh = RefreshToken(
            user=access_token.user,
            role=access_token.role,
            signed_in_at=access_token.signed_in_at,
            application=request.client,
            access_token=access_token,
            token_family=previous.token_family if previous else family_of(request.code),
            token_checksum=hashlib.sha256(code.encode()).hexdigest(),
        )
        fresh.save(force_insert=True)
        return fresh

    def revoke_token(self, token: str, token_type_hint: str, request: Any, *args: Any, **more: Any) -> None:
        super().revoke_token(token, token_type_hint, request, *args, **more)
        record("api.give_back_token", by=None, target=request.client)


def family_of(code: str) -> UUID:
    """One name for all that grows from one code: a hash of it, so that the code itself can be forgotten."""
    return UUID(bytes=hashlib.sha256(code.encode()).digest()[:16])
