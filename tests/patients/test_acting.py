"""Acting for somebody: the address says for whom, every page keeps it, and only what is open to them is shown."""

from uuid import UUID, uuid4

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_script_prefix, resolve, reverse, set_script_prefix

from healthcare.accounts.models import Session
from healthcare.accounts.permissions import Scope
from healthcare.audit import record
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.acting import ActingFor, KeepsWhom, own_address
from tests.factories import PatientFactory, UserFactory, portal_user, proxy_of, staff

pytestmark = pytest.mark.django_db
WHOM = UUID(int=7 << 76 | 2 << 62)
PAGES = {
    "": Scope.IDENTITY,
    "record": Scope.IDENTITY,
    "openings": Scope.CLINICAL,
    "visits": Scope.SCHEDULE,
    "book": Scope.SCHEDULE,
    "summaries/": Scope.CLINICAL,
    "results/": Scope.CLINICAL,
    "health/": Scope.CLINICAL,
    "messages/": Scope.MESSAGE,
    "messages/write": Scope.MESSAGE,
    "medicines": Scope.MEDICATION,
    "bills/": Scope.BILLING,
}


@pytest.fixture
def theo():
    return PatientFactory(given_name="Theo", family_name="Delgado")


@pytest.fixture
def acting():
    """While a page of somebody else's record is shown."""
    set_script_prefix(KeepsWhom.of("/", WHOM))
    yield
    set_script_prefix("/")


# == The audit ==
@pytest.mark.parametrize(("scopes", "reads"), [(tuple(Scope), True), (("identity", "billing"), False)])
def test_who_opened_it_is_read_with_the_health_parts_alone(theo, scopes, reads) -> None:
    doctor, own, helper = staff("doctor", theo.site), portal_user(theo), proxy_of(theo, scopes=scopes)
    with acting_as(doctor):
        record("patients.open_chart", by=doctor, patient_id=theo.pk)
    for user, sees in ((own, True), (helper, reads)):
        with acting_as(user):
            assert AuditEvent.objects.filter(patient_id=theo.pk, actor_id=doctor.pk).exists() == sees


# == The address ==
def test_without_anybody_the_portal_is_where_it_was() -> None:
    assert reverse("portal:home") == "/portal/"
    assert reverse("scheduling_portal:visit", args=[WHOM]) == f"/portal/visits/{WHOM}"
    assert "acting_for" not in resolve("/portal/record").kwargs


def test_every_address_of_the_portal_keeps_whom_one_acts_for(acting) -> None:
    assert reverse("portal:home") == f"/portal/for/{WHOM}/"
    assert reverse("scheduling_portal:visit", args=[WHOM]) == f"/portal/for/{WHOM}/visits/{WHOM}"
    assert reverse("billing_portal:invoice", kwargs={"invoice_id": WHOM}) == f"/portal/for/{WHOM}/bills/{WHOM}/"


def test_other_addresses_stay(acting) -> None:
    assert reverse("accounts:account") == "/accounts/"
    assert reverse("patients:chart", args=[WHOM]) == f"/patients/{WHOM}/"
    assert own_address("portal:people") == "/portal/people"
    assert own_address("portal:end_proxy", WHOM) == f"/portal/people/{WHOM}/end"


def test_another_person_can_be_named(acting) -> None:
    other = uuid4()
    assert reverse("portal:home", kwargs={"acting_for": other}) == f"/portal/for/{other}/"


def test_the_route_as_logged_holds_nobodys_id() -> None:
    found = resolve(f"/portal/for/{WHOM}/visits/{uuid4()}")
    assert found.kwargs["acting_for"] == str(WHOM)
    assert found.route == "portal/visits/<uuid:appointment_id>"


@pytest.mark.parametrize("path", ["/portal/for/x/record", "/portal/for/", "/portal/for//record"])
def test_what_is_no_id_is_no_address(path, browser) -> None:
    assert browser(UserFactory().in_role("patient")).get(path).status_code == 404


def test_the_prefix_ends_with_the_request() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(reverse("portal:record"))

    view.for_others = True  # type: ignore[attr-defined]

    def answer(request: HttpRequest) -> HttpResponse:
        middleware.process_view(request, view, (), {"acting_for": str(WHOM)})
        return view(request)

    middleware = ActingFor(answer)
    request = HttpRequest()
    assert middleware(request).content.decode() == f"/portal/for/{WHOM}/record"
    assert request.acting_for == WHOM
    assert get_script_prefix() == "/"
    with pytest.raises(Http404):
        middleware.process_view(request, lambda request: None, (), {"acting_for": str(WHOM)})


# == Whose page, and what of it ==
@pytest.mark.parametrize("page", PAGES)
def test_a_proxy_of_everything_reads_each_page(browser, audited, theo, page) -> None:
    mother = proxy_of(theo)
    answer = browser(mother).get(f"/portal/for/{theo.pk}/{page}")
    assert answer.status_code == 200
    assert b"You are acting for <b>Theo Delgado</b>, your child" in answer.content
    assert audited(mother)[0] == ("patients.open_chart", "ok")


@pytest.mark.parametrize("page", PAGES)
def test_links_and_forms_lead_to_the_same_record(browser, theo, page) -> None:
    text = browser(proxy_of(theo)).get(f"/portal/for/{theo.pk}/{page}").content.decode()
    for_them = f'"/portal/for/{theo.pk}/'
    assert for_them in text
    plain = [part.split('"')[0] for part in text.replace(for_them, "").split('="/portal/')[1:]]
    assert set(plain) == {"people"}, plain


@pytest.mark.parametrize("extent", [{Scope.SCHEDULE}, {Scope.BILLING}, set()])
@pytest.mark.parametrize("page", PAGES)
def test_parts_that_are_not_open_are_not_found_nor_named(browser, audited, theo, page, extent) -> None:
    scopes = {Scope.IDENTITY, *extent}
    helper = proxy_of(theo, scopes=scopes)
    client = browser(helper)
    answer = client.get(f"/portal/for/{theo.pk}/{page}")
    opened = PAGES[page] in scopes
    assert answer.status_code == (200 if opened else 404)
    assert (b"Theo" in answer.content) == opened
    assert audited(helper)[-1] == ("patients.open_chart", "ok" if opened else "denied")
    home = client.get(f"/portal/for/{theo.pk}/").content.decode()
    for other, scope in PAGES.items():
        if scope not in scopes:
            assert f'/portal/for/{theo.pk}/{other}"' not in home, f"The first page leads to {other}."


@pytest.mark.parametrize("page", PAGES)
def test_charlie_does_not_act_for_them(browser, theo, page) -> None:
    """A stranger with a record of his own, one who acts for somebody else, and staff who treat the patient."""
    charlie, other = portal_user(PatientFactory()), proxy_of(PatientFactory())
    for user in (charlie, other):
        real = browser(user).get(f"/portal/for/{theo.pk}/{page}")
        none = browser(user).get(f"/portal/for/{uuid4()}/{page}")
        assert (real.status_code, none.status_code) == (404, 404)
        assert b"Theo" not in real.content
    assert browser(staff("doctor", theo.site)).get(f"/portal/for/{theo.pk}/{page}").status_code == 403
    assert Client().get(f"/portal/for/{theo.pk}/{page}")["Location"].startswith("/accounts/sign-in/")


def test_two_windows_do_not_cross(browser, theo) -> None:
    mina = PatientFactory(given_name="Mina", family_name="Park")
    mother = proxy_of(theo)
    client = browser(mother)
    proxy_of(mina, user=mother)
    for patient, other in ((theo, mina), (mina, theo), (theo, mina)):
        text = client.get(f"/portal/for/{patient.pk}/record").content.decode()
        assert patient.given_name in text
        assert other.given_name not in text
        assert str(other.pk) not in text


def test_pages_about_oneself_are_not_found_for_others(browser, theo) -> None:
    client = browser(proxy_of(theo))
    for page in ("people", "link", f"people/{uuid4()}/end"):
        assert client.get(f"/portal/for/{theo.pk}/{page}").status_code == 404


def test_who_acts_for_somebody_has_proven_a_second_factor(browser, theo) -> None:
    mother = proxy_of(theo)
    client = browser(mother)
    Session.objects.filter(user=mother).update(verified_at=None)
    answer = client.get(f"/portal/for/{theo.pk}/record", follow=True)
    assert answer.redirect_chain == [("/accounts/second-factor/", 302)]
    assert b"signs in with a code" in answer.content
    assert b"Theo" not in answer.content


def test_ones_own_pages_need_none_and_carry_no_banner(browser, theo) -> None:
    own = portal_user(theo)
    client = browser(own)
    Session.objects.filter(user=own).update(verified_at=None)
    answer = client.get("/portal/record")
    assert answer.status_code == 200
    assert b"acting for" not in answer.content


def test_no_audit_no_record(browser, theo, no_audit) -> None:
    page = browser(proxy_of(theo)).get(f"/portal/for/{theo.pk}/record")
    assert page.status_code == 503
    assert b"Theo" not in page.content


def test_who_has_no_record_of_their_own_is_shown_whom_they_act_for(browser, theo) -> None:
    answer = browser(proxy_of(theo)).get("/portal/", follow=True)
    assert answer.redirect_chain == [("/portal/people", 302)]
    assert b"Theo Delgado" in answer.content


def test_the_account_of_the_patient_is_out_of_reach(browser, theo) -> None:
    """A proxy changes the sign-in of nobody but themself (45 CFR 164.502(g); compliance row 12)."""
    own = portal_user(theo, email="theo@mail.example")
    mother = proxy_of(theo)
    text = browser(mother).get("/accounts/email/").content.decode()
    assert own.email not in text
    assert mother.email in text
    assert browser(mother).get(f"/portal/for/{theo.pk}/accounts/email/").status_code == 404
