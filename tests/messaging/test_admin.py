from typing import Any

import pytest
from django.contrib import admin
from django.test import RequestFactory

from healthcare.db.context import acting_as
from healthcare.messaging.admin import MessageAdmin
from healthcare.messaging.models import SHOWN, Message
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> MessageAdmin:
    return MessageAdmin(Message, admin.site)


def request_of(role: str) -> Any:
    request = RequestFactory().get("/admin/messaging/message/")
    request.user = UserFactory()
    request.user.acting_role = role
    return request


def test_the_list_shows_what_became_of_it_and_not_to_whom(page: MessageAdmin, post: Any) -> None:
    post()
    request = request_of("administrator")
    with acting_as(request.user):
        html = page.changelist_view(request).render().content.decode()
    assert "Queued" in html
    assert "hello" in html
    assert "ada@" not in html


def test_one_message_is_shown_without_its_inside(page: MessageAdmin, post: Any) -> None:
    key = post()
    request = request_of("administrator")
    with acting_as(request.user):
        html = page.changeform_view(request, str(key)).render().content.decode()
    assert "hello" in html
    assert "ada@" not in html
    assert not {"address", "parameters", "dedupe_key", "lease_token"} & set(SHOWN)


@pytest.mark.parametrize(("role", "may"), [("administrator", True), ("doctor", False), ("privacy_officer", False)])
def test_administrators_alone_look_and_nobody_writes(page: MessageAdmin, role: str, may: bool) -> None:
    request = request_of(role)
    assert page.has_view_permission(request) is may
    assert page.has_module_permission(request) is may
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)
