"""The toolkit's models, as rows of this house: its own keys, nothing in clear, nothing that is not used.

django-oauth-toolkit takes models of our own by its `OAUTH2_PROVIDER_…_MODEL` settings. Fields set to a plain value here
are columns of the toolkit's that we do without.
"""

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractAccessToken, AbstractApplication, AbstractGrant, AbstractRefreshToken

from healthcare.accounts.models import User
from healthcare.accounts.roles import ROLE_CHOICES, STAFF_ROLE_CHOICES
from healthcare.api.replies import Reply as Reply
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access

LOOPBACK = frozenset({"127.0.0.1", "::1"})  # RFC 8252 section 7.3; a name such as localhost may be pointed elsewhere


class Application(BaseModel, AbstractApplication):
    """A program that may ask for tokens (RFC 6749 section 2): for people, or for the one service user bound to it."""

    database_access = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")

    GRANT_TYPES = (
        (AbstractApplication.GRANT_AUTHORIZATION_CODE, _("People let it act for them (authorization code)")),
        (AbstractApplication.GRANT_CLIENT_CREDENTIALS, _("It acts as its service user (client credentials)")),
    )
    hash_client_secret = True
    skip_authorization = False
    algorithm = allowed_origins = post_logout_redirect_uris = ""
    registration_source, cimd_expires_at = "manual", None
    created = updated = None

    name = models.CharField(_("name"), max_length=100, unique=True, help_text=_("As people read it when they agree."))
    authorization_grant_type = models.CharField(_("how it gets tokens"), max_length=20, choices=GRANT_TYPES)
    scopes = ArrayField(models.CharField(max_length=20), help_text=_("The most it can ever be given."))
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("service user")
    )
    role = models.CharField(_("role of the service user"), max_length=20, choices=STAFF_ROLE_CHOICES, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("application")
        constraints = [
            models.CheckConstraint(
                condition=Q(authorization_grant_type="authorization-code", user=None, role="") & ~Q(redirect_uris="")
                | Q(authorization_grant_type="client-credentials", user__isnull=False, client_type="confidential")
                & ~Q(role=""),
                name="application_for_people_or_for_one_service_user",
                violation_error_message=_(
                    "For people it needs an address to go back to and no user; by itself it is confidential, with a"
                    " service user and their role."
                ),
            )
        ]

    def clean(self) -> None:
        """Addresses are https, or http on this very machine (RFC 8252); they are compared sign by sign."""
        super().clean()
        for address in self.redirect_uris.split():
            parts = urlsplit(address)
            if parts.scheme != "https" and (parts.scheme, parts.hostname in LOOPBACK) != ("http", True):
                raise ValidationError({"redirect_uris": _("Use https, or http with 127.0.0.1 or [::1].")})

    def is_usable(self, request: Any) -> bool:
        return self.closed_at is None


class HashedField(models.CharField):
    """Keeps the SHA-256 of what is given: enough to find a long random value again, useless to whoever reads it."""

    def get_prep_value(self, value: Any) -> Any:
        return hashlib.sha256(str(value).encode()).hexdigest()


class ActsInRole(BaseModel):
    """Somebody let an application act for them: as whom, in which role, and when they last proved who they are."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=20, choices=ROLE_CHOICES)
    signed_in_at = models.DateTimeField(null=True, help_text=_("Empty where nobody signed in: services, operators."))
    created = updated = None
    resource: tuple[str, ...] = ()

    class Meta:
        abstract = True


class Grant(ActsInRole, AbstractGrant):
    """An authorization code (RFC 6749 section 4.1): one minute, one use."""

    code = HashedField(max_length=64, unique=True)
    nonce = claims = ""

    class Meta:
        verbose_name = _("authorization code")


class RevocableToken(ActsInRole):
    """Dead at once when `revoked` is set; the row stays until it would have run out, so that a replay is seen."""

    token = ""  # only its hash is kept
    revoked = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class AccessToken(RevocableToken, AbstractAccessToken):
    """What a signed token is asked against at each request; the key is the token's `jti`."""

    id_token = None

    class Meta:
        verbose_name = _("access token")
        indexes = [models.Index(fields=["expires"], name="access_token_by_expiry")]

    def revoke(self) -> None:
        AccessToken.objects.filter(pk=self.pk, revoked=None).update(revoked=timezone.now())


class RefreshToken(RevocableToken, AbstractRefreshToken):
    """Renews an access token once, and is replaced by its successor in the same family (RFC 9700 section 4.14)."""

    class Meta:
        verbose_name = _("refresh token")
        constraints = [models.UniqueConstraint(fields=["token_checksum"], name="refresh_token_unique")]
        indexes = [models.Index(fields=["token_family"], name="refresh_token_by_family")]

    @classmethod
    def revoke_family(cls, token_family: uuid.UUID | None) -> None:
        """Everything that grew from one agreement ends: the stolen and the rightful token cannot be told apart."""
        family = cls.objects.filter(token_family=token_family)
        _revoke(family, timezone.now())


def _revoke(refresh_tokens: Any, now: datetime) -> int:
    tokens = AccessToken.objects.filter(refresh_token__in=refresh_tokens, revoked=None)
    return int(tokens.update(revoked=now) + refresh_tokens.filter(revoked=None).update(revoked=now))


def revoke_tokens_of(user: User, *, now: datetime, **of: Any) -> int:
    """End every token, code and renewal of a person: all, or those `of` one role or application. Returns how many."""
    count = 0
    for model in (AccessToken, RefreshToken):
        count += model.objects.filter(user=user, revoked=None, **of).update(revoked=now)
    return count + Grant.objects.filter(user=user, **of).delete()[0]


def sweep_dead(now: datetime) -> int:
    """Remove what nothing can use: codes that ran out, renewals past their time, and then tokens none of them names.

    A revoked renewal stays for as long as it could be replayed.
    """
    begun = now - timedelta(seconds=settings.RENEWABLE_SECONDS)
    over = (
        Grant.objects.filter(expires__lt=now),
        RefreshToken.objects.filter(signed_in_at__lt=begun),
        AccessToken.objects.filter(expires__lt=now, refresh_token=None),
    )
    return sum(rows.delete()[0] for rows in over)
