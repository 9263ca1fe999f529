"""The clinic's texts for messages: kept by administrators, chosen by who writes, sent with nothing left open."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.admin_pages import CONFIRMED
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from records.actions.messages import NotSendable
from records.actions.templates import NotKept, keep_message_template
from records.models import MessageTemplate, Thread
from records.queries.templates import templates_for
from records.rules.messages import LONGEST
from records.rules.templates import PLACES, filled, language_fits, left_open, unknown_places
from tests.factories import MessageTemplateFactory, SiteFactory, staff
from tests.records.writing import CALM, Talk, all_messages, signed_in, talk
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
TEXT = "Dear {patient}, call {telephone}. {writer}, {site}"
PUT = "Dear Rosie, call 508-555-0110. Priya Raman, Alder Street"


@pytest.fixture
def told() -> Talk:
    return talk()


@pytest.fixture
def boss(told: Talk) -> Any:
    return staff("administrator", told.patient.site, full_name="Lena Fox")


@pytest.fixture
def nurse(told: Talk) -> Client:
    return signed_in(told.nurse)


def keep(boss: Any, template: MessageTemplate | None = None, **changes: Any) -> MessageTemplate:
    values = {"site": None, "language": "en", "name": "Call us", "body": TEXT, "active": True} | changes
    with acting_as(boss):
        return keep_message_template(by=boss, values=values, template=template)


def offered(told: Talk) -> list[str]:
    with acting_as(told.nurse):
        return [one.name for one in templates_for(told.nurse, told.patient, told.patient.site)]


def url(thread: Thread) -> str:
    return reverse("records:thread", args=[thread.patient_id, thread.pk])


def typed(**more: str) -> dict[str, str]:
    return {"body": "Yes.", "key": str(uuid.uuid4())} | more


def body_on(page: str) -> str:
    return re.search(r'<textarea name="body"[^>]*>\s*(.*?)</textarea>', page, re.DOTALL)[1]


# == The rules ==
def test_what_is_known_stands_in_its_place_and_what_is_not_stays_to_be_seen() -> None:
    values = {"patient": "Rosie", "telephone": ""}
    assert filled("Dear { patient }, call {telephone} {x}", values) == "Dear Rosie, call {telephone} {x}"
    assert filled("{patient}", {"patient": "{site}", "site": "Alder Street"}) == "{site}", "a name is no text"


def test_what_is_left_open_is_named_once() -> None:
    assert left_open("{telephone} or {telephone}: ***, ***") == ["{telephone}", "***"]
    assert left_open("A {curly} remark, and ** bold **") == []
    assert unknown_places("{patient}, {dosis} and {dosis}, {}") == ["{dosis}", "{}"]


@given(st.text())
def test_a_text_without_braces_stays_as_it_is(text: str) -> None:
    plain = text.replace("{", "(").replace("}", ")")
    assert filled(plain, dict.fromkeys(PLACES, "x")) == plain


def test_a_language_fits_with_and_without_a_region() -> None:
    assert language_fits("es", "es")
    assert language_fits("pt", "pt-BR")
    assert not language_fits("en", "es")
    assert not language_fits("", "")


# == Kept by administrators ==
def test_a_text_is_kept_changed_and_given_up(told: Talk, boss: Any) -> None:
    row = keep(boss, body="  Two lines\r\nof it. ")
    assert (row.body, row.name, row.site) == ("Two lines\nof it.", "Call us", None)
    assert str(row) == f"template for messages {str(row.pk)[-8:]}"
    keep(boss, row, body=TEXT)
    assert offered(told) == ["Call us"]
    keep(boss, row, active=False)
    assert offered(told) == []
    keep(boss)
    with acting_as(boss):
        events = AuditEvent.objects.filter(action="records.keep_message_template", target_id=row.pk)
        assert [event.detail["new"] for event in events.order_by("id")] == [True, False, False]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"body": " "}, "write something"),
        ({"name": " "}, "Give the text a name"),
        ({"body": "x" * (LONGEST + 1)}, "4000 characters fit"),
        ({"body": "Take {dosis}."}, r"Nobody fills \{dosis\}. These are filled by themselves: \{patient\}"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(boss: Any, changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(NotKept, match=sentence):
        keep(boss, **changes)


def test_a_name_stands_for_one_text_of_a_site_and_language(told: Talk, boss: Any) -> None:
    keep(boss)
    with pytest.raises(NotKept, match="of this name in this language"):
        keep(boss)
    keep(boss, language="es")
    keep(boss, site=told.patient.site)


def test_nobody_else_keeps_them(told: Talk) -> None:
    with pytest.raises(NotAllowed):
        keep(told.nurse)


def test_patients_see_none_of_them(told: Talk) -> None:
    MessageTemplateFactory()
    with acting_as(told.rosa):
        assert not MessageTemplate.objects.exists()


def test_in_the_admin_a_page_shows_first_what_changes(told: Talk, boss: Any) -> None:
    client = signed_in(boss)
    add = reverse("admin:records_messagetemplate_add")
    asked = {"site": "", "language": "es", "name": "Llame", "body": "Hola {patient}", "active": "on"}
    page = client.get(add).text
    assert "Alder Street" in page
    assert "nothing is sent before they did" in page
    assert "stays as it was sent" in client.post(add, asked).text
    with as_the_system():
        assert not MessageTemplate.objects.exists()
    client.post(add, asked | {CONFIRMED: "yes"})
    with as_the_system():
        row = MessageTemplate.objects.get()
    change = reverse("admin:records_messagetemplate_change", args=[row.pk])
    changed = asked | {"body": "Hola {dosis}", CONFIRMED: "yes"}
    assert "Nobody fills {dosis}" in client.post(change, changed, follow=True).text
    client.post(change, asked | {"site": str(told.patient.site_id), CONFIRMED: "yes"})
    listed = client.get(reverse("admin:records_messagetemplate_changelist")).text
    assert "Spanish" in listed
    assert "Alder Street" in listed


# == Offered to who writes ==
def test_those_of_the_site_and_of_all_the_patients_language_first(told: Talk) -> None:
    with as_the_system():
        told.patient.language = "es"
        told.patient.save(update_fields=["language"])
    for language, name, site in (
        ("en", "Bring your card", None),
        ("es", "Traiga su tarjeta", told.patient.site),
        ("es", "Elsewhere", SiteFactory()),
    ):
        MessageTemplateFactory(language=language, name=name, site=site)
    assert offered(told) == ["Traiga su tarjeta", "Bring your card"]


def test_the_page_offers_them_by_language(told: Talk, nurse: Client) -> None:
    thread = told.starts()
    assert "A text of the clinic" not in nurse.get(url(thread)).text
    with as_the_system():
        told.patient.language = "es"
        told.patient.save(update_fields=["language"])
    MessageTemplateFactory(language="es", name="Llame", body=TEXT)
    MessageTemplateFactory(language="en", name="Call us")
    page = nurse.get(url(thread)).text
    assert 'label="Spanish, the patient’s language"' in page
    assert 'label="English"' in page
    assert f'data-text="{PUT}"' in page


def test_without_a_script_a_text_is_put_behind_what_is_typed(told: Talk, nurse: Client) -> None:
    thread, text = told.starts(), MessageTemplateFactory(body=TEXT)
    asked = typed(body="Yes, with food.", place="yes", template=str(text.pk))
    answer = nurse.post(url(thread), asked)
    assert answer.status_code == 200
    assert body_on(answer.text) == f"Yes, with food.\n\n{PUT}"
    assert asked["key"] in answer.text, "the same message, whatever is pressed next"
    assert "selected" not in answer.text.split('name="template"')[1].split("</select>")[0].replace(
        '<option value="" selected>', ""
    )
    assert len(all_messages(thread)) == 1


@pytest.mark.parametrize("chosen", ["", "nonsense", "01890000-0000-7000-8000-000000000001"])
def test_what_is_no_text_puts_nothing_and_loses_nothing(told: Talk, nurse: Client, chosen: str) -> None:
    thread = told.starts()
    MessageTemplateFactory()
    answer = nurse.post(url(thread), typed(body="Yes, with food.", place="yes", template=chosen))
    assert (answer.status_code, body_on(answer.text)) == (200, "Yes, with food.")
    assert len(all_messages(thread)) == 1


def test_also_where_a_conversation_begins(told: Talk, nurse: Client) -> None:
    text = MessageTemplateFactory(body=TEXT)
    start = reverse("records:start_thread", args=[told.patient.pk])
    answer = nurse.post(start, {"category": "bill", "body": "", "place": "yes", "template": str(text.pk)})
    assert body_on(answer.text) == PUT
    assert '<option value="bill" selected>' in answer.text
    asked = typed(category="bill", body="Your bill: ***")
    answer = nurse.post(start, asked)
    assert answer.status_code == 422
    assert "Not sent: *** is still open" in answer.text
    assert body_on(answer.text) == "Your bill: ***"
    assert nurse.post(start, asked | {"body": "Your bill: paid."}).status_code == 302


# == Sent with nothing left open ==
def test_what_is_left_open_blocks_sending_and_stays_on_the_page(told: Talk, nurse: Client) -> None:
    with as_the_system():
        told.patient.site.phone = ""
        told.patient.site.save(update_fields=["phone"])
    thread, text = told.starts(), MessageTemplateFactory(body="Call {telephone} about ***.")
    page = nurse.post(url(thread), typed(body="", place="yes", template=str(text.pk))).text
    assert body_on(page) == "Call {telephone} about ***."
    answer = nurse.post(url(thread), typed(body="Call {telephone} about ***."))
    assert answer.status_code == 422
    assert "Not sent: {telephone}, *** is still open" in answer.text
    assert body_on(answer.text) == "Call {telephone} about ***."
    assert len(all_messages(thread)) == 1


def test_the_verb_refuses_it_at_every_door(told: Talk) -> None:
    thread = told.starts()
    with pytest.raises(NotSendable, match=r"\{writer\} is still open"):
        told.sends(told.nurse, thread, "Yours, {writer}")
    with pytest.raises(NotSendable, match="is still open"):
        told.starts(told.nurse, body="***")


def test_a_patient_may_write_what_they_like(told: Talk) -> None:
    assert told.starts(body="*** {patient} ***").pk


def test_what_is_sent_is_what_was_written_whatever_becomes_of_the_text(told: Talk, boss: Any) -> None:
    row = keep(boss, body="Dear {patient}")
    thread = told.starts()
    told.sends(told.nurse, thread, "Dear Rosie")
    keep(boss, row, body="Hello")
    assert [message.body for message in all_messages(thread)] == [CALM, "Dear Rosie"]
