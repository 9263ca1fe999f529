"""`manage.py issue_token`: for operators and tests, by name, short, and in the audit."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from healthcare.api.tokens import authenticate, read
from tests.accounts.conftest import audited, colleague, person
from tests.factories import CareRelationshipFactory, MembershipFactory, PatientFactory, portal_user, staff
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


def issue(email: str, scopes: str = "read", **options: Any) -> str:
    out = StringIO()
    with taking_role("worker"):
        call_command("issue_token", email, scopes=scopes, stdout=out, **options)
    return out.getvalue().strip()


def test_it_prints_a_token_that_works_for_half_an_hour() -> None:
    doctor = staff("doctor")
    token = issue(doctor.email.upper(), "clinical.read schedule.write")
    user, claims = authenticate(token, now=timezone.now())
    assert (user, user.acting_role) == (doctor, "doctor")
    assert claims.scopes == {"clinical.read", "schedule.write"}
    assert claims.expires_at - claims.issued_at == timedelta(minutes=30)
    assert claims.signed_in_at is None
    event = audited("api.issue_token")[0]
    assert (event.actor_id, event.purpose, event.target_id) == (None, "issue_token", doctor.pk)
    assert event.detail["token"] == claims.token_id
    assert event.detail["signed_in"] is False


def test_a_sign_in_is_feigned_only_when_asked_for_and_noted() -> None:
    """Signing a prescription asks for a sign-in of the last five minutes; by default an operator's token has none."""
    claims = read(issue(staff("doctor").email, signed_in_now=True))
    assert claims.signed_in_at == claims.issued_at
    assert audited("api.issue_token")[0].detail["signed_in"] is True


def test_a_patients_token_names_their_record() -> None:
    patient = PatientFactory()
    assert read(issue(portal_user(patient).email)).patient_id == patient.pk
    proxy = CareRelationshipFactory(patient=patient, kind="proxy", role="patient").user
    claims = read(issue(proxy.email))
    assert (claims.role, claims.patient_id) == ("patient", None)


def test_who_holds_several_roles_is_asked_as_which() -> None:
    user = colleague("doctor")
    MembershipFactory(user=user, role="nurse")
    with pytest.raises(CommandError, match="--role: this person holds nurse, doctor"):
        issue(user.email)
    assert read(issue(user.email, role="nurse")).role == "nurse"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"role": "administrator"}, "does not hold the role administrator"),
        ({"scopes": "everything"}, "The scopes are some of these: read write identity.read"),
        ({"scopes": " "}, "The scopes are some of these"),
        ({"minutes": 0}, "from 1 minute to 24 hours"),
        ({"minutes": -5}, "from 1 minute to 24 hours"),
        ({"minutes": 1441}, "from 1 minute to 24 hours"),
    ],
    ids=str,
)
def test_it_refuses_with_a_sentence(options: dict[str, Any], sentence: str) -> None:
    email = staff("doctor").email
    with pytest.raises(CommandError, match=sentence):
        issue(email, **options)
    assert not audited("api.issue_token")


def test_it_refuses_who_is_not_there_or_no_longer() -> None:
    with pytest.raises(CommandError, match="no active account"):
        issue("nobody@clinic.example")
    with pytest.raises(CommandError, match="holds no role here, and has no record"):
        issue(person().email)
    user = staff("doctor")
    with as_the_system():
        user.is_active, user.deactivated_at = False, timezone.now()
        user.save(update_fields=["is_active", "deactivated_at"])
    with pytest.raises(CommandError, match="no active account"):
        issue(user.email)


def test_a_day_is_the_longest() -> None:
    assert issue(staff("doctor").email, minutes=1440)
