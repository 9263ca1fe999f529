"""Roles and teams edited by administrators: previewed, explained, written down, and counting from the next request."""

import html
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from healthcare.accounts import actions
from healthcare.accounts.access import NotAllowed, can, permissions_of
from healthcare.accounts.events import TeamChanged
from healthcare.accounts.models import RightsChange, RoleEdit, Team
from healthcare.accounts.permissions import DESCRIPTIONS, Permission, Scope
from healthcare.accounts.rights import doors_by_permission, get_effects, get_rights_of_role, get_roles
from healthcare.accounts.roles import ROLES
from healthcare.accounts.rules import BOUND, Fixed, needed_scope, why_fixed
from healthcare.db.context import acting_as
from tests.accounts.conftest import audited, colleague, give_device, only, person, sign_in
from tests.factories import RightsChangeFactory, RoleEditFactory, SiteFactory, staff

pytestmark = pytest.mark.django_db
REGISTER, GRANT, CLINICAL = Permission.REGISTER_PATIENT, Permission.GRANT_ACCESS, Permission.READ_CLINICAL


@pytest.fixture
def admin() -> Any:
    return colleague("administrator")


def edit(by: Any, role: str = "front_desk", **change: Any) -> RightsChange | None:
    with acting_as(by):
        return actions.edit_role(by=by, role=role, reason=change.pop("reason", "As the clinic decided"), **change)


def words_of(response: Any) -> str:
    return html.unescape(response.content.decode())


# == The verb ==
def test_an_edit_says_who_when_and_why(admin: Any) -> None:
    change = edit(admin, add=[GRANT], take=[REGISTER], reason="Registration moved to the nurses")
    assert change is not None
    assert (change.added, change.taken) == (["patients.grant_access"], ["patients.register"])
    assert (change.made_by, change.reason) == (admin, "Registration moved to the nurses")
    assert audited("accounts.edit_role")[0].detail == {
        "role": "front_desk",
        "added": ["patients.grant_access"],
        "taken": ["patients.register"],
    }


def test_an_edit_that_changes_nothing_leaves_no_line(admin: Any) -> None:
    assert edit(admin, add=[REGISTER]) is None
    assert edit(admin, take=[GRANT]) is None
    assert not RightsChange.objects.exists()
    assert audited("accounts.edit_role") == []


def test_what_was_taken_is_given_back(admin: Any) -> None:
    edit(admin, take=[REGISTER])
    assert not can(staff("front_desk"), REGISTER)
    edit(admin, add=[REGISTER])
    assert can(staff("front_desk"), REGISTER)
    assert RightsChange.objects.count() == 2


@pytest.mark.parametrize(
    ("role", "permission", "held", "why"),
    [
        ("administrator", Permission.MANAGE_ACCOUNTS, False, Fixed.LOCKED_OUT),
        ("administrator", CLINICAL, True, Fixed.NO_CHART),
        ("administrator", Permission.OPEN_CHART, True, Fixed.NO_CHART),
        ("administrator", Permission.SEARCH_PATIENTS, True, Fixed.NO_CHART),
        ("privacy_officer", Permission.READ_MEDICATIONS, True, Fixed.NO_CHART),
        ("researcher", Permission.RECEIVE_ALERTS, True, Fixed.NO_CHART),
        ("front_desk", CLINICAL, True, Fixed.OUT_OF_SCOPE),
        ("front_desk", Permission.PRESCRIBE, True, Fixed.OUT_OF_SCOPE),
        ("billing", Permission.MESSAGE_PATIENTS, True, Fixed.OUT_OF_SCOPE),
        ("front_desk", Permission.MANAGE_ACCOUNTS, True, Fixed.BOUND),
        ("doctor", Permission.READ_AUDIT, True, Fixed.BOUND),
        ("doctor", Permission.OWN_RECORD, True, Fixed.BOUND),
        ("patient", Permission.OWN_RECORD, False, Fixed.PATIENT),
        ("patient", Permission.OPEN_CHART, True, Fixed.PATIENT),
        ("doctor", Permission.SIGN_IN_WITHOUT_CODE, True, Fixed.STAFF),
    ],
)
def test_what_is_not_to_be_edited_is_refused_and_explained(
    admin: Any, role: str, permission: Permission, held: bool, why: Fixed
) -> None:
    assert why_fixed(role, permission, held=held) is why
    with pytest.raises(NotAllowed):
        edit(admin, role, **{"add" if held else "take": [permission]})
    assert not RoleEdit.objects.exists()


def test_a_role_that_does_not_exist_is_refused(admin: Any) -> None:
    with pytest.raises(NotAllowed):
        edit(admin, "king", add=[REGISTER])


@pytest.mark.parametrize("role", [role for role in ROLES if not ROLES[role].scopes])
def test_no_edit_opens_anything_of_a_patient_to_who_has_no_chart(role: str) -> None:
    """Also a row that got into the table past the verb gives nothing."""
    for permission in Permission:
        RoleEditFactory(role=role, permission=permission.value, held=True)
    given = permissions_of(staff(role)) - ROLES[role].permissions
    assert all(needed_scope(permission) is None for permission in given)


def test_no_row_of_edits_locks_administrators_out() -> None:
    for permission in Permission:
        RoleEditFactory(role="administrator", permission=permission.value, held=False)
    assert permissions_of(staff("administrator")) == {Permission.MANAGE_ACCOUNTS}


def test_history_is_signed_for_and_never_changed(admin: Any) -> None:
    other = colleague("administrator")
    row = RightsChange(role="nurse", added=[], taken=["patients.register"], reason="x", made_by=other)
    with acting_as(admin), pytest.raises(DatabaseError), transaction.atomic():
        row.save(force_insert=True)
    RightsChangeFactory()
    for change in (lambda: RightsChange.objects.update(reason="y"), RightsChange.objects.all().delete):
        with acting_as(admin), pytest.raises(DatabaseError), transaction.atomic():
            change()


# == From the next request on ==
def test_an_edit_counts_from_the_next_page_of_who_is_signed_in(admin: Any) -> None:
    desk = sign_in(colleague("front_desk"))
    register = reverse("patients:register")
    assert desk.get(register).status_code == 200
    edit(admin, take=[REGISTER])
    assert desk.get(register).status_code == 403
    edit(admin, add=[REGISTER])
    assert desk.get(register).status_code == 200


def test_an_edit_counts_from_the_next_request_of_a_token(admin: Any, api: Any) -> None:
    """Opening charts was taken: the program that acts for her is refused by the same token, at once."""
    nurse = api(staff("nurse"))
    assert nurse.get("/v1/patients").status_code == 200
    edit(admin, "nurse", take=[Permission.OPEN_CHART, Permission.SEARCH_PATIENTS])
    assert nurse.get("/v1/patients").status_code == 403


def test_the_edit_comes_with_the_session(django_assert_num_queries: Any) -> None:
    """No query more than without."""
    nurse = colleague("nurse")
    RoleEditFactory(role="nurse", permission="patients.open_chart", held=False)
    user = sign_in(nurse).get("/").wsgi_request.user
    with django_assert_num_queries(0):
        assert not can(user, Permission.OPEN_CHART)


# == Teams ==
def test_a_team_is_narrowed_and_widened_within_what_its_role_can_hold(admin: Any, announced: Any) -> None:
    team = Team.objects.get(site=SiteFactory(), role="front_desk")
    with acting_as(admin):
        actions.change_team(by=admin, team=team, reason="Bills are for billing", take=[Scope.BILLING, Scope.CLINICAL])
        actions.change_team(by=admin, team=team, reason="Nothing new", add=[Scope.IDENTITY])
        with pytest.raises(NotAllowed, match="never see"):
            actions.change_team(by=admin, team=team, reason="All", add=[Scope.CLINICAL])
    team.refresh_from_db()
    assert team.scopes == ["identity", "message", "schedule"]
    assert only(TeamChanged, announced()) == [TeamChanged(team_id=team.pk, site_id=team.site_id)]
    assert [(change.team, change.taken) for change in RightsChange.objects.order_by("pk")] == [(team, ["billing"])]
    assert audited("accounts.change_team")[0].target_id == team.pk


def test_a_page_of_a_team_previews_and_changes(admin: Any) -> None:
    team = Team.objects.get(site=SiteFactory(name="Harbor"), role="billing")
    browser, address = sign_in(admin), reverse("accounts:change_team", args=[team.pk])
    shown = words_of(browser.get(reverse("accounts:team", args=[team.pk])))
    assert "Billing, Harbor" in shown
    assert "never sees that part of a chart" in shown
    asked = words_of(browser.get(address, {"held": ["identity", "schedule"]}))
    assert "Bills and payments" in asked.partition("no more")[2]
    browser.post(address, {"take": "billing", "reason": "Another house does the billing"})
    team.refresh_from_db()
    assert team.scopes == ["identity", "schedule"]


# == The pages ==
def test_the_list_says_who_holds_what_and_what_was_edited(admin: Any) -> None:
    nurse = colleague("nurse")
    RoleEditFactory(role="nurse", permission="patients.register", held=False)
    RoleEditFactory(role="billing", permission="patients.open_chart", held=True)  # as delivered: no difference
    line = {line.role.slug: line for line in get_roles()}
    assert (line["nurse"].people, line["nurse"].edits, line["billing"].edits) == (1, 1, 0)
    shown = words_of(sign_in(admin).get(reverse("accounts:roles")))
    assert "1 permission" in shown
    assert nurse.full_name not in shown


def test_a_role_is_one_readable_page(admin: Any) -> None:
    edit(admin, "nurse", take=[REGISTER], reason="The front desk registers")
    shown = words_of(sign_in(admin).get(reverse("accounts:role", args=["nurse"])))
    for permission in ROLES["nurse"].permissions:
        assert str(DESCRIPTIONS[permission]) in shown
    assert "The front desk registers" in shown
    assert admin.full_name in shown
    assert "edited" in shown
    assert (
        shown.count("The database gives this to one other role alone.") == len(BOUND) - 1
    )  # how staff sign in has a sentence of its own


def test_a_preview_says_what_would_change_and_changes_nothing(admin: Any) -> None:
    sign_in(colleague("front_desk"))
    held = {permission.value for permission in ROLES["front_desk"].permissions} - {"patients.register"}
    browser, address = sign_in(admin), reverse("accounts:edit_role", args=["front_desk"])
    shown = words_of(browser.get(address, {"held": [*held, "patients.grant_access", "records.read", "no.such"]}))
    given, taken = shown.partition("no more")[0], shown.partition("no more")[2]
    assert str(DESCRIPTIONS[GRANT]) in given
    assert "/patients/…/access/grant" in given or "/patients/…/grant" in given
    assert str(DESCRIPTIONS[REGISTER]) in taken
    assert "/patients/register" in taken
    assert str(DESCRIPTIONS[CLINICAL]) not in shown
    assert "1 person holds this role. 1 browser is signed in with it now." in shown
    assert "nobody will be able to" in taken
    assert not RightsChange.objects.exists()


def test_a_preview_says_when_somebody_else_can_still_do_it(admin: Any) -> None:
    colleague("nurse")
    rights = get_rights_of_role(ROLES["front_desk"], admin.created_at)
    (effect,) = get_effects(rights, [REGISTER.value], taken=True)
    assert not effect.nobody_left


def test_nothing_to_change_is_said(admin: Any) -> None:
    browser, address = sign_in(admin), reverse("accounts:edit_role", args=["front_desk"])
    held = [permission.value for permission in ROLES["front_desk"].permissions]
    shown = words_of(browser.get(address, {"held": held}))
    assert "Nothing would change." in shown
    assert "Change it now" not in shown


def test_going_back_keeps_what_was_ticked(admin: Any) -> None:
    browser = sign_in(admin)
    shown = words_of(browser.get(reverse("accounts:role", args=["front_desk"]), {"held": ["patients.grant_access"]}))
    assert 'value="patients.grant_access" checked' in shown
    assert 'value="patients.register" checked' not in shown


def test_the_answer_changes_exactly_what_was_shown(admin: Any) -> None:
    """Another administrator's edit in between stays."""
    browser, address = sign_in(admin), reverse("accounts:edit_role", args=["front_desk"])
    edit(colleague("administrator"), add=[GRANT])
    without = browser.post(address, {"take": "patients.register", "reason": " "})
    assert without.status_code == 422
    assert 'name="take" value="patients.register"' in words_of(without)
    answer = browser.post(address, {"take": ["patients.register", "no.such"], "reason": "Nurses do it"}, follow=True)
    assert "from everybody's next page on" in words_of(answer)
    desk = staff("front_desk")
    assert can(desk, GRANT)
    assert not can(desk, REGISTER)


def test_what_is_fixed_is_refused_also_when_posted_by_hand(admin: Any) -> None:
    browser, address = sign_in(admin), reverse("accounts:edit_role", args=["administrator"])
    answer = browser.post(address, {"give": "records.read", "reason": "Curious"}, follow=True)
    assert "cannot be edited" in words_of(answer)
    assert not RoleEdit.objects.exists()


def test_a_change_wants_a_fresh_proof_of_who_asks(admin: Any) -> None:
    browser = sign_in(admin, stepped_up=False)
    assert browser.get(reverse("accounts:edit_role", args=["nurse"])).status_code == 302
    browser.post(reverse("accounts:edit_role", args=["nurse"]), {"take": "patients.register", "reason": "x"})
    assert not RoleEdit.objects.exists()


def test_there_is_no_page_of_a_role_that_does_not_exist(admin: Any) -> None:
    assert sign_in(admin).get(reverse("accounts:role", args=["king"])).status_code == 404


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"administrator", "patient"}))
def test_the_pages_are_for_administrators_alone(role: str) -> None:
    browser = sign_in(colleague(role))
    team = Team.objects.order_by("pk")[0]
    places = [
        ("roles", []),
        ("role", ["nurse"]),
        ("edit_role", ["nurse"]),
        ("team", [team.pk]),
        ("change_team", [team.pk]),
    ]
    for name, arguments in places:
        assert browser.get(reverse(f"accounts:{name}", args=arguments)).status_code == 403
        assert browser.post(reverse(f"accounts:{name}", args=arguments), {"reason": "x"}).status_code == 403


def test_every_permission_of_staff_leads_to_a_door() -> None:
    doors = doors_by_permission()
    assert "GET /v1/patients" in doors[Permission.OPEN_CHART]
    assert all(doors.get(permission) for permission in ROLES["nurse"].permissions - {GRANT})


# == A code for patients, too (feature 6) ==
def test_patients_without_a_code_set_one_up_from_the_next_page_on(admin: Any) -> None:
    rosa = person()
    browser = sign_in(rosa, verified=False)
    account = reverse("accounts:account")
    assert browser.get(account).status_code == 200
    edit(admin, "patient", take=[Permission.SIGN_IN_WITHOUT_CODE], reason="The insurer asks for it")
    answer = browser.get(account)
    assert (answer.status_code, answer["Location"]) == (302, reverse("accounts:continue"))
    assert browser.get(reverse("accounts:continue"))["Location"].startswith(reverse("accounts:enrol"))
    edit(admin, "patient", add=[Permission.SIGN_IN_WITHOUT_CODE], reason="Too many calls")
    assert browser.get(account).status_code == 200


def test_patients_with_a_code_go_on_and_cannot_switch_it_off(admin: Any) -> None:
    rosa = person()
    give_device(rosa)
    browser = sign_in(rosa)
    account = reverse("accounts:account")
    assert "Sign in without a code" in words_of(browser.get(account))
    edit(admin, "patient", take=[Permission.SIGN_IN_WITHOUT_CODE])
    assert "Sign in without a code" not in words_of(browser.get(account))
    answer = browser.post(reverse("accounts:remove_second_factor"), follow=True)
    assert "Your role signs in with a code" in words_of(answer)


# == Roles of one person ==
def test_what_a_role_opens_is_shown_before_it_is_given(admin: Any) -> None:
    doctor, site = colleague("doctor", full_name="Aaron Feld"), SiteFactory(name="Harbor")
    browser, address = sign_in(admin), reverse("accounts:grant", args=[doctor.pk])
    shown = words_of(browser.get(address, {"site": site.pk, "role": "nurse"}))
    assert "Make Aaron Feld a Nurse at Harbor?" in shown
    assert str(DESCRIPTIONS[Permission.RECORD_VITALS]) in shown
    assert str(DESCRIPTIONS[Permission.PRESCRIBE]) not in shown
    assert not doctor.memberships.current().filter(role="nurse").exists()
    assert browser.get(address, {"role": "king"}).status_code == 422
    browser.post(address, {"site": site.pk, "role": "nurse"})
    assert doctor.memberships.current().filter(role="nurse", site=site).exists()


def test_what_ends_with_a_role_is_shown_before_it_ends(admin: Any) -> None:
    doctor = colleague("doctor")
    membership = doctor.memberships.get()
    browser, address = sign_in(admin), reverse("accounts:end_membership", args=[doctor.pk, membership.pk])
    shown = words_of(browser.get(address))
    assert str(DESCRIPTIONS[Permission.PRESCRIBE]) in shown.partition("no more")[2]
    assert "Nobody else holds this role at this site." in shown
    assert membership in doctor.memberships.current()
    colleague("doctor", site=membership.site)
    assert "Nobody else" not in words_of(browser.get(address))
    browser.post(address)
    assert not doctor.memberships.current().exists()


def test_ones_own_role_is_for_another_administrator_to_end(admin: Any) -> None:
    own = admin.memberships.get()
    shown = words_of(sign_in(admin).get(reverse("accounts:end_membership", args=[admin.pk, own.pk])))
    assert "ask another administrator" in shown
    assert "End it now" not in shown
