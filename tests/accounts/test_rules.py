from hypothesis import given
from hypothesis import strategies as st

from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import PATIENT, ROLES
from healthcare.accounts.rules import BOUND, FIXED, Step, edited, masked_address, may_edit, next_step

ROLE_SETS = st.sets(st.sampled_from(sorted(ROLES)), min_size=1)
EDITS = st.dictionaries(st.sampled_from([p.value for p in Permission] + ["no.such"]), st.booleans())


@given(roles=ROLE_SETS, has_device=st.booleans(), verified=st.booleans(), acting=st.sampled_from(["", *ROLES]))
def test_nobody_is_done_without_role_and_proof(roles: set[str], has_device: bool, verified: bool, acting: str) -> None:
    step = next_step(roles=roles, has_device=has_device, verified=verified, acting_role=acting)
    if step is Step.DONE:
        assert acting in roles
        assert verified or (roles == {PATIENT} and not has_device)
    if verified:
        assert step in {Step.ROLE, Step.DONE}


@given(has_device=st.booleans())
def test_staff_are_always_asked(has_device: bool) -> None:
    step = next_step(roles=["nurse", PATIENT], has_device=has_device, verified=False, acting_role="nurse")
    assert step is (Step.CODE if has_device else Step.ENROL)


@given(has_device=st.booleans(), verified=st.booleans())
def test_patients_are_asked_where_administrators_said_so(has_device: bool, verified: bool) -> None:
    asked = {"roles": [PATIENT], "has_device": has_device, "verified": verified, "acting_role": PATIENT}
    assert next_step(**asked) is (Step.CODE if has_device and not verified else Step.DONE)
    step = next_step(**asked, without_code=False)
    assert step is (Step.DONE if verified else Step.CODE if has_device else Step.ENROL)


@given(role=st.sampled_from(sorted(ROLES)), edits=EDITS)
def test_edits_add_and_take_within_bounds(role: str, edits: dict[str, bool]) -> None:
    held, delivered = edited(role, edits), ROLES[role].permissions
    for permission in Permission:
        wanted = edits.get(permission.value)
        if wanted is None or not may_edit(role, permission, held=wanted):
            assert (permission in held) == (permission in delivered)
        else:
            assert (permission in held) == wanted
    assert FIXED[1] in edited(FIXED[0], edits)
    assert edited(PATIENT, edits) | {Permission.SIGN_IN_WITHOUT_CODE} == ROLES[PATIENT].permissions


@given(edits=EDITS)
def test_what_the_database_gives_to_one_role_stays_there(edits: dict[str, bool]) -> None:
    for permission, only in BOUND.items():
        assert all(permission not in edited(role, edits) for role in ROLES if role != only)


def test_no_edits_is_as_delivered() -> None:
    assert all(edited(role, {}) == ROLES[role].permissions for role in ROLES)


def test_an_address_is_shown_to_be_known_again_and_no_more() -> None:
    assert masked_address("maren.okafor@alderstreet.example") == "m…r@alderstreet.example"
    assert masked_address("ab@x.example") == "a…@x.example"
    assert masked_address("a@x.example") == "a…@x.example"
