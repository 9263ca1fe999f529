"""What the tests of self-registration share: somebody who tells of themself, and the link in their mail."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.models.links import token_of
from healthcare.db.context import acting_as
from healthcare.messaging.models import Message
from patients.actions import registrations as actions
from patients.models import SelfRegistration
from patients.rules import Demographics
from patients.rules.registrations import Told
from patients.texts import current_text
from tests.roles import as_the_system

NOTICE = current_text("privacy_notice").digest
WHO = Demographics(
    given_name="Ngozi",
    family_name="Applegate",
    birth_date=date(1991, 4, 2),
    sex="female",
    phone="+15085550166",
    email="ngozi@mail.example",
    line="12 Mill Street",
    city="Worcester",
    state="MA",
    postal_code="01608",
)
TOLD = Told(WHO, language="es", interpreter=True, reason="A first visit", notice=NOTICE, received=True)
TYPED = {
    "given_name": "Ngozi",
    "family_name": "Applegate",
    "birth_date": "Apr 2, 1991",
    "sex": "female",
    "email": "ngozi@mail.example",
    "phone": "508 555 0166",
    "line": "12 Mill Street",
    "city": "Worcester",
    "state": "MA",
    "postal_code": "01608",
    "language": "es",
    "interpreter": "yes",
    "reason": "A first visit",
    "notice": "permit",
    "shown": NOTICE,
}
PAGE = "/portal/register"


def told(**changes: Any) -> Told:
    return replace(TOLD, demographics=replace(WHO, **changes))


def request(said: Told = TOLD, site: Any = None, network: str = "192.0.2.7") -> Any:
    with acting_as(None):
        return actions.request_registration(told=said, site=site, network=network, now=timezone.now())


def confirm(row: Any) -> None:
    with acting_as(None):
        actions.confirm_registration(token=token_of(row.pk))


def confirmed(said: Told = TOLD, site: Any = None) -> SelfRegistration:
    """One that waits, having come by the public way."""
    row = request(said, site)
    confirm(row)
    return kept(row)


def kept(row: Any) -> SelfRegistration:
    with as_the_system():
        return SelfRegistration.objects.get(pk=row.pk)


def everything() -> list[SelfRegistration]:
    with as_the_system():
        return list(SelfRegistration.objects.order_by("pk"))


def letters() -> list[tuple[str, str]]:
    """Whom was written to, and by which template."""
    with as_the_system():
        return [(one.address, one.template) for one in Message.objects.order_by("created_at", "pk")]


def type_in(client: Client | None = None, **changes: Any) -> Any:
    return (client or Client()).post(PAGE, TYPED | changes)


def link_of(row: Any) -> str:
    return reverse("portal:confirm_registration", args=[token_of(row.pk)])


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())
