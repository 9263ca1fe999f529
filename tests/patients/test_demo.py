"""The sample clinic's patients: told once, through the verbs."""

import pytest
from django.utils import timezone

from healthcare.accounts.models import Cover, Membership
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients import demo
from patients.actions import registrations as actions
from patients.models import (
    AccessRequest,
    CareRelationship,
    Consent,
    ContactPoint,
    ContactPreference,
    DuplicatePair,
    EmergencyAccess,
    Merge,
    Patient,
    PatientIdentifier,
    PatientLink,
    PatientName,
    PrivacyCase,
    ProposedChange,
    RelatedPerson,
    Restriction,
)
from tests.factories import SiteFactory, UserFactory, staff
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    for site in (SiteFactory(), SiteFactory(), SiteFactory()):
        staff("front_desk", site)
        staff("doctor", site)
    return UserFactory(email=demo.PATIENT_EMAIL)


def told() -> int:
    with taking_role("worker"):
        demo.tell()
    with as_the_system():
        return Patient.objects.count()


def test_sixty_people_at_three_sites_told_once(clinic) -> None:
    assert told() == len(demo.PEOPLE) + 1 == 61, "one of the two who were registered twice is one record now"
    assert told() == 61
    with as_the_system():
        assert Patient.objects.values("site").distinct().count() == 3
        assert AuditEvent.objects.filter(action="patients.register", actor_role="front_desk").count() == 62
        shared = CareRelationship.objects.filter(kind="care_team").values_list("patient__family_name", flat=True)
        assert set(shared) == set(demo.SHARED)


def test_families_are_linked_and_some_have_a_number_elsewhere(clinic) -> None:
    told()
    with as_the_system():
        links = PatientLink.objects.select_related("patient", "other")
        assert links
        assert {link.relation for link in links} >= {"guardian", "ward"}
        assert all(link.patient.phone == link.other.phone for link in links)
        assert PatientIdentifier.objects.filter(system="Riverside Hospital").count() == 3


def test_two_registered_themselves_one_new_and_one_known(clinic) -> None:
    told()
    with as_the_system():
        desk = Membership.objects.filter(role="front_desk").order_by("site_id", "id").select_related("user")[0]
    user = desk.user.in_role("front_desk")
    with acting_as(user):
        new, known = actions.list_registrations(by=user)
        assert actions.look_for_registered(by=user, registration=new) == []
        first = actions.look_for_registered(by=user, registration=known)[0]
        assert (first.family_name, first.visible, first.judgement.same) == ("Fontaine", True, True)


def test_two_patients_doubt_a_line_and_one_is_answered(clinic) -> None:
    UserFactory(email=demo.SECOND_PATIENT_EMAIL)
    staff("privacy_officer")
    told()
    with as_the_system():
        cases = PrivacyCase.objects.order_by("opened_at", "pk")
        assert [(case.patient.family_name, case.verdict) for case in cases] == [
            ("Delgado-Ferreira", ""),
            ("Nakamura", "in_order"),
        ]


def test_the_privacy_officer_finds_one_reviewed_one_that_runs_and_a_request(clinic) -> None:
    officer = staff("privacy_officer")
    told()
    with acting_as(officer):
        found = EmergencyAccess.objects.visible_to(officer).order_by("id").values_list("verdict", "ended_at")
        (reviewed, ended), (waiting, running) = found
        assert AccessRequest.objects.visible_to(officer).waiting().count() == 1
    assert (reviewed, ended is None) == ("justified", False)
    assert (waiting, running) == ("", None)


def test_rosa_reads_her_own_record(clinic, browser) -> None:
    told()
    with acting_as(clinic, "patient"):
        rosa = Patient.objects.visible_to(clinic.in_role("patient")).get()
    assert (rosa.name, rosa.preferred_name) == ("Rosa Delgado-Ferreira", "Rosie")
    assert "Hello, Rosie" in browser(clinic).get("/portal/").content.decode()


def test_june_has_an_account_of_her_own_at_the_second_site(clinic, browser) -> None:
    account = UserFactory(email=demo.SECOND_PATIENT_EMAIL)
    told()
    with acting_as(account, "patient"):
        june = Patient.objects.visible_to(account.in_role("patient")).select_related("site").get()
    assert june.name == "June Nakamura"
    with acting_as(clinic, "patient"):
        assert Patient.objects.visible_to(clinic.in_role("patient")).get().site != june.site
    assert "Hello, June" in browser(account).get("/portal/").content.decode()


def test_people_of_all_ages_live_near_their_site_the_same_each_time(clinic) -> None:
    told()
    with as_the_system():
        patients = list(Patient.objects.order_by("birth_date"))
        ages = {2026 - patient.birth_date.year for patient in patients}
        assert min(ages) <= 1
        assert max(ages) >= 88
        assert {patient.postal_code for patient in patients} <= {code for near in demo.AROUND for _, code in near}
        rosa, theo = (next(p for p in patients if p.given_name == name) for name in ("Rosa", "Theo"))
    assert (rosa.line, rosa.postal_code) == (theo.line, theo.postal_code), "one household, one address"
    assert demo.address_of("0177", 0) == demo.address_of("0177", 0) == (rosa.line, rosa.city, rosa.postal_code)


def test_a_clinic_of_one_site_is_told_too() -> None:
    staff("front_desk")
    assert told() == 61


def test_without_a_front_desk_nobody_is_registered() -> None:
    assert told() == 0


def test_an_account_that_has_a_record_keeps_it(clinic) -> None:
    told()
    with as_the_system():
        desks = demo.colleagues("front_desk")
        before = CareRelationship.objects.filter(kind="self").count()
    with taking_role("worker"):
        demo.open_portal(desks[0], *demo.PORTALS[0], desks[0].created_at)
    with as_the_system():
        assert CareRelationship.objects.filter(kind="self").count() == before == 1


def test_ana_acts_for_a_child_and_for_her_mother(clinic, browser) -> None:
    ana = UserFactory(email=demo.PROXY_EMAIL, full_name="Ana Delgado")
    told()
    client = browser(ana.in_role("patient"))
    text = client.get("/portal/", follow=True).content.decode()
    for part in ("Theo Delgado", "your child", "the whole record", "Rosa Delgado-Ferreira", "your parent", "visits"):
        assert part in text, part
    assert "Ana Delgado" in browser(clinic.in_role("patient")).get("/portal/people").content.decode()
    with as_the_system():
        theo = Patient.objects.get(given_name="Theo")
        ends = CareRelationship.objects.filter(kind="proxy", patient=theo).values_list("validity", flat=True)
        assert sorted(span.upper.date().isoformat() for span in ends) == ["2030-05-09", "2035-05-09"]


def test_people_answer_what_they_agree_to_and_one_keeps_a_nurse_out(clinic) -> None:
    june = UserFactory(email=demo.SECOND_PATIENT_EMAIL)
    with as_the_system():
        site = Patient.site.get_queryset().order_by("id").last()
    nurses = [staff("nurse", site, full_name=name) for name in ("Ada Nurse", "Zoe Nurse")]
    told()
    with as_the_system():
        answers = set(Consent.objects.values_list("recorded_by", "purpose", "decision"))
        kept_out = Restriction.objects.select_related("patient").get()
    assert {(june.pk, "research", "deny"), (clinic.pk, "research", "permit")} < answers
    assert len(answers) == 6
    assert (kept_out.patient.family_name, kept_out.user) == (demo.KEPT_OUT_OF, nurses[-1])


def test_a_doctor_who_goes_on_leave_has_named_who_stands_in(clinic) -> None:
    told()
    with as_the_system():
        cover = Cover.objects.get()
    assert cover.absent != cover.cover
    assert cover.validity.lower > timezone.now()


def test_one_is_known_well_and_wants_something_changed(clinic) -> None:
    told()
    with as_the_system():
        rosa = Patient.objects.get(family_name="Delgado-Ferreira")
        assert (rosa.language, rosa.pronouns) == ("pt", "she/her")
        assert PatientName.objects.get().patient == rosa
        assert RelatedPerson.objects.get().emergency
        assert ContactPoint.objects.get().bad == "silent"
        assert ContactPreference.objects.count() == 2
        wanted = ProposedChange.objects.waiting().order_by("field")
        assert [row.field for row in wanted] == ["line", "pronouns"]
        assert Patient.objects.filter(interpreter=True).exists()


def test_one_pair_waits_and_one_was_merged(clinic) -> None:
    told()
    with as_the_system():
        merged = Merge.objects.get()
        pair = DuplicatePair.objects.get(patient__given_name="Illona")
        assert (merged.former_name, merged.patient.given_name) == ("Anania Iyer", "Ananya")
        assert {pair.patient.given_name, pair.other.given_name} == {"Ilona", "Illona"}
