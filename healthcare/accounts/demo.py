"""The people and places of the sample clinic. All invented; their passwords are made when they are."""

import json
import os
import secrets
from copy import copy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import get_hasher
from django.http import HttpRequest
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import roles_of
from healthcare.accounts.actions import begin_session, change_team, deactivate_user, edit_role, open_site
from healthcare.accounts.actions.auditing import note_now
from healthcare.accounts.actions.signing_in import act_in
from healthcare.accounts.models import Membership, Provider, Site, Team, TOTPDevice, User
from healthcare.accounts.models.factors import new_key
from healthcare.accounts.models.people import has_address
from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.queries import role_name
from healthcare.db.context import acting_as, acting_as_system

MAIN_SITE, SECOND_SITE, THIRD_SITE = "alder-street", "shrewsbury-street", "union-avenue"
PATIENT_EMAIL = "rosa.delgado@mail.example"  # patients.demo links this account to her record
SECOND_PATIENT_EMAIL = "june.nakamura@mail.example"  # and this one to a patient of the second site
PROXY_EMAIL = "ana.delgado@mail.example"
HERE, THERE, BOTH = (MAIN_SITE,), (SECOND_SITE,), (MAIN_SITE, SECOND_SITE)
FAR, EVERYWHERE = (THIRD_SITE,), (MAIN_SITE, SECOND_SITE, THIRD_SITE)

# name, e-mail, roles, sites, and for those whom patients book: name as booked, credentials, specialty
PEOPLE: list[tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, str, str] | None]] = [
    ("Dr. Maren Okafor", "maren.okafor", ("doctor",), BOTH, ("Maren Okafor", "MD", "Internal medicine")),
    ("Dr. Tove Lindqvist", "tove.lindqvist", ("doctor",), HERE, ("Tove Lindqvist", "MD", "Family medicine")),
    ("Dr. Aaron Feld", "aaron.feld", ("doctor",), THERE, ("Aaron Feld", "MD", "Cardiology")),
    ("Dr. Sofia Nilsen", "sofia.nilsen", ("doctor",), THERE, ("Sofia Nilsen", "MD", "Pediatrics")),
    ("Hanna Kowalczyk, NP", "hanna.kowalczyk", ("doctor",), HERE, ("Hanna Kowalczyk", "NP", "Family medicine")),
    ("Priya Raman, RN", "priya.raman", ("nurse",), HERE, None),
    ("Luis Marte, RN", "luis.marte", ("nurse",), THERE, None),
    ("Jodie Parrish", "jodie.parrish", ("front_desk",), HERE, None),
    ("Sam Adeyemi", "sam.adeyemi", ("front_desk", "billing"), THERE, None),
    ("Wei Tran", "wei.tran", ("billing",), HERE, None),
    ("Nadia Haddad, PharmD", "nadia.haddad", ("pharmacist",), HERE, None),
    ("Ingrid Solberg", "ingrid.solberg", ("researcher",), HERE, None),
    ("Thomas Byrne", "thomas.byrne", ("privacy_officer",), EVERYWHERE, None),
    ("Alice Moreau", "alice.moreau", ("administrator",), EVERYWHERE, None),
    ("Ben Castellano", "ben.castellano", ("administrator",), EVERYWHERE, None),
    ("Dr. Amara Diallo", "amara.diallo", ("doctor",), HERE + FAR, ("Amara Diallo", "MD", "Dermatology")),
    ("Dr. Yuki Tanabe", "yuki.tanabe", ("doctor",), HERE, ("Yuki Tanabe", "MD", "Cardiology")),
    ("Dr. Rajiv Menon", "rajiv.menon", ("doctor",), THERE + FAR, ("Rajiv Menon", "MD", "Orthopedics")),
    ("Keira Donnelly, NP", "keira.donnelly", ("doctor",), THERE, ("Keira Donnelly", "NP", "Dermatology")),
    ("Dr. Joaquín Ibarra", "joaquin.ibarra", ("doctor",), FAR, ("Joaquín Ibarra", "MD", "Internal medicine")),
    ("Dr. Claire Beaumont", "claire.beaumont", ("doctor",), FAR, ("Claire Beaumont", "MD", "Pediatrics")),
    ("Dr. Oleg Marchenko", "oleg.marchenko", ("doctor",), FAR, ("Oleg Marchenko", "MD", "Family medicine")),
    ("Noor Rahimi, RN", "noor.rahimi", ("nurse",), FAR, None),
    ("Caleb Stone", "caleb.stone", ("front_desk",), FAR, None),
    ("Elif Demir, PharmD", "elif.demir", ("pharmacist",), THERE + FAR, None),
    ("Martha Quincy", "martha.quincy", ("billing",), FAR, None),
]
PORTAL_PEOPLE = [
    ("Rosa Delgado-Ferreira", PATIENT_EMAIL),
    ("Ana Delgado", PROXY_EMAIL),
    ("June Nakamura", SECOND_PATIENT_EMAIL),
]
# Patients who write to the clinic; nobody needs to sign in as they, so their passwords are told to nobody.
CORRESPONDENTS = [
    ("Edmund Hollis", "edmund.hollis@mail.example"),
    ("Alistair Campbell", "alistair.campbell@mail.example"),
    ("Grace Osei", "grace.osei@mail.example"),
    ("Omar Haddad", "omar.haddad@mail.example"),
    ("Adaeze Okonkwo", "adaeze.okonkwo@mail.example"),
    ("Imran Chaudhry", "imran.chaudhry@mail.example"),
]


CHANGERS = ("alice.moreau", "ben.castellano", "priya.raman")
WHO_LEFT = ("Ruth Calloway, RN", "ruth.calloway@alderstreet.example")


def tell() -> None:
    """Open the sites and make the accounts. Runs once in the life of the demo's data, in a worker."""
    told: list[dict[str, str]] = []
    with acting_as_system("demo"):
        sites = {site.slug: site for site in _open_sites()}
        for name, local, roles, where, provider in PEOPLE:
            user, account = _make_user(name, f"{local}@alderstreet.example", with_code=True)
            for role in roles:
                told.append({"role": role, **account})
                for slug in where:
                    _join(user, sites[slug], role)
            if provider:
                _make_provider(user, [sites[slug] for slug in where], provider)
        for name, email in PORTAL_PEOPLE:
            _user, account = _make_user(name, email, with_code=False)
            told.append({"role": "patient", **account})
        for name, email in CORRESPONDENTS:
            _make_user(name, email, with_code=False)
        _join(_make_user(WHO_LEFT[0], WHO_LEFT[1], with_code=False)[0], sites[MAIN_SITE], "nurse")
    _tell_changes()
    _write(told)


def accounts() -> list[dict[str, str]]:
    """`role, email, password, totp_secret` of everybody who can sign in; a person with two roles stands there twice."""
    try:
        return list(json.loads(_path().read_text()))
    except OSError:
        return []


# == Signing in with one press ==
def sign_in_choices(now: datetime | None = None) -> list[dict[str, Any]]:
    """What the demo's sign-in page lists, with the code that the authenticator would show now."""
    moment = now or timezone.now()
    names = dict(User.objects.values_list("email", "full_name"))
    return [
        {
            **account,
            "name": names[account["email"]],
            "role_name": role_name(account["role"]),
            "code": _code(account, moment),
        }
        for account in accounts()
        if account["email"] in names
    ]


def account_of(email: str) -> User | None:
    """The account of this address, if it is one of the demo's own."""
    if email not in {account["email"] for account in accounts()}:
        return None
    return User.objects.filter(has_address(email), is_active=True).first()


def sign_in_at_once(*, by: None = None, request: HttpRequest, user: User, role: str) -> None:
    """Both factors taken as proven; the role asked for, or the person's first."""
    now, roles = timezone.now(), roles_of(user)
    taken = role if role in roles else roles[0]
    begin_session(request, user, now)
    request.session.change(verified_at=now)  # type: ignore[attr-defined]
    act_in(user, request, taken)
    with acting_as(user, taken):
        note_now("accounts.sign_in", by=user, about=user, detail={"step": "demo", "role": taken})


def _code(account: dict[str, str], moment: datetime) -> str:
    return TOTPDevice(key=account["totp_secret"]).code_at(moment) if account["totp_secret"] else ""


# == Making them ==
def _open_sites() -> list[Site]:
    """Two in Worcester, three miles apart, and one in Framingham, twenty miles east: ZIP codes are real."""
    zone = {"state": "MA", "time_zone": "America/New_York"}
    first = {"city": "Worcester", "line": "12 Alder Street", "postal_code": "01608", "phone": "+15085550110"}
    second = {"city": "Worcester", "line": "310 Shrewsbury Street", "postal_code": "01604", "phone": "+15085550140"}
    third = {"city": "Framingham", "line": "85 Union Avenue", "postal_code": "01702", "phone": "+15085550170"}
    return [
        open_site(by=None, name="Alder Street", slug=MAIN_SITE, **zone, **first),
        open_site(by=None, name="Shrewsbury Street", slug=SECOND_SITE, **zone, **second),
        open_site(by=None, name="Union Avenue", slug=THIRD_SITE, **zone, **third),
    ]


def _make_user(name: str, email: str, *, with_code: bool) -> tuple[User, dict[str, str]]:
    password, key = secrets.token_urlsafe(12), new_key() if with_code else ""
    user = User(email=email, full_name=name, email_verified_at=timezone.now())
    user.password = _hash_lightly(password)
    user.save(force_insert=True)
    if with_code:
        confirmed = {"confirmed": True, "confirmed_at": timezone.now()}
        TOTPDevice(user=user, name="app", key=key, **confirmed).save(force_insert=True)
    return user, {"email": email, "password": password, "totp_secret": key}


def _tell_changes() -> None:
    """What administrators did: a permission tried and taken back, a team narrowed, a colleague who left."""
    alice, ben, priya = (User.objects.get(email=f"{who}@alderstreet.example") for who in CHANGERS)
    block = [Permission.BLOCK_TIME]
    with acting_as(alice.in_role("administrator")):
        edit_role(by=alice, role="nurse", reason="Nurses keep the doctors' afternoons free", add=block)
        deactivate_user(by=alice, user=User.objects.get(email=WHO_LEFT[1]), to=priya)
    with acting_as(ben.in_role("administrator")):
        edit_role(by=ben, role="nurse", reason="Back to the desk: two people blocked the same hour", take=block)
        team = Team.objects.get(role="front_desk", site__slug=THIRD_SITE)
        change_team(by=ben, team=team, reason="Union Avenue bills through Alder Street", take=[Scope.BILLING])


def _hash_lightly(password: str) -> str:
    """Argon2 with little work: 96 random bits need none. Signing in replaces it by the usual one."""
    hasher = copy(get_hasher())
    vars(hasher).update(time_cost=1, memory_cost=64, parallelism=1)
    return hasher.encode(password, hasher.salt())


def _join(user: User, site: Site, role: str) -> None:
    began = timezone.now() - timedelta(days=400)
    Membership(user=user, site=site, role=role, validity=TimestamptzRange(began, None)).save(force_insert=True)


def _make_provider(user: User, sites: list[Site], data: tuple[str, str, str]) -> None:
    name, credentials, specialty = data
    provider = Provider(user=user, name=name, credentials=credentials, specialty=specialty)
    provider.save(force_insert=True)
    provider.sites.set(sites)


def _path() -> Path:
    return Path(settings.DATA_DIR) / "demo-accounts.json"


def _write(told: list[dict[str, str]]) -> None:
    """Readable by this user alone."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(told, file, indent=2)
