"""Access tokens: signed claims that say who acts as what, and a row that says whether that still holds.

The claims are those of RFC 9068, with `role`, `patient` and `provider` besides; `auth_time` says when the person last
proved who they are. The signature (HS256 with a key derived from the secret; decision 0018) is checked first, then one
statement asks the database everything that may have ended since.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import PATIENT
from healthcare.api.models import AccessToken, Application
from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from healthcare.events.parts import parts_of

ALGORITHM, KIND = "HS256", "at+jwt"
LONGEST = 4096  # characters
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "role"]
OPERATOR = "operator"  # stands for the client where a command made the token
#: Every scope there is, and what it opens in words for people.
SCOPES: tuple[str, ...] = ("read", "write", *(f"{area}.{verb}" for area in Scope for verb in ("read", "write")))

# In the order of the model: `from_db` takes them by place.
COLUMNS = ["id", "is_superuser", "email", "full_name", "is_active"]
# Prepared by psycopg after the third time on a connection. The row, the person, the role and, where there is one, the
# application: whatever ended is ended here. OFFSET 0 asks for this person's memberships, and gathers nobody else's.
ALIVE = f"""
SELECT {", ".join(f"u.{column}" for column in COLUMNS)},
       (SELECT json_object_agg(e.permission, e.held) FROM accounts_roleedit e WHERE e.role = t.role)
FROM api_accesstoken t
JOIN accounts_user u ON u.id = t.user_id AND u.is_active
LEFT JOIN api_application a ON a.id = t.application_id
WHERE t.id = %s AND t.role = %s AND t.revoked IS NULL AND t.expires > %s AND a.closed_at IS NULL
  AND (t.role = '{PATIENT}' OR EXISTS (
      SELECT 1 FROM accounts_membership m
      WHERE m.user_id = t.user_id AND m.role = t.role AND m.validity @> statement_timestamp() OFFSET 0))
"""  # noqa: S608


class InvalidToken(Exception):
    """The token opens nothing. The message is a sentence for whoever sent it."""


@dataclass(frozen=True)
class TokenClaims:
    """What a token says. `signed_in_at` is None where nobody signed in: services, and tokens an operator made."""

    user_id: UUID
    role: str
    scopes: frozenset[str]
    patient_id: UUID | None
    provider_id: UUID | None
    client_id: str
    token_id: str
    issued_at: datetime
    expires_at: datetime
    signed_in_at: datetime | None

    def allows(self, area: Scope, *, write: bool = False) -> bool:
        """Whether the scopes reach this far; they only ever narrow what the role and the grants open."""
        verb = "write" if write else "read"
        return verb in self.scopes or f"{area}.{verb}" in self.scopes


# == Asking ==
def authenticate(bearer: str, *, now: datetime) -> tuple[User, TokenClaims]:
    """The person, acting in the token's role, and what the token says. One query. Raises InvalidToken."""
    claims = read(bearer)
    if claims.expires_at <= now:
        raise InvalidToken(_("This token has run out. Ask for a new one."))
    with connection.cursor() as cursor:
        cursor.execute(ALIVE, [claims.token_id, claims.role, now])
        row = cursor.fetchone()
    if row is None:
        raise InvalidToken(_("This token was ended, or what it stood for was: the account, the role or the program."))
    user: User = User.from_db("default", COLUMNS, row[:-1])
    user.in_role(claims.role).role_edits = row[-1] or {}
    return user, claims


def read(bearer: str) -> TokenClaims:
    """What is signed, whether alive or not. Raises InvalidToken for what we did not sign as an access token."""
    return _verified(bearer, settings.PUBLIC_URL, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=4096)
def _verified(bearer: str, issuer: str, *secrets: str) -> TokenClaims:
    """A signature that was right once stays right, so it is checked once; refusals are not remembered."""
    try:
        header = jwt.get_unverified_header(bearer) if len(bearer) <= LONGEST else {}
        key = _keys(*secrets)[header["kid"]]
        if header.get("typ") != KIND:  # RFC 9068 section 4: no other kind of token passes for one
            raise InvalidToken(_("This is not an access token of ours."))
        # The clock is the caller's, and the row's: `authenticate` compares.
        options: Any = {"require": REQUIRED, "verify_exp": False, "verify_iat": False}
        said = jwt.decode(bearer, key, algorithms=[ALGORITHM], issuer=issuer, audience=issuer, options=options)
        return _claims(said)
    except (jwt.InvalidTokenError, AttributeError, KeyError, TypeError, ValueError) as problem:
        raise InvalidToken(_("This is not an access token of ours.")) from problem


def _claims(said: dict[str, Any]) -> TokenClaims:
    return TokenClaims(
        user_id=UUID(said["sub"]),
        role=said["role"],
        scopes=frozenset(said["scope"].split()),
        patient_id=UUID(said["patient"]) if "patient" in said else None,
        provider_id=UUID(said["provider"]) if "provider" in said else None,
        client_id=said["client_id"],
        token_id=str(UUID(said["jti"])),
        issued_at=datetime.fromtimestamp(said["iat"], UTC),
        expires_at=datetime.fromtimestamp(said["exp"], UTC),
        signed_in_at=datetime.fromtimestamp(said["auth_time"], UTC) if "auth_time" in said else None,
    )


# == Making ==
def mint(*, user: User, role: str, application: Application | None = None, **said: Any) -> tuple[str, TokenClaims]:
    """A token for this person in this role, and its row; `said` as in `new_claims`.

    Whoever calls has checked that they hold the role.
    """
    client_id = application.client_id if application else OPERATOR
    claims = new_claims(user=user, role=role, client_id=client_id, **said)
    token = encode(claims)
    with acting_as(user, role):
        keep(claims, token, application=application)
    return token, claims


def new_claims(
    *,
    user: User,
    role: str,
    scopes: frozenset[str],
    lifetime: timedelta,
    now: datetime,
    client_id: str,
    signed_in_at: datetime | None = None,
) -> TokenClaims:
    """Times are cut to whole seconds, as the token carries them."""
    issued = now.replace(microsecond=0)
    return TokenClaims(
        user_id=user.pk,
        role=role,
        scopes=scopes,
        patient_id=patient_of(user) if role == PATIENT else None,
        provider_id=None if role == PATIENT else provider_of(user),
        client_id=client_id,
        token_id=str(uuid7()),
        issued_at=issued,
        expires_at=issued + lifetime,
        signed_in_at=signed_in_at.replace(microsecond=0) if signed_in_at else None,
    )


def patient_of(user: User) -> UUID | None:
    """The record that is this person's own, which an app to the right knows."""
    with acting_as(user, PATIENT):
        return next(
            (found for portal in parts_of("accounts.PortalAccount") if (found := portal.own_record(user))), None
        )


def provider_of(user: User) -> UUID | None:
    return Provider.objects.filter(user=user, ended_at=None).values_list("pk", flat=True).first()


def encode(claims: TokenClaims) -> str:
    kid, key = signing_key(settings.SECRET_KEY)
    return jwt.encode(said_of(claims), key, algorithm=ALGORITHM, headers={"kid": kid, "typ": KIND})


def said_of(claims: TokenClaims) -> dict[str, Any]:
    """As the token says it, and as introspection answers (RFC 7662 section 2.2)."""
    said = {
        "iss": settings.PUBLIC_URL,
        "aud": settings.PUBLIC_URL,
        "sub": str(claims.user_id),
        "iat": int(claims.issued_at.timestamp()),
        "exp": int(claims.expires_at.timestamp()),
        "jti": claims.token_id,
        "client_id": claims.client_id,
        "scope": " ".join(sorted(claims.scopes)),
        "role": claims.role,
        "auth_time": int(claims.signed_in_at.timestamp()) if claims.signed_in_at else None,
        "patient": str(claims.patient_id) if claims.patient_id else None,
        "provider": str(claims.provider_id) if claims.provider_id else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def keep(claims: TokenClaims, token: str, **links: Any) -> AccessToken:
    """The row against which the token is asked from now on; of the token itself only the hash."""
    row = AccessToken(
        pk=UUID(claims.token_id),
        user_id=claims.user_id,
        role=claims.role,
        scope=" ".join(sorted(claims.scopes)),
        expires=claims.expires_at,
        signed_in_at=claims.signed_in_at,
        token_checksum=hashlib.sha256(token.encode()).hexdigest(),
        **links,
    )
    row.save(force_insert=True)
    return row


# == Keys ==
def signing_key(secret: str) -> tuple[str, bytes]:
    """The key derived from a secret, and its public id."""
    key = hmac.new(secret.encode(), b"api access token", hashlib.sha256).digest()
    return hashlib.sha256(key).hexdigest()[:8], key


@lru_cache(maxsize=4)
def _keys(*secrets: str) -> dict[str, bytes]:
    """Of the secret in use and of those before it, by key id: rotation ends no token."""
    return dict(signing_key(secret) for secret in secrets)
