from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.template import TemplateDoesNotExist

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as, acting_as_system
from healthcare.messaging.addresses import AddressRefused, check_address
from healthcare.messaging.models import Message
from tests.events.draining import as_worker
from tests.factories import UserFactory
from tests.messaging.conftest import the_message
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
SUBSCRIPTION = '{"endpoint": "https://push.example/x", "keys": {"p256dh": "a", "auth": "b"}}'


def rows() -> int:
    return as_worker(Message.objects.count)


def test_a_message_waits_in_the_verbs_transaction(post: Any) -> None:
    message = the_message(post())
    assert (message.status, message.queue, message.attempts) == ("queued", "default", 0)
    assert message.next_at is not None
    assert message.address == "ada@patients.example"
    assert message.words["name"] == "Ada"


def test_it_vanishes_with_the_verb(post: Any) -> None:
    with transaction.atomic():
        post()
        transaction.set_rollback(True)
    assert rows() == 0


def test_address_and_parameters_are_ciphertext(post: Any) -> None:
    post()

    def stored() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT address || parameters FROM messaging_message")
            return str(cursor.fetchone()[0])

    text = as_worker(stored)
    assert "ada" not in text.lower()
    assert text.count("v1.") == 2


def test_the_same_key_is_the_same_message(post: Any) -> None:
    first = post(dedupe_key="reminder:1")
    assert post(dedupe_key="reminder:1", address="other@patients.example") == first
    assert rows() == 1
    assert the_message(first).address == "ada@patients.example"


def test_urgent_messages_have_their_own_queue(post: Any) -> None:
    assert the_message(post(urgent=True)).queue == "urgent"


def test_queueing_is_audited_without_address_or_words(post: Any) -> None:
    key = post()
    with taking_role("worker"), acting_as_system("test"):
        event = AuditEvent.objects.get(action="messaging.queue", target_id=key)
    assert event.detail == {"channel": "email", "template": "hello"}


def test_the_language_of_the_moment_is_kept(post: Any) -> None:
    from django.utils import translation

    with translation.override("es"):
        assert the_message(post()).language == "es"
    assert the_message(post(language="ar")).language == "ar"


def test_who_caused_it_is_who_acts(post: Any) -> None:
    user = UserFactory()
    with acting_as(user, "nurse"):
        mine, somebodys = post(by=user), post()
    assert the_message(mine).created_by_id == the_message(somebodys).created_by_id == user.pk
    assert the_message(post()).created_by_id is None


def test_the_web_login_cannot_write_a_message_in_anothers_name(post: Any) -> None:
    row = Message(
        channel="email", address="x", template="hello", parameters="{}", dedupe_key="x",
        next_at=datetime.now(UTC), created_by_id=UserFactory().pk,
    )  # fmt: skip
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        row.save(force_insert=True)


def test_the_web_login_cannot_write_one_as_sent_already() -> None:
    row = Message(
        channel="email", address="x", template="hello", parameters="{}", dedupe_key="x", status="sent",
        sent_at=datetime.now(UTC),
    )  # fmt: skip
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize("column", ["address", "parameters", "dedupe_key", "carrier_id", "lease_token"])
def test_the_web_login_reads_no_inside(column: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), acting_as(UserFactory(), "administrator"):
        list(Message.objects.values_list(column))


def test_administrators_alone_see_the_outside(post: Any) -> None:
    key = post()
    admin = UserFactory()
    with acting_as(admin, "administrator"):
        assert [message.pk for message in Message.objects.shown()] == [key]
        assert list(Message.objects.counts_by_status()) == [{"channel": "email", "status": "queued", "count": 1}]
    for role in ("doctor", "privacy_officer", "patient"):
        with acting_as(admin, role):
            assert list(Message.objects.shown()) == []
    with acting_as(None):
        assert list(Message.objects.shown()) == []


@pytest.mark.parametrize(
    "statement", ["UPDATE messaging_message SET status = 'queued'", "DELETE FROM messaging_message"]
)
def test_the_web_login_changes_no_message(statement: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("email", "ada"),
        ("email", "ada@patients.example\nBcc: all@patients.example"),
        ("email", "ada@patients.example, eve@patients.example"),
        ("email", "ädä@patients.example"),
        ("email", "ada@pätients.example"),
        ("sms", "2125550100"),
        ("sms", "+1 212 555 0100"),
        ("sms", "+12125550100123456"),
        ("sms", "+١٢٣٤٥٦٧٨٩"),
        ("push", "nonsense"),
        ("push", "[]"),
        ("push", '{"endpoint": "https://push.example/x"}'),
        ("push", '{"endpoint": "ftp://push.example/x", "keys": {"p256dh": "a", "auth": "b"}}'),
    ],
)
def test_what_is_no_address_is_refused_at_once(post: Any, channel: str, address: str) -> None:
    with pytest.raises(AddressRefused):
        post(channel, address=address)
    assert rows() == 0


@pytest.mark.parametrize(
    ("channel", "address"), [("email", "a.b+c@patients.example"), ("sms", "+491701234567"), ("push", SUBSCRIPTION)]
)
def test_real_addresses_are_taken(channel: str, address: str) -> None:
    check_address(channel, address)


def test_a_template_that_does_not_exist_is_noticed_in_the_verb(post: Any) -> None:
    with pytest.raises(TemplateDoesNotExist):
        post(template="nothing")


def test_a_channel_without_a_template_of_its_own_is_noticed(post: Any, templates: Any) -> None:
    templates("mailonly.txt", "x\ny")
    with pytest.raises(TemplateDoesNotExist):
        post("sms", template="mailonly")


def test_a_template_in_a_folder_can_be_named(post: Any, templates: Any, tmp_path: Any) -> None:
    (tmp_path / "messaging" / "accounts").mkdir()
    templates("accounts/reset.txt", "x\ny")
    assert isinstance(post(template="accounts/reset"), UUID)


@pytest.mark.parametrize("value", [None, 3, ["x"], {"a": "b"}])
def test_a_parameter_is_a_text(post: Any, value: Any) -> None:
    with pytest.raises(ValueError, match="name"):
        post(parameters={"name": value})


def test_an_end_may_be_named(post: Any) -> None:
    end = datetime.now(UTC) + timedelta(hours=1)
    assert the_message(post(expires_at=end)).expires_at == end
