"""Everybody at every door, with one's own, a colleague's, a foreign and a missing thing: routes.txt says who gets in.

Doors are those that the resolver and the routers know, so what is written tomorrow is walked tomorrow, and fails until
it stands in the table.
"""

import ast
import inspect
import json
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from healthcare.accounts.guards import public
from healthcare.db.uuids import uuid7
from tests.access import knocking
from tests.access.knocking import (
    NO_METHOD,
    NO_RECORD,
    NO_ROLE,
    NO_SCOPE,
    NO_TOKEN,
    NOTHING,
    OPENS,
    REFUSALS,
    SIGN_IN,
    Place,
    events_of,
    knock,
    outcome,
    places,
    said,
)
from tests.access.table import line_of, rows
from tests.access.world import ACTORS, ANONYMOUS, CANARIES, ROWS, WHOSE, World
from tests.architecture.urls import Door, doors

PLACES = places()
ELSEWHERE = WHOSE[1:]
#: What is signed in the address itself, by us or a carrier, asks for no sign-in and tells nothing: 403 or 404 to all.
SIGNED_ADDRESS = {"/messaging/twilio/<uuid:message_id>/", "/messaging/twilio/replies/", "/storage/<str:token>/"}
BY_OTHER_NAMES = {"session", "account", "membership", "reset"}


def name(place: Place) -> str:
    return place.name


@pytest.mark.parametrize("place", PLACES, ids=name)
def test_the_table_says_who_gets_in(place: Place) -> None:
    assert place.name in rows(), f"{place.name}: say in tests/access/routes.txt who gets in (see its table.py)."
    for variable in place.variables:
        assert place.meaning(variable) in ROWS.keys() | BY_OTHER_NAMES, (
            f"{place.name}: say in tests/access/world.py how to make a {variable} of a patient."
        )


def test_the_table_names_no_door_that_is_gone() -> None:
    assert rows().keys() == {place.name for place in PLACES}
    assert len(PLACES) == len(rows()), "Two places have one name."


def expected(place: Place, actor: str, answer: str) -> bool:
    """Whether a refusal is of the kind that is said here to such a one."""
    if place.is_public or place.name in SIGNED_ADDRESS:
        return True
    if place.is_operation:
        return answer in ({NO_TOKEN} if actor == ANONYMOUS else {NO_ROLE, NOTHING})
    if actor == ANONYMOUS:
        return answer == SIGN_IN
    if actor in {"patient", "proxy"}:
        return answer in {NO_ROLE, NOTHING, NO_RECORD, SIGN_IN}
    return answer in {NO_ROLE, NO_SCOPE, NOTHING, SIGN_IN}


@pytest.mark.parametrize("place", PLACES, ids=name)
def test_everybody_at_this_door_with_what_is_theirs(place: Place, clinic: World) -> None:
    """And whoever gets in stands in the audit with the patient, whoever is refused with the refusal."""
    found: dict[str, set[str]] = {actor: set() for actor in ACTORS}
    for actor, method in product(ACTORS, place.methods):
        what = f"{method} {place.name} as {actor}"
        since, events = uuid7(), []
        user = clinic.users.get(actor)

        def look(answer: Any, user: Any = user, since: UUID = since, events: list[Any] = events) -> None:
            if user is not None and rows()[place.name].of == "patient" and outcome(answer) != NO_METHOD:
                events += events_of(user.pk, since)

        answer = knock(clinic, actor, place, method, clinic.of(actor, "own"), look)
        assert answer.status_code < 500, f"{what}: {answer.status_code}"
        got = outcome(answer)
        if got == OPENS:
            found[actor].add(method)
            names_nobody(answer, what, {"superuser": CANARIES, "privacy_officer": ()}.get(actor, ELSEWHERE[:2]))
        elif got != NO_METHOD:
            assert expected(place, actor, got), f"{what} is refused by: {got}."
            names_nobody(answer, what, CANARIES)
        if user is not None and rows()[place.name].of == "patient":
            check_audited(place, got, events, clinic, what)
    line = line_of(place.name, rows()[place.name].of, found)
    assert line.split() == line_of(place.name, rows()[place.name].of, as_told(place)).split(), (
        f"{place.name} lets in others than the table says. As it is now:\n{line}"
    )


def check_audited(place: Place, got: str, events: list[Any], clinic: World, what: str) -> None:
    """HIPAA 164.312(b): each opening and each refusal is an event (compliance 32 and 37)."""
    if got == OPENS and place.name not in WITHOUT_EVENT:
        patients = {patient for _action, _outcome, patient in events}
        assert clinic.patients["own"].pk in patients, f"{what} opens, and the audit says: {events}"
    elif got in {NO_ROLE, NO_SCOPE} and place.name not in SIGNED_ADDRESS:
        assert "denied" in {said for _action, said, _patient in events}, f"{what} is refused; the audit says: {events}"


def as_told(place: Place) -> dict[str, set[str]]:
    return {actor: {m for m in place.methods if rows()[place.name].opens(actor, m)} for actor in ACTORS}


NAMING = [place for place in PLACES if place.name in rows() and rows()[place.name].of != "-"]


@pytest.mark.parametrize("place", NAMING, ids=name)
def test_everybody_at_this_door_with_what_is_not_theirs(place: Place, clinic: World) -> None:
    """Refused; and nobody can tell a colleague's from a foreign one, nor either from one that does not exist."""
    of = rows()[place.name].of
    for actor, method in product(ACTORS, methods_that_open(place)):
        heard = set()
        for whose in ELSEWHERE:
            what = f"{method} {place.name} to a {actor} with a {whose} thing"
            answer = knock(clinic, actor, place, method, clinic.of(actor, whose), traced(clinic, place, actor, what))
            assert answer.status_code < 500, f"{what}: {answer.status_code}"
            got = outcome(answer)
            if opens_to_more(place, of, actor, method, whose):
                assert got == OPENS, f"{what}: {got}"
                continue
            names_nobody(answer, what, CANARIES)
            assert of == "unknown" or got in REFUSALS | {NO_METHOD} or is_empty_list(answer), f"{what}: {got}"
            heard.add((answer.status_code, said(answer)))
        if of in {"patient", "unknown"}:
            assert len(heard) <= 1, f"{method} {place.name} tells a {actor} whether a patient exists: {heard}"


def traced(clinic: World, place: Place, actor: str, what: str) -> Callable[[Any], None]:
    """To look at an answer with: whoever asks for what is not theirs to see, or is not there, leaves a denied event."""
    user, since = clinic.users.get(actor), uuid7()

    def look(answer: Any) -> None:
        asked_by_id = place.variables and rows()[place.name].of in {"patient", "unknown"}
        if user is not None and asked_by_id and outcome(answer) in {NOTHING, NO_SCOPE}:
            assert "denied" in {said for _action, said, _patient in events_of(user.pk, since)}, f"{what}: no trace"

    return look


def methods_that_open(place: Place) -> list[str]:
    """To somebody; any other is refused to everybody as no such method."""
    return [method for method in place.methods if any(rows()[place.name].opens(actor, method) for actor in ACTORS)]


def opens_to_more(place: Place, of: str, actor: str, method: str, whose: str) -> bool:
    """What belongs to the clinic opens to whoever opens the page; what belongs to a site, to who works there."""
    if not rows()[place.name].opens(actor, method) or whose == "missing":
        return False
    near = whose == "colleagues"  # of the same site
    return of == "anyone" or (near and (of == "house" or (of == "site" and actor == "front_desk")))


def is_empty_list(answer: Any) -> bool:
    """A list that was asked of a patient out of reach may also be empty: it tells no more than 404 does."""
    return answer.status_code == 200 and "json" in answer["Content-Type"] and json.loads(answer.content)["items"] == []


def names_nobody(answer: Any, what: str, whom: Iterable[str]) -> None:
    for whose in whom:
        assert answer.streaming or CANARIES[whose].encode() not in answer.content, f"{what} names the {whose} patient."


#: Rows that are nobody's, or nobody's yet: below the name of any patient of mine, they still are.
OF_NOBODY = {"session_id", "unmatched_id"}
OF_TWO = [place for place in PLACES if "patient_id" in place.variables and len(place.variables) > 1]


@pytest.mark.parametrize("place", OF_TWO, ids=name)
def test_a_patient_of_mine_in_the_address_opens_no_row_of_another(place: Place, clinic: World) -> None:
    """The form id of one patient below the name of another (CVE-2026-24890, CVE-2026-25930, CVE-2026-27943)."""
    for actor, method in product(ACTORS, methods_that_open(place)):
        if not rows()[place.name].opens(actor, method):
            continue
        mine, theirs = clinic.of(actor, "own"), clinic.of(actor, "colleagues")
        mixed = [mine | {"patient_id": theirs["patient_id"]}]
        if not {*place.variables} - {"patient_id"} <= OF_NOBODY:
            mixed.append(theirs | {"patient_id": mine["patient_id"]})
        for ids in mixed:
            what = f"{method} {place.name} to a {actor}"
            answer = knock(clinic, actor, place, method, ids, traced(clinic, place, actor, what))
            assert outcome(answer) in REFUSALS, f"{what}: ids of two patients open."
            names_nobody(answer, what, ["colleagues", "foreign"])


#: Leads to what says it, or was said when the page was opened.
WITHOUT_EVENT = {
    "/alerts/<uuid:alert_id>/": "leads on to the alert below its patient, which is noted",
    "/records/<uuid:patient_id>/visits/<uuid:encounter_id>/note/draft": "one's own words, for a page that was noted",
}


ADMIN = [door for door in doors() if door.is_admin]
OTHERS = [actor for actor in ACTORS if actor != "administrator"]


@pytest.mark.parametrize("door", ADMIN, ids=lambda door: door.route)
def test_the_admin_is_for_administrators_and_names_no_patient(door: Door, clinic: World) -> None:
    """Each other role at each fourth door, in turn, so that each door refuses three and each role is tried often."""
    place = ADMIN.index(door)
    for actor in ["administrator", ANONYMOUS, *[other for n, other in enumerate(OTHERS) if n % 4 == place % 4]]:
        answer = clinic.browsers[actor].get(door.address(object_id=clinic.of(actor, "own")["patient_id"]))
        assert answer.status_code < 500, f"/{door.route} ends in {answer.status_code} for a {actor}."
        names_nobody(answer, f"/{door.route} to a {actor}", CANARIES)
        if actor != "administrator":
            on = answer.get("Location", "")
            assert outcome(answer) in REFUSALS or on == "/admin/" or answer.status_code == 301, f"/{door.route}: {on}"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_no_other_method_goes_round_the_guard(method: str, clinic: World) -> None:
    """A view that asks whether it is a POST answers any other as if it were GET, and past READ ONLY."""
    for place, (actor, whose) in product(PLACES, (("doctor", "foreign"), ("patient", "foreign"), (ANONYMOUS, "own"))):
        if not place.is_operation:
            answer = knock(clinic, actor, place, method, clinic.of(actor, whose))
            what = f"{method} {place.name} to a {actor}"
            assert answer.status_code < 500, f"{what}: {answer.status_code}"
            names_nobody(answer, what, CANARIES if actor == ANONYMOUS else ["colleagues", "foreign"])


def test_a_naked_view_is_seen() -> None:
    """What the walk is for: a view without a word about whom it is for stands in no table."""

    def naked(request: object) -> None: ...

    assert Place("/naked", Door("naked", naked, ("naked",))).name not in rows()
    assert not getattr(naked, "permission", None)
    assert getattr(public(naked), "is_public", False)


def test_this_walk_names_every_refusal() -> None:
    """Each constant of the vocabulary is one that `outcome` can say."""
    words = {NO_ROLE, NO_SCOPE, NOTHING, SIGN_IN, NO_TOKEN, NO_RECORD}
    assert words == REFUSALS
    source = ast.parse(inspect.getsource(knocking.outcome))
    used = {node.id for node in ast.walk(source) if isinstance(node, ast.Name)}
    assert {"NO_ROLE", "NO_SCOPE", "NOTHING", "SIGN_IN", "NO_TOKEN", "NO_RECORD", "NO_METHOD", "OPENS"} <= used
