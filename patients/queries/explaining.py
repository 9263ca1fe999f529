"""Why somebody can or cannot open a chart: the rules one by one, in the order in which the walls ask them.

The facts come in one query. What follows from them is decided here, and a test holds it against both walls.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from healthcare.accounts.access import edits_of
from healthcare.accounts.models import Membership, User
from healthcare.accounts.permissions import Permission, Scope, Sensitivity
from healthcare.accounts.roles import PATIENT, ROLES
from healthcare.accounts.rules import edited
from healthcare.ui.dates import day_text, moment_text
from patients.models import CareRelationship
from patients.queries.finding import TooManySearches

Kind = CareRelationship.Kind
FACTS = "SELECT app.explain_access(%s::uuid, %s::text, %s::text)"


@dataclass(frozen=True)
class Rule:
    """One question of the walls: whether the answer lets this person in, what was found, what would change it.

    `holds` is None for what is only said besides.
    """

    name: str
    holds: bool | None
    found: str
    change: str = ""


@dataclass(frozen=True)
class Explanation:
    """For one person in one role and one patient. `name` of the patient is for the privacy officer alone."""

    user: User
    role: str
    role_name: str
    patient_id: UUID | None
    mrn: str
    name: str
    can_open: bool
    rules: list[Rule]
    opened: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


def roles_to_explain(user: User) -> list[str]:
    """The staff roles this person holds or held, and that of a patient, in the order of `ROLES`."""
    held = set(Membership.objects.filter(user=user).values_list("role", flat=True)) | {PATIENT}
    return [role for role in ROLES if role in held]


def facts_of(user: User, role: str, asked: str) -> dict[str, Any] | None:
    """What both walls know of this person, role and patient (an id or a record number); None where one may not ask.

    The caller audits it. Raises TooManySearches.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FACTS, [user.pk, role, asked.strip()])
            found = cursor.fetchone()[0]
    except DatabaseError as problem:
        if getattr(problem.__cause__, "sqlstate", "") == "HC429":
            raise TooManySearches(_("That was a lot of searches. Wait a minute, then go on.")) from problem
        raise
    return json.loads(found) if isinstance(found, str) else found


def explain(user: User, role: str, facts: Mapping[str, Any], now: datetime) -> Explanation:
    """The rules in their order. The chart opens if each of them holds."""
    rules = [
        *rules_of_account(user, role, facts["memberships"], now),
        _there_is_one(facts),
        *_denials(role, facts),
        _reason(role, facts, now),
    ]
    patient, held = facts["patient"], facts["held"]
    can_open = all(rule.holds is not False for rule in rules)
    return Explanation(
        user=user,
        role=role,
        role_name=str(ROLES[role].name),
        patient_id=UUID(patient["id"]) if patient else None,
        mrn=patient["mrn"] if patient else "",
        name=patient["name"] if patient else "",
        can_open=can_open,
        rules=[*rules, *_besides(facts, now)],
        opened=[part for part in PARTS if part in held] if can_open else [],
        closed=[part for part in PARTS if part not in held] if can_open else [],
    )


PARTS = [*(scope.value for scope in Scope), *(label.value for label in Sensitivity)]


# == About the person ==
def rules_of_account(user: User, role: str, memberships: Sequence[Mapping[str, Any]], now: datetime) -> list[Rule]:
    """What has nothing to do with any patient: the account, the role, and what the role may do."""
    return [_account(user), _membership(role, memberships, now), _permission(role)]


def _account(user: User) -> Rule:
    name = _("The account is open")
    if user.is_active:
        return Rule(name, True, _("It is."))
    return Rule(
        name, False, _("It was closed on %s.") % _day(user.deactivated_at), _("An administrator opens it again.")
    )


def _membership(role: str, memberships: Sequence[Mapping[str, Any]], now: datetime) -> Rule:
    name = _("They hold the role now")
    if role == PATIENT:
        return Rule(name, True, _("Everybody may act as a patient."))
    running = [row["site"] for row in memberships if _runs(row, now)]
    if running:
        return Rule(name, True, _("At %s.") % ", ".join(running))
    change = _("An administrator gives them the role at a site.")
    if not memberships:
        return Rule(name, False, _("They never held it."), change)
    last = memberships[-1]
    return Rule(name, False, f"{last['site']}: {_when({'never': False, **last}, now)}", change)


def _permission(role: str) -> Rule:
    name = _("The role opens charts")
    wanted = Permission.OWN_RECORD if role == PATIENT else Permission.OPEN_CHART
    edits = edits_of(role)
    if wanted in edited(role, edits):
        return Rule(name, True, _("It does."))
    if wanted.value in edits:
        change = _("An administrator gives the permission back to the role.")
        return Rule(name, False, _("An administrator has taken that from it."), change)
    return Rule(name, False, _("It never does."), _("They act in another role, if they hold one."))


# == About the patient ==
def _there_is_one(facts: Mapping[str, Any]) -> Rule:
    if facts["patient"]:
        return Rule(_("There is such a patient"), True, _("There is."))
    return Rule(_("There is such a patient"), False, _("Nobody has this id or record number."), _("Look it up again."))


def _denials(role: str, facts: Mapping[str, Any]) -> list[Rule]:
    """What shuts out whatever else would open."""
    own, shut_out = facts["own"] and role != PATIENT, facts["shut_out"] if role != PATIENT else None
    return [
        Rule(
            _("It is not their own chart, in a role of the staff"),
            not own,
            _("It is their own.") if own else _("It is not."),
            _("They read it in the portal, as a patient.") if own else "",
        ),
        Rule(
            _("The patient has not shut them out"),
            not shut_out,
            _("They have, since %s.") % _day(_at(shut_out[0]["since"])) if shut_out else _("They have not."),
            _("The patient lifts it; an emergency does not.") if shut_out else "",
        ),
    ]


def _reason(role: str, facts: Mapping[str, Any], now: datetime) -> Rule:
    """Some relationship that runs now, of the person, of their team, or of whom they stand in for."""
    name = _("Something opens this chart to them")
    reasons = [_told(row) for row in facts["reasons"] if row["role"] == role and _runs(row, now)]
    reasons += [
        _("Site team: they work at %s") % row["site"]
        for row in facts["sites"]
        if row["works_there"] and Scope.IDENTITY.value in row["scopes"]
    ]
    if Scope.IDENTITY.value in facts["held"]:
        return Rule(name, True, "; ".join(reasons) + ".")
    if any(row["kind"] == Kind.SHARE and row["role"] == role and _runs(row, now) for row in facts["reasons"]):
        change = _("The patient agrees to sharing again.")
        found = _("It was shared with them; what the patient agreed to does not cover it now.")
        return Rule(name, False, found, change)
    if role == PATIENT:
        change = _("It is linked to their account, or the patient lets them act.")
        return Rule(name, False, _("Nothing does now."), change)
    elsewhere = sorted({row["site"] for row in facts["sites"] if not row["works_there"]})
    ways = [_("a colleague who cares for the patient gives them access, or a visit with them does")]
    if elsewhere:
        ways.insert(0, _("they work at %s") % ", ".join(elsewhere))
    return Rule(name, False, _("Nothing does now."), _("One of these: %s.") % "; ".join(ways))


def _besides(facts: Mapping[str, Any], now: datetime) -> list[Rule]:
    """What opened it once, will open it, or opens it in another role; and what the patient agreed to."""
    told = []
    for row in facts["reasons"]:
        in_role = _("In the role: %s.") % ROLES[row["role"]].name
        told.append(Rule(_told(row), None, f"{_when(row, now)} {in_role}"))
    if facts["consents"] is not None:
        purposes = ", ".join(facts["consents"]) or _("nothing")
        told.append(Rule(_("The patient has agreed to"), None, purposes))
    return told


def _told(row: Mapping[str, Any]) -> str:
    kind = str(Kind(row["kind"]).label)
    if not row["instead_of"]:
        return kind
    return _("%(kind)s, standing in for %(who)s") % {"kind": kind, "who": row["instead_of"]}


def _when(row: Mapping[str, Any], now: datetime) -> str:
    if row["never"]:
        return _("It was ended before it began.")
    since, until = _at(row["since"]), _at(row["until"])
    if since and since > now:
        return _("It begins on %s.") % moment_text(since)
    if until and until <= now:
        return _("It ended on %s.") % moment_text(until)
    return _("It runs until %s.") % moment_text(until) if until else _("It runs without an end.")


# == To oneself ==
def rules_for_oneself(user: User, patient_id: UUID, now: datetime) -> list[Rule]:
    """The account, the role, and what once named this very person: all of it is known to them already.

    Whether somebody is shut out, and where the patient is cared for, is told to nobody in this way.
    """
    role = user.acting_role or ""
    works = Membership.objects.filter(user=user, role=role).select_related("site").order_by("validity")
    memberships = [
        {"site": row.site.name, "since": _iso(row.validity.lower), "until": _iso(row.validity.upper)}
        for row in works
        if not row.validity.isempty
    ]
    named = CareRelationship.objects.visible_to(user).filter(patient=patient_id, user=user).order_by("validity")
    reasons = [
        {
            "kind": row.kind,
            "role": row.role,
            "since": _iso(row.validity.lower),
            "until": _iso(row.validity.upper),
            "never": row.validity.isempty,
            "instead_of": "",
        }
        for row in named
    ]
    opens = Rule(
        _("Something opens this chart to you"),
        False,
        _("Nothing does now: no care team, no visit with you and no site where you work, as far as it is open to you."),
        _("Ask for access. Where somebody may come to harm, open it in an emergency."),
    )
    account = rules_of_account(user, role, memberships, now)
    return [*account, opens, *_besides({"reasons": reasons, "consents": None}, now)]


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


# == Times ==
def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _runs(row: Mapping[str, Any], now: datetime) -> bool:
    since, until = _at(row["since"]), _at(row["until"])
    return not row.get("never") and (since is None or since <= now) and (until is None or until > now)


def _day(at: datetime | None) -> str:
    return day_text(timezone.localtime(at).date()) if at else ""
