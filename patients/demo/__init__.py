"""The patients of the sample clinic, all invented, told through the verbs as the front desk and a doctor would."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from healthcare.accounts.models import Membership, Site, User
from healthcare.accounts.permissions import Scope
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as, acting_as_system
from patients.actions import (
    Demographics,
    add_proxy,
    answer_privacy_case,
    give_consent,
    grant_access,
    issue_portal_code,
    link_portal_account,
    open_privacy_case,
    register_patient,
    restrict,
    take_privacy_case,
)
from patients.actions.covers import name_cover
from patients.demo.doubles import tell_of_doubles
from patients.demo.emergencies import tell_of_emergencies
from patients.demo.identity import begin_numbers, tell_of_families
from patients.demo.people import AROUND, PEOPLE, SITES_OF_THE_OTHERS, STREETS
from patients.demo.profiles import tell_of_profiles
from patients.demo.registrations import tell_of_registrations
from patients.models import CareRelationship, Consent, Patient, Proxy
from patients.queries import has_record, own_patient, own_record
from patients.rules import age_in_years
from patients.texts import current_text

SEED = 20
# The accounts were opened long ago.
SETTLED = (
    "patients.subscribers.tell_portal_opened",
    "patients.subscribers.tell_proxy_added",
    "patients.subscribers.tell_of_emergency",
    "patients.subscribers.tell_of_request",
)
# E-mail of the account that healthcare.accounts.demo makes, and whose record it is.
PATIENT_EMAIL, SECOND_PATIENT_EMAIL = "rosa.delgado@mail.example", "june.nakamura@mail.example"
PROXY_EMAIL = "ana.delgado@mail.example"
# Who doubts an opening, in which words, and what the privacy officer answered, where they did.
DOUBTS = (
    (PATIENT_EMAIL, "I was not at the clinic when my record was begun. Who was this?", ""),
    (
        SECOND_PATIENT_EMAIL,
        "I do not know this person at the front desk.",
        "She took your call when you registered, and wrote down what you told her. That is her work.",
    ),
)
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
# Who acts for whom, by the e-mail of the account that healthcare.accounts.demo makes; added by a doctor of their site.
# Theo is nine: the health parts end with his thirteenth birthday.
PROXIES = (
    (PROXY_EMAIL, ("Delgado", "Theo"), Proxy.Relation.PARENT, Proxy.Extent.ALL),
    (PROXY_EMAIL, ("Delgado-Ferreira", "Rosa"), Proxy.Relation.CHILD, Proxy.Extent.APPOINTMENTS),
    ("adaeze.okonkwo@mail.example", ("Okonkwo", "Kamsi"), Proxy.Relation.PARENT, Proxy.Extent.ALL),
)
# What each of them answered in the portal, besides that they got the notice: purpose and whether they agreed.
ANSWERS: dict[str, tuple[tuple[Consent.Purpose, bool], ...]] = {
    PATIENT_EMAIL: ((Consent.Purpose.TREATMENT, True), (Consent.Purpose.RESEARCH, True)),
    SECOND_PATIENT_EMAIL: ((Consent.Purpose.TREATMENT, True), (Consent.Purpose.RESEARCH, False)),
    "edmund.hollis@mail.example": ((Consent.Purpose.TREATMENT, True),),
    "grace.osei@mail.example": ((Consent.Purpose.TREATMENT, True), (Consent.Purpose.SUBSTANCE_USE, True)),
}
KEPT_OUT_OF, KEPT_OUT_WHY = "Fontaine", "They are neighbors"  # one nurse does not see her
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
    begin_numbers(desks)
    for number, person in enumerate(PEOPLE):
        place = site_of(number)
        enter(desks[place if place < len(desks) else 0], person, place, now)
    for desk in desks:
        tell_of_families(desk)
    tell_of_doubles(desks[0], now)
    if len(doctors) > 1:
        share(doctors[0], doctors[1], now)
        tell_of_emergencies(doctors[0], doctors[1])
    speak(desks, doctors, now)
    tell_of_profiles(desks[0], now)
    tell_of_registrations(desks[0], now)


def speak(desks: list[Membership], doctors: list[Membership], now: datetime) -> None:
    """Patients come to the portal, for themselves and for others, and ask what they find odd there."""
    for email, names in PORTALS:
        for desk in desks:
            open_portal(desk, email, names, now)
    decide(doctors, now)
    for email, names, relation, extent in PROXIES:
        let_act(doctors, email, names, relation, extent, now)
    for email, words, answer in DOUBTS:
        doubt(email, words, answer, now)


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
        # Leave next month: named already, and nobody's reach is wider for it today.
        leave = now + timedelta(days=30)
        name_cover(
            by=doctor,
            absent=doctor,
            cover=receiver.user,
            role="doctor",
            starts_at=leave,
            ends_at=leave + timedelta(days=14),
            reason="Leave",
        )


def decide(doctors: list[Membership], now: datetime) -> None:
    """What patients agreed to, and who asked that somebody does not see them."""
    for email, answers in ANSWERS.items():
        agree(email, answers, now)
    if doctors:
        keep_out(doctors[0], now)


def agree(email: str, answers: Sequence[tuple[Consent.Purpose, bool]], now: datetime) -> None:
    """What a patient answered in the portal; nothing while the account is linked to no record."""
    account = User.objects.filter(email__iexact=email).first()
    if account is None:
        return
    account = account.in_role("patient")
    with acting_as(account):
        patient = own_patient(account)
        if patient is None:
            return
        for purpose, agreed in ((Consent.Purpose.PRIVACY_NOTICE, True), *answers):
            give_consent(
                by=account,
                patient=patient,
                purpose=purpose,
                decision=Consent.Decision.PERMIT if agreed else Consent.Decision.DENY,
                shown=current_text(purpose.value).digest,
                method=Consent.Method.PORTAL,
                now=now,
            )


def keep_out(doctor: Membership, now: datetime) -> None:
    """A patient asked that one nurse, who works elsewhere in the clinic, does not see her; the last by name."""
    nurses = Membership.objects.current().filter(role="nurse").exclude(site=doctor.site).select_related("user")
    user = doctor.user.in_role("doctor")
    with acting_as_system("demo"):
        named = list(nurses.order_by("user__full_name", "user_id"))
    with acting_as(user):
        patient = Patient.objects.visible_to(user).filter(family_name=KEPT_OUT_OF).first()
        if patient is not None and named:
            restrict(by=user, patient=patient, user=named[-1].user, reason=KEPT_OUT_WHY, now=now)


def let_act(
    doctors: list[Membership],
    email: str,
    names: tuple[str, str],
    relation: Proxy.Relation,
    extent: Proxy.Extent,
    now: datetime,
) -> None:
    """Let this account act for the patient: the doctor of the first site adds it, where both of them are."""
    account = User.objects.filter(email__iexact=email).first()
    if account is None or not doctors:
        return
    doctor = doctors[0].user.in_role("doctor")
    with acting_as(doctor):
        treated = Patient.objects.visible_to(doctor).filter(family_name=names[0], given_name=names[1])
        patient = treated.select_related("site").first()
        if patient is None:
            return
        grown_up = age_in_years(patient.birth_date, timezone.localdate(now)) >= settings.PROXY_END_AGE
        add_proxy(
            by=doctor,
            patient=patient,
            email=email,
            full_name=account.full_name,
            relation=relation,
            extent=extent,
            agreed_by=Proxy.AgreedBy.PATIENT if grown_up else Proxy.AgreedBy.PARENT,
            until=None,
            now=now,
        )


def doubt(email: str, words: str, answer: str, now: datetime) -> None:
    """A patient doubts the first line of their list; the privacy officer answers some."""
    account = User.objects.filter(email__iexact=email).first()
    if account is None:
        return
    account = account.in_role("patient")
    with acting_as(account):
        patient = Patient.objects.visible_to(account).filter(pk=own_record(account)).first()
        if patient is None:
            return
        events = AuditEvent.objects.about_patient(patient.pk).exclude(actor_id=account.pk)
        first = events.order_by("id").first()
        if first is None:
            return
        case = open_privacy_case(by=account, patient=patient, event_id=first.pk, doubt=words, now=now)
    with acting_as_system("demo"):
        officers = colleagues("privacy_officer")
    if answer and officers:
        officer = officers[0].user.in_role("privacy_officer")
        with acting_as(officer):
            take_privacy_case(by=officer, case=case, now=now)
            answer_privacy_case(by=officer, case=case, verdict="in_order", answer=answer, now=now)


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
