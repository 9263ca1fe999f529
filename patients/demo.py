"""The patients of the sample clinic, all invented, told through the verbs as the front desk and a doctor would."""

import random
from datetime import date, datetime

from django.utils import timezone

from healthcare.accounts.models import Membership, Site, User
from healthcare.accounts.permissions import Scope
from healthcare.db.context import acting_as, acting_as_system
from patients.actions import (
    Demographics,
    grant_access,
    issue_portal_code,
    link_portal_account,
    register_patient,
)
from patients.models import CareRelationship, Patient
from patients.queries import has_record

SEED = 20
SETTLED = ("patients.subscribers.tell_portal_opened",)  # the accounts were opened long ago
# Family name, given names, goes by, date of birth, sex, end of the phone number. Who shares a phone shares an address.
# Of the first forty every third belongs to the second site; the others are spread over all sites, most to the third.
PEOPLE = (
    ("Delgado-Ferreira", "Rosa", "Rosie", date(1968, 3, 12), "female", "0177"),
    ("Hollis", "Edmund", "", date(1951, 6, 2), "male", "0112"),
    ("Osei", "Grace", "", date(1959, 9, 23), "female", "0134"),
    ("Varga", "Ilona", "", date(1944, 1, 30), "female", "0109"),
    ("Abara", "Chidi", "", date(1987, 4, 17), "male", "0150"),
    ("Nakamura", "June", "", date(1992, 12, 5), "female", "0188"),
    ("Fontaine", "Elise", "", date(1975, 8, 14), "female", "0121"),
    ("Delgado", "Theo", "", date(2017, 5, 9), "male", "0177"),
    ("Delgado", "Rosa M.", "", date(1968, 3, 21), "female", "0139"),
    ("Delgado", "Rosalia", "", date(1990, 7, 1), "female", ""),
    ("Wolfeschlegelsteinhausenbergerdorff", "Hubert Blaine", "Hub", date(1938, 8, 4), "male", "0101"),
    ("Al-Masri", "Layla", "", date(1983, 2, 11), "female", "0165"),
    ("Nguyễn", "Thị Minh Khai", "Minh", date(1979, 10, 10), "female", "0143"),
    ("O’Connor", "Siobhán", "", date(1966, 11, 28), "female", "0117"),
    ("Petrov", "Dmitri", "Dima", date(1955, 5, 19), "male", "0126"),
    ("Baptiste", "Marie-Claire", "", date(1949, 3, 3), "female", "0158"),
    ("Iyer", "Ananya", "", date(2001, 1, 15), "female", "0192"),
    ("Kowalczyk", "Jan", "", date(1962, 7, 7), "male", "0105"),
    ("Tran", "Kevin", "", date(1995, 9, 30), "male", "0173"),
    ("Adeyemi", "Folake", "", date(1971, 6, 24), "female", "0148"),
    ("Lindgren", "Astrid", "", date(1933, 4, 2), "female", "0103"),
    ("Moreau", "Luc", "", date(1980, 12, 12), "male", "0160"),
    ("Santos", "Beatriz", "Bia", date(1998, 8, 18), "female", "0181"),
    ("Park", "Min-jun", "", date(2024, 11, 3), "male", "0136"),
    ("Park", "Seo-yeon", "", date(1991, 3, 27), "female", "0136"),
    ("Goldberg", "Miriam", "", date(1946, 9, 9), "female", "0114"),
    ("Haddad", "Omar", "", date(1977, 2, 20), "male", "0155"),
    ("Whitfield", "Dorothy", "Dot", date(1940, 10, 31), "female", "0108"),
    ("Castellano", "Giulia", "", date(2009, 6, 16), "female", "0169"),
    ("Mbeki", "Thandi", "", date(1985, 5, 5), "female", "0145"),
    ("Sørensen", "Søren", "", date(1958, 12, 1), "male", "0128"),
    ("Yılmaz", "Emre", "", date(1989, 11, 11), "male", "0152"),
    ("Reyes", "Carmen", "", date(1953, 7, 16), "female", "0119"),
    ("Campbell", "Alistair", "Al", date(1964, 1, 25), "male", "0131"),
    ("Zhang", "Wei", "", date(1973, 9, 15), "other", "0163"),
    ("Brooks", "Denise", "", date(1970, 4, 4), "female", "0124"),
    ("Fitzgerald", "Patrick", "Paddy", date(1948, 3, 17), "male", "0110"),
    ("Kaur", "Harpreet", "", date(1994, 10, 22), "female", "0186"),
    ("Johansson", "Nils", "", date(2013, 8, 8), "male", "0140"),
    ("Washington", "Marcus", "", date(1982, 6, 19), "male", "0157"),
    ("Beauregard", "Eloise", "", date(1936, 2, 17), "female", "0201"),
    ("Ferrante", "Salvatore", "Sal", date(1942, 11, 8), "male", "0202"),
    ("Okonkwo", "Adaeze", "Ada", date(1988, 5, 26), "female", "0203"),
    ("Okonkwo", "Kamsi", "", date(2025, 3, 8), "female", "0203"),
    ("Lundy", "Tobias", "Toby", date(2020, 7, 14), "male", "0204"),
    ("Lundy", "Harriet", "", date(1990, 1, 9), "female", "0204"),
    ("Szymański", "Zofia", "", date(1957, 10, 3), "female", "0205"),
    ("Barros", "Mateus", "", date(2010, 4, 21), "male", "0206"),
    ("Barros", "Lívia", "", date(1984, 9, 2), "female", "0206"),
    ("Eriksen", "Freya", "", date(2004, 12, 19), "female", "0207"),
    ("Chaudhry", "Imran", "", date(1969, 8, 30), "male", "0208"),
    ("Delacroix", "Henri", "", date(1952, 6, 11), "male", "0209"),
    ("Gutiérrez", "Paloma", "", date(1976, 3, 5), "female", "0210"),
    ("Hartwell", "Constance", "Connie", date(1947, 1, 22), "female", "0211"),
    ("Ivanova", "Nadezhda", "Nadia", date(1961, 5, 29), "female", "0212"),
    ("Kimball", "Jonah", "", date(2016, 10, 13), "male", "0213"),
    ("MacLeod", "Fergus", "", date(1981, 7, 27), "male", "0214"),
    ("Oyelaran", "Temitope", "Temi", date(1996, 2, 3), "female", "0215"),
    ("Vasquez", "Hector", "", date(1978, 11, 15), "male", "0216"),
    ("Wexler", "Simone", "", date(1999, 4, 10), "other", "0217"),
)
SITES_OF_THE_OTHERS = (2, 2, 0, 2, 1)  # the sites of those after the first forty, again and again
# City, ZIP code: near each site, in the order of the sites' making.
AROUND = (
    (("Worcester", "01602"), ("Worcester", "01609"), ("Holden", "01520"), ("Auburn", "01501"), ("Leicester", "01524")),
    (("Worcester", "01604"), ("Worcester", "01605"), ("Shrewsbury", "01545"), ("Millbury", "01527")),
    (
        ("Framingham", "01702"),
        ("Framingham", "01701"),
        ("Natick", "01760"),
        ("Ashland", "01721"),
        ("Marlborough", "01752"),
    ),
)
STREETS = (
    "Elm Street",
    "Maple Avenue",
    "Hillside Road",
    "Chestnut Street",
    "Orchard Lane",
    "Grove Street",
    "Pine Street",
)
# E-mail of the account that healthcare.accounts.demo makes, and whose record it is.
PATIENT_EMAIL, SECOND_PATIENT_EMAIL = "rosa.delgado@mail.example", "june.nakamura@mail.example"
PORTALS = (
    (PATIENT_EMAIL, ("Delgado-Ferreira", "Rosa")),
    (SECOND_PATIENT_EMAIL, ("Nakamura", "June")),
    ("edmund.hollis@mail.example", ("Hollis", "Edmund")),
    ("alistair.campbell@mail.example", ("Campbell", "Alistair")),
    ("grace.osei@mail.example", ("Osei", "Grace")),
    ("omar.haddad@mail.example", ("Haddad", "Omar")),
    ("adaeze.okonkwo@mail.example", ("Okonkwo", "Adaeze")),
    ("imran.chaudhry@mail.example", ("Chaudhry", "Imran")),
)
SHARED = ("Hollis", "Varga")  # looked after by a doctor of the other site, too


def tell() -> None:
    """Register everybody at the sites, once; does nothing where somebody is registered already."""
    now = timezone.now()
    with acting_as_system("demo"):
        if Patient.objects.exists():
            return
        desks = colleagues("front_desk")
        doctors = colleagues("doctor")
    if not desks:
        return
    for number, person in enumerate(PEOPLE):
        place = site_of(number)
        enter(desks[place if place < len(desks) else 0], person, place, now)
    if len(doctors) > 1:
        share(doctors[0], doctors[1], now)
    for email, names in PORTALS:
        for desk in desks:
            open_portal(desk, email, names, now)


def site_of(number: int) -> int:
    """Which site, in the order of their making, the person of this place in the list goes to."""
    if number < 40:
        return 1 if number % 3 == 2 else 0
    return SITES_OF_THE_OTHERS[number % len(SITES_OF_THE_OTHERS)]


def colleagues(role: str) -> list[Membership]:
    """One current membership in this role for each site, in the order of the sites' making."""
    rows = Membership.objects.current().filter(role=role).select_related("user", "site").order_by("site_id", "id")
    found: dict[Site, Membership] = {}
    for membership in rows:
        taken = {other.user_id for other in found.values()}
        if membership.site not in found and (role == "front_desk" or membership.user_id not in taken):
            found[membership.site] = membership
    return list(found.values())


def address_of(household: str, place: int) -> tuple[str, str, str]:
    """Street address, city and ZIP code near a site; the same for everybody of a household."""
    seeded = random.Random(f"{SEED}:{household}")  # noqa: S311 (invented addresses, the same each time)
    city, postal_code = seeded.choice(AROUND[place])
    return f"{seeded.randint(3, 240)} {seeded.choice(STREETS)}", city, postal_code


def enter(desk: Membership, person: tuple[str, str, str, date, str, str], place: int, now: datetime) -> None:
    family, given, preferred, born, sex, digits = person
    name = "".join(
        sign for sign in f"{given[0]}.{family}".lower() if sign.isascii() and (sign.isalpha() or sign == ".")
    )
    line, city, postal_code = address_of(digits or name, place)
    demographics = Demographics(
        given_name=given,
        family_name=family,
        preferred_name=preferred,
        birth_date=born,
        sex=sex,
        phone=f"+1508555{digits}" if digits else "",
        email=f"{name}@mail.example" if born.year < 2005 else "",
        line=line,
        city=city,
        state="MA",
        postal_code=postal_code,
    )
    with acting_as(desk.user.in_role("front_desk")):
        register_patient(by=desk.user, site=desk.site, demographics=demographics, now=now)


def share(giver: Membership, receiver: Membership, now: datetime) -> None:
    doctor = giver.user.in_role("doctor")
    with acting_as(doctor):
        for patient in Patient.objects.visible_to(doctor).filter(site=giver.site, family_name__in=SHARED):
            grant_access(
                by=doctor,
                patient=patient,
                user=receiver.user,
                role="doctor",
                scopes=list(Scope),
                kind=CareRelationship.Kind.CARE_TEAM,
                valid_from=now,
                reason="Shares the care",
            )


def open_portal(membership: Membership, email: str, names: tuple[str, str], now: datetime) -> None:
    """Link a patient of this desk to the sample account, with a code and the date of birth as in life."""
    account = User.objects.filter(email__iexact=email).first()
    if account is None:
        return
    with acting_as(account, "patient"):
        if has_record(account):
            return
    desk = membership.user.in_role("front_desk")
    with acting_as(desk):
        patient = Patient.objects.visible_to(desk).filter(family_name=names[0], given_name=names[1]).first()
        if patient is None:
            return
        code = issue_portal_code(by=desk, patient=patient, now=now)
    with acting_as(account.in_role("patient")):
        link_portal_account(by=account, code=code, birth_date=patient.birth_date)
