"""Programs that ask for tokens, and rows of tokens. Tests that need a token that opens something call `mint`."""

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone

from healthcare.api.models import AccessToken, Application, Grant, RefreshToken, Reply
from tests.factories.ground import Factory, UserFactory
from tests.roles import taking_role

__all__ = ["AccessTokenFactory", "ApplicationFactory", "GrantFactory", "RefreshTokenFactory", "ReplyFactory"]


class ApplicationFactory(Factory):
    """A public program on people's own devices; its redirect address is on this machine."""

    class Meta:
        model = Application

    name = factory.Sequence(lambda n: f"Program {n}")
    client_type = "public"
    authorization_grant_type = "authorization-code"
    redirect_uris = "http://127.0.0.1/back"
    scopes = ("read", "write")


class _Held(Factory):
    class Meta:
        abstract = True

    user = factory.SubFactory(UserFactory)
    application = factory.SubFactory(ApplicationFactory)
    role = "patient"


class AccessTokenFactory(_Held):
    class Meta:
        model = AccessToken

    scope = "read"
    expires = factory.LazyFunction(lambda: timezone.now() + timedelta(minutes=15))
    token_checksum = factory.Sequence(lambda n: f"{n:064x}")


class RefreshTokenFactory(_Held):
    class Meta:
        model = RefreshToken

    token_checksum = factory.Sequence(lambda n: f"{n:064x}")


class GrantFactory(_Held):
    class Meta:
        model = Grant

    code = factory.Sequence(lambda n: f"code-{n}")
    redirect_uri = "http://127.0.0.1/back"
    expires = factory.LazyFunction(lambda: timezone.now() + timedelta(minutes=1))


class ReplyFactory(Factory):
    class Meta:
        model = Reply

    user = factory.SubFactory(UserFactory)
    key = factory.Sequence(lambda n: f"{n:064x}")
    request = "0" * 64
    status = 201

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        with taking_role("owner"):  # a worker keeps no replies
            return model_class.objects.create(**kwargs)
