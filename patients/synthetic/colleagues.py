"""The places and colleagues of the synthetic load, written for the ground, which holds no stories. All invented."""

from collections.abc import Iterator
from datetime import datetime
from itertools import cycle, islice

from django.contrib.auth.models import Group
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import scopes_of
from healthcare.accounts.models import Membership, Provider, Site, Team, TOTPDevice, User
from healthcare.accounts.roles import STAFF_ROLES
from patients.synthetic.copying import Keys
from patients.synthetic.plan import GIVEN, TOWNS, ZONE, Plan, family_name, new

SPECIALTIES = (
    *("Family medicine", "Internal medicine", "Pediatrics", "Family medicine", "Cardiology", "Dermatology"),
    *("Internal medicine", "Orthopedics", "Pediatrics", "Family medicine"),
)
# The team of a site, the roles that nobody can do without first.
TEAM = ["front_desk", "nurse", "pharmacist", "billing", "administrator", "privacy_officer", "researcher"]
TEAM += ["nurse"] * 8 + ["front_desk"] * 6 + ["billing"] * 2 + ["pharmacist", "administrator"]


def load(plan: Plan) -> None:
    """Open the sites with their teams, and bring in providers and staff, each with an account and a second factor."""
    keys, began = plan.keys("accounts"), plan.ago(1600)
    sites = [_open_site(plan, keys, number) for number in range(plan.sites)]
    people = [*_providers(plan, keys, sites), *_staff(plan, keys, sites)]
    with plan.bar("accounts", len(people)) as bar:
        User.objects.bulk_create([user for user, _role, _where, _specialty in people], batch_size=1000)
        Membership.objects.bulk_create(
            [
                Membership(id=new(keys, began), user=user, site=site, role=role, validity=TimestamptzRange(began, None))
                for user, role, where, _specialty in people
                for site in where
            ],
            batch_size=1000,
        )
        treating = {
            _provider(keys, began, user, specialty): where for user, _r, where, specialty in people if specialty
        }
        Provider.objects.bulk_create(treating, batch_size=1000)
        at = Provider.sites.through
        at.objects.bulk_create(at(provider=one, site=site) for one, where in treating.items() for site in where)
        TOTPDevice.objects.bulk_create(
            TOTPDevice(user=user, name="app", key=plan.totp_key, confirmed=True, confirmed_at=began)
            for user, *_rest in people
        )
        bar.update(len(people))


def check(plan: Plan) -> Iterator[tuple[str, bool]]:
    """As many as were asked for, each of them able to sign in."""
    yield "providers as asked", Provider.objects.count() == plan.providers
    yield (
        "sites and staff as planned",
        Site.objects.count() == plan.sites
        and (TOTPDevice.objects.filter(confirmed=True).count() == plan.providers + plan.staff),
    )


def _open_site(plan: Plan, keys: Keys, number: int) -> Site:
    town, postal_code = TOWNS[2 * number], TOWNS[2 * number + 1]
    slug, began = f"{plan.mark}{number + 1:02}", plan.ago(1600)
    address = {"line": f"{number + 3} Mill Street", "city": town, "state": "MA", "postal_code": postal_code}
    site = Site(id=new(keys, began), name=f"{town} Clinic", slug=slug, time_zone=ZONE, phone="+15085550100", **address)
    site.save(force_insert=True)
    for role in STAFF_ROLES:
        if scopes := sorted(scopes_of(role)):
            group = Group.objects.create(name=f"{slug}: {role}")
            Team(id=new(keys, began), site=site, role=role, group=group, scopes=scopes).save(force_insert=True)
    return site


def _user(plan: Plan, keys: Keys, email: str) -> User:
    name = f"{keys.choice(GIVEN[keys.choice(('female', 'male'))])} {family_name(keys)}"
    began = plan.ago(1600)
    user = User(id=new(keys, began), email=f"{email}@synthetic.example", full_name=name, email_verified_at=began)
    user.password = plan.password_hash
    return user


def _providers(plan: Plan, keys: Keys, sites: list[Site]) -> Iterator[tuple[User, str, list[Site], str]]:
    """A third work at two sites."""
    for number in range(plan.providers):
        second = [sites[(number + 1) % len(sites)]] if number % 3 == 0 else []
        specialty = SPECIALTIES[number // len(sites) % len(SPECIALTIES)]
        yield _user(plan, keys, f"doctor{number + 1:04}"), "doctor", [sites[number % len(sites)], *second], specialty


def _staff(plan: Plan, keys: Keys, sites: list[Site]) -> Iterator[tuple[User, str, list[Site], str]]:
    roles = (role for role in cycle(TEAM) for _site in sites)
    for number, role in enumerate(islice(roles, plan.staff)):
        yield _user(plan, keys, f"{role}{number + 1:04}"), role, [sites[number % len(sites)]], ""


def _provider(keys: Keys, began: datetime, user: User, specialty: str) -> Provider:
    return Provider(id=new(keys, began), user=user, name=user.full_name, credentials="MD", specialty=specialty)
