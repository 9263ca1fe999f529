"""What was tried on other record systems, tried here at every door; numbers are those of docs/security.md."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client

from records.models import Entry
from tests.access.knocking import (
    NO_METHOD,
    NO_RECORD,
    OPENS,
    REFUSALS,
    SIGN_IN,
    Place,
    outcome,
    places,
    undone,
)
from tests.access.table import rows
from tests.access.world import CANARIES, World
from tests.roles import as_the_system

PLACES = [place for place in places() if place.name in rows()]
PAGES = [place for place in PLACES if not place.is_operation]
OPERATIONS = [place for place in PLACES if place.is_operation]
LISTS = [place for place in OPERATIONS if place.methods == ("GET",) and not place.variables]
#: Whoever gets in somewhere, so that each page is tried by somebody to whom it opens.
FOR_STRANGERS = "/portal/register"  # whoever is nobody's patient yet; it shows nothing of anybody
READERS = ("doctor", "patient", "billing", "pharmacist", "administrator", "privacy_officer", "front_desk", "nurse")


def name(place: Place) -> str:
    return place.name


def who_opens(place: Place, method: str) -> str | None:
    return next((actor for actor in READERS if rows()[place.name].opens(actor, method)), None)


def ask(clinic: World, actor: str, place: Place, method: str, query: str = "", body: Any = "", **more: Any) -> Any:
    address = place.address(clinic.of(actor, "own"))
    address += ("&" if "?" in address else "?") + query if query else ""
    client = clinic.programs[actor] if place.is_operation else clinic.browsers[actor]
    kind = "application/json" if place.is_operation else "application/x-www-form-urlencoded"
    with undone():
        cookies = client.cookies.copy()
        answer = client.generic(method, address, body, more.pop("kind", kind), **more)
        client.cookies = cookies
    return answer


# == Whose record: 4, 5, 7, 8, 27943 ==
NAMES = (
    *("pid", "patient", "patient_id", "hidden_patient_code", "recid", "form_id", "formid", "visitid", "id"),
    *("user", "user_id", "set_pid", "puuid", "pubpid", "encounter", "for", "as", "on_behalf_of", "act_as"),
)


@pytest.mark.parametrize("place", [p for p in PLACES if who_opens(p, "GET")], ids=name)
def test_an_id_in_the_query_switches_to_no_other_patient(place: Place, clinic: World) -> None:
    """CVE-2026-25147, CVE-2026-33931, CVE-2026-27943: one's own page, with somebody else's ids besides."""
    actor = who_opens(place, "GET")
    if actor in {None, "privacy_officer"}:
        return
    for whose in ("colleagues", "foreign"):
        foreign = clinic.ids[whose]["patient_id"]
        answer = ask(clinic, str(actor), place, "GET", urlencode({one: foreign for one in NAMES if one != "patient"}))
        assert answer.status_code < 500
        assert answer.streaming or CANARIES[whose].encode() not in answer.content


def test_an_id_in_the_body_of_a_new_row_changes_no_row_that_is_there(clinic: World) -> None:
    """2: CVE-2026-25744 turned a create into an update of somebody else's vital."""
    theirs = clinic.ids["foreign"]["vital_id"]
    with as_the_system():
        before = Entry.objects.values().get(pk=theirs)
    ids = {one: str(theirs) for one in ("id", "pk", "entry", "entry_id", "vital_id", "supersedes")}
    page = next(place for place in PAGES if place.name.endswith("/vitals/record"))
    ask(clinic, "nurse", page, "POST", body=urlencode(ids | {"heart_rate": "72"}))
    operation = next(place for place in OPERATIONS if place.name == "POST /v1/records")
    answer = ask(
        clinic,
        "nurse",
        operation,
        "POST",
        body=operation.body(clinic.of("nurse", "own"))[:-1] + "," + json.dumps(ids)[1:],
    )
    assert answer.status_code in {201, 422}
    assert str(theirs) not in answer.content.decode()
    with as_the_system():
        assert Entry.objects.values().get(pk=theirs) == before


# == The anonymous: 19, 34 ==
def test_the_page_that_opens_an_account_opens_nothing_else(clinic: World) -> None:
    """CVE-2018-15152: after the registration page had been opened, every page of the portal was."""
    stranger = Client(raise_request_exception=False)
    assert stranger.get("/accounts/open/").status_code == 200
    for place in PAGES:
        if place.name.startswith("/portal/") and not place.name.startswith(FOR_STRANGERS):
            answer = stranger.get(place.address(clinic.of("anonymous", "own")))
            assert outcome(answer) == SIGN_IN, place.name


# == Other sites: 53 ==
@pytest.mark.parametrize("place", [p for p in PAGES if who_opens(p, "POST")], ids=name)
def test_another_site_changes_nothing_through_somebodys_browser(place: Place, clinic: World) -> None:
    """CVE-2014-8073: the cookie comes along, the token of the form does not."""
    if getattr(place.of.view, "csrf_exempt", False):  # type: ignore[union-attr]
        return
    actor = str(who_opens(place, "POST"))
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.cookies = clinic.browsers[actor].cookies.copy()
    with undone():
        address = place.address(clinic.of(actor, "own"))
        for kind in ("application/x-www-form-urlencoded", "text/plain"):
            answer = browser.generic("POST", address, "", kind, headers={"Origin": "https://evil.example"})
            assert answer.status_code == 403, f"{place.name} takes a form of another site."


@pytest.mark.parametrize("place", [p for p in OPERATIONS if p.methods != ("GET",)], ids=name)
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x-python-pickle", "multipart/form-data; boundary=x"]
)
def test_an_operation_reads_json_alone(place: Place, kind: str, clinic: World) -> None:
    """53, 65: CVE-2018-19276 read objects out of XML; what is sent as text needs no leave of the browser."""
    actor = who_opens(place, "POST")
    assert actor
    if place.example:
        body = "<entity class='x'/>" if "xml" in kind else b"\x80\x04\x95."
        answer = ask(clinic, actor, place, "POST", body=body, kind=kind)
        assert 400 <= answer.status_code < 500, f"{place.name} reads {kind}: {answer.status_code}"


# == Words that are more than words: 56, 94, 97 ==
WORDS = (
    "name,(select pg_sleep(1))",
    "id;DROP TABLE patients_patient",
    "' OR 1=1 --",
    "patient__user__password",
    "%" * 300,
    "(a+)+$" + "a" * 200,
    "\x00",
    "\ud800",
    "\u202egnp.exe",
    "-1",
    "9" * 40,
    "NaN",
    "{{7*7}}{% debug %}",
    "../../etc/passwd",
    "🦊" * 50,
)
ASKED = (
    "q",
    "query",
    "sort",
    "_sort",
    "order",
    "order_by",
    "page",
    "page_size",
    "limit",
    "cursor",
    "day",
    "from",
    "to",
)
ASKED += ("kind", "status", "near", "specialty", "action", "outcome", "period", "site", "visit_type", "start", "text")


@pytest.mark.parametrize("place", [p for p in PLACES if who_opens(p, "GET") and not p.variables], ids=name)
def test_no_word_in_a_query_is_more_than_a_word(place: Place, clinic: World) -> None:
    """CVE-2026-24908, CVE-2026-124469: in ORDER BY; PostgreSQL takes no NUL, and UTF-8 no lone surrogate."""
    actor = str(who_opens(place, "GET"))
    for word in WORDS:
        query = urlencode({one: word.encode("utf-8", "surrogatepass") for one in ASKED})
        answer = ask(clinic, actor, place, "GET", query)
        assert answer.status_code < 500, f"{place.name} ends in {answer.status_code} for {word!r}."
        if word.startswith("{{") and not answer.streaming:
            assert b"49{%" not in answer.content


FIELDS = ("reason", "note", "name", "text", "body", "given_name", "family_name", "email", "code", "value", "purpose")


@pytest.mark.parametrize("place", [p for p in PAGES if who_opens(p, "POST")], ids=name)
def test_no_word_in_a_form_is_more_than_a_word(place: Place, clinic: World) -> None:
    actor = str(who_opens(place, "POST"))
    for word in ("\x00", "\ud800", "<svg onload=alert(1)>", "9" * 400):
        body = urlencode({one: word.encode("utf-8", "surrogatepass") for one in FIELDS})
        answer = ask(clinic, actor, place, "POST", body=body)
        assert answer.status_code < 500, f"{place.name} ends in {answer.status_code} for {word!r}."
        assert answer.streaming or b"<svg onload" not in answer.content, f"{place.name} writes markup as markup."


@pytest.mark.parametrize("place", LISTS, ids=name)
def test_a_cursor_of_ones_own_making_reads_nothing_more(place: Place, clinic: World) -> None:
    actor = str(who_opens(place, "GET"))
    for cursor in ("x", "e30=", "eyJpZCI6MX0=", "9" * 500, "' OR 1=1"):
        answer = ask(clinic, actor, place, "GET", urlencode({"cursor": cursor, "limit": 10**6}))
        assert answer.status_code < 500
        assert CANARIES["foreign"].encode() not in answer.content


# == Too much: 92 ==
@pytest.mark.parametrize("place", [p for p in OPERATIONS if p.methods != ("GET",) and p.example], ids=name)
def test_a_body_that_is_too_deep_or_too_long_is_refused(place: Place, clinic: World) -> None:
    actor = str(who_opens(place, "POST"))
    for body in ("[" * 100_000, '{"data":' * 20_000 + "1" + "}" * 20_000, '{"reason": "' + "x" * 12_000_000 + '"}'):
        answer = ask(clinic, actor, place, "POST", body=body)
        assert 400 <= answer.status_code < 500, f"{place.name}: {answer.status_code} for {len(body)} signs."


def test_a_form_of_very_many_fields_is_refused(clinic: World) -> None:
    page = next(place for place in PAGES if place.name == "/patients/register")
    answer = ask(clinic, "nurse", page, "POST", body="&".join(f"f{number}=1" for number in range(20_000)))
    assert answer.status_code in {400, 413}


# == Rights that other libraries would heed: 20 ==
def test_a_permission_for_all_patients_opens_none(clinic: World) -> None:
    """DRF #3163, guardian #341: global permissions, and being a superuser, count nowhere here."""
    user = clinic.users["superuser"]
    with undone():
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE owner")
            cursor.execute("SELECT to_regclass('accounts_user_user_permissions')")
            if cursor.fetchone()[0]:
                cursor.execute(
                    "INSERT INTO accounts_user_user_permissions (user_id, permission_id) SELECT %s, p.id FROM"
                    " auth_permission p WHERE p.codename IN ('identity', 'clinical', 'medication')",
                    [user.pk],
                )
            cursor.execute("SET ROLE web")
        own = clinic.ids["own"]["patient_id"]
        assert clinic.browsers["superuser"].get(f"/patients/{own}/").status_code == 403
        assert clinic.programs["superuser"].read(f"/patients/{own}").status_code == 404


def test_the_vocabulary_of_refusals_is_that_of_the_walk() -> None:
    assert {OPENS, NO_METHOD}.isdisjoint(REFUSALS)
    assert NO_RECORD in REFUSALS
