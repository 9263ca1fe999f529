"""The sample clinic's conversations: every state, told once."""

from datetime import UTC, datetime, timedelta

import pytest

from healthcare.accounts.models import User
from patients.models import Patient
from records.demo import messages as demo
from records.models import Entry, Message, Pool, Thread
from tests.factories import (
    EntryFactory,
    MembershipFactory,
    PatientFactory,
    SiteFactory,
    UserFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> None:
    site = SiteFactory(time_zone="America/New_York")
    for role in ("nurse", "doctor", "front_desk", "administrator"):
        staff(role, site)
    for email in sorted({email for email, _about, _steps in demo.STORIES}):
        patient = PatientFactory(site=site)
        portal_user(patient, email=email)
        EntryFactory(patient=patient)


def tell() -> None:
    with taking_role("worker"):
        demo.tell()


def count(**wanted: object) -> int:
    with as_the_system():
        return Thread.objects.filter(**wanted).count()


def test_every_state_is_there_once_told(clinic) -> None:
    tell()
    tell()
    assert count() == len(demo.STORIES) >= 10
    assert count(status="closed") >= 2
    assert count(urgent=True) == 1
    assert count(status="new", waiting_since__isnull=False, taken_by=None) >= 3
    assert count(status="open", waiting_since__isnull=False, taken_by__isnull=False) >= 2
    assert count(status="open", waiting_since=None) >= 2
    assert count(status="asked") >= 1
    assert count(pool__isnull=False) == count()
    with as_the_system():
        assert set(Pool.objects.values_list("name", flat=True)) == {name for name, *_rest in demo.POOLS}
        assert Message.objects.filter(to_patient=True, read_at=None).exists()
        assert Entry.objects.filter(kind="conversation").count() == 1
        assert Thread.objects.get(category="result", status="open", started_by__email="grace.osei@mail.example").source
        assert set(Thread.objects.values_list("category", flat=True)) == set(Thread.Category)


def test_without_accounts_or_colleagues_little_is_told() -> None:
    tell()
    assert count() == 0
    UserFactory(email=demo.ROSA)
    tell()
    assert count() == 0, "an account without a record"
    portal_user(PatientFactory(), email=demo.JUNE)
    tell()
    assert count() == 2, "what the patient wrote, and nobody answers"


def test_the_oldest_colleague_of_the_site_answers(clinic) -> None:
    with as_the_system():
        patient = Patient.objects.select_related("site").order_by("pk").first()
    later = MembershipFactory(user=UserFactory(), site=patient.site, role="nurse").user
    found = demo.colleague(patient, "nurse")
    assert isinstance(found, User)
    assert found != later
    assert demo.colleague(patient, "pharmacist") is None


def test_steps_stand_on_working_days_on_the_clock_of_the_site() -> None:
    monday = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    assert demo.moment(3, "America/New_York", monday) == monday - timedelta(hours=3)
    assert demo.moment("1 9:40", "America/New_York", monday) == datetime(2026, 11, 20, 14, 40, tzinfo=UTC)
    assert demo.moment("6 16:05", "America/New_York", monday) == datetime(2026, 11, 13, 21, 5, tzinfo=UTC)


def test_each_conversation_goes_forward_in_time() -> None:
    now = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    for _email, _about, steps in demo.STORIES:
        moments = [demo.moment(when, "America/New_York", now) for _who, when, _text in steps]
        assert moments == sorted(moments)
        assert moments[-1] < now
