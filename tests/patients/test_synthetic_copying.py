"""Tables are laid open for a COPY and put back as they were; what does not fit is refused then."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Model
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Membership, Site, User
from healthcare.db.uuids import moment_of
from healthcare.ops.loading import SCHEMA
from patients.models import Patient
from patients.synthetic.copying import Keys, Sheets, Tally, laid_open
from patients.synthetic.plan import milliseconds
from records.models import Entry
from scheduling.models import Resource, TimeClaim
from tests.factories import ProviderFactory, ResourceFactory, SiteFactory, UserFactory
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)
CLAIM = {TimeClaim: "resource_id blocked kind hold_until"}


@pytest.fixture(autouse=True)
def _as_owner() -> Iterator[None]:
    with taking_role("owner"):
        yield


@pytest.fixture
def resource() -> Resource:
    with as_the_system():
        made: Resource = ResourceFactory(provider=ProviderFactory())
    return made


def schema() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        return {row[0] for row in cursor.fetchall()}


def copy(sheets: Sheets, lines: list[str]) -> None:
    with sheets:
        for batch in sheets.batches(iter(lines), 2):
            sheets[TimeClaim].extend(batch)


def hold(keys: Keys, resource: Resource, hour: int, *, length: int = 1) -> str:
    start = NOW + timedelta(hours=hour)
    span = f"[{start.isoformat()},{(start + timedelta(hours=length)).isoformat()})"
    at = NOW.isoformat()
    return f"{keys.key(milliseconds(NOW))}\t{at}\t{at}\t{resource.pk}\t{span}\thold\t{at}"


# == Laying open ==
@pytest.mark.parametrize("tables", [(TimeClaim,), (Patient,), (Entry,), (TimeClaim, Patient, Entry)])
def test_everything_is_put_back(tables: tuple[type[Model], ...]) -> None:
    before, tally = schema(), Tally()
    with laid_open(*tables, tally=tally):
        assert len(schema()) < len(before)
    assert schema() == before
    assert set(tally) == {table._meta.db_table for table in tables}


def test_what_is_to_stay_stays() -> None:
    with laid_open(Patient, keep=("fold_name", "patient_by_name")):
        during = schema()
    assert any("CREATE INDEX patient_by_name" in line for line in during)
    assert not any("CREATE INDEX patient_by_birth_date" in line for line in during)
    assert [line[17] for line in sorted(during) if line.startswith("patients_patient ") and "TRIGGER" in line] == [
        "O" if "fold_name" in line else "D"
        for line in sorted(during)
        if line.startswith("patients_patient ") and "TRIGGER" in line
    ]


def test_rows_that_fit_come_in(resource: Resource) -> None:
    keys, tally = Keys("one"), Tally()
    with laid_open(TimeClaim, tally=tally):
        copy(Sheets(CLAIM, tally), [hold(keys, resource, hour) for hour in range(5)])
    rows = TimeClaim.objects.order_by("blocked")
    assert [row.blocked.lower.hour for row in rows] == [15, 16, 17, 18, 19]
    assert {(row.lane, row.reason) for row in rows} == {(0, "")}, "the defaults of the fields"
    assert tally["scheduling_timeclaim"][0] == 5


def test_an_overlap_is_refused_as_the_constraint_comes_back(resource: Resource) -> None:
    keys = Keys("two")
    lines = [hold(keys, resource, 0, length=2), hold(keys, resource, 1)]
    with pytest.raises(IntegrityError, match="claim_no_overlap"), transaction.atomic(), laid_open(TimeClaim):
        copy(Sheets(CLAIM, {}), lines)


def test_a_row_of_nothing_is_refused_as_the_key_comes_back(resource: Resource) -> None:
    lost = Resource(pk=uuid.uuid4())
    with pytest.raises(IntegrityError, match="resource"), transaction.atomic(), laid_open(TimeClaim):
        copy(Sheets(CLAIM, {}), [hold(Keys("three"), lost, 0)])


def test_checks_of_a_row_stand_all_the_time(resource: Resource) -> None:
    line = hold(Keys("four"), resource, 0).replace("hold", "block")
    with pytest.raises(Exception, match="claim_"), transaction.atomic(), laid_open(TimeClaim):
        copy(Sheets(CLAIM, {}), [line])


def test_nobody_but_the_owner_can() -> None:
    refused = pytest.raises(DatabaseError, match="must be owner")
    with taking_role("worker"), refused, transaction.atomic(), laid_open(TimeClaim):
        pass


def test_a_forced_wall_refuses_a_copy() -> None:
    """Why the wall is not forced meanwhile."""
    refused = pytest.raises(Exception, match="row-level security")
    with refused, transaction.atomic(), Sheets({Patient: "mrn"}, {}) as sheets:
        sheets[Patient].append("")


# == Lines ==
def test_a_row_is_written_as_it_is(resource: Resource) -> None:
    with as_the_system():
        user: User = UserFactory()
    site = SiteFactory.build(name="Tab\tand\nline\\end", line="Ünder — 12")
    site.created_at = site.updated_at = NOW
    span = TimestamptzRange(NOW, None)
    with (
        laid_open(Site, Membership),
        Sheets({Site: "name slug line", Membership: "user_id site_id role validity"}, {}) as sheets,
    ):
        sheets.add(site)
        member = Membership(user=user, site=site, role="doctor", created_at=NOW, updated_at=NOW)
        member.validity = f"[{span.lower.isoformat()},)"
        sheets.add(member)
    found = Site.objects.get(pk=site.pk)
    assert (found.name, found.line, found.closed_at, found.time_zone) == (
        site.name,
        site.line,
        None,
        "America/New_York",
    )
    assert Membership.objects.get(site=found).validity == span


def test_each_batch_is_there_before_the_next_is_read(resource: Resource) -> None:
    keys, seen = Keys("five"), []

    def rows() -> Iterator[int]:
        for hour in range(6):
            if hour % 2 == 0:
                seen.append(TimeClaim.objects.count())
            yield hour

    with laid_open(TimeClaim), Sheets(CLAIM, {}) as sheets:
        for batch in sheets.batches(rows(), 2, reads=True):
            sheets[TimeClaim].extend(hold(keys, resource, hour) for hour in batch)
    assert seen == [0, 0, 2], "one batch is worked on while the one before is copied"
    assert TimeClaim.objects.count() == 6


def test_a_bar_is_moved_by_what_is_copied(resource: Resource) -> None:
    moved: list[int] = []

    class Bar:
        def update(self, count: int) -> None:
            moved.append(count)

    keys = Keys("six")
    with laid_open(TimeClaim):
        copy(Sheets(CLAIM, {}, Bar()), [hold(keys, resource, hour) for hour in range(3)])
    assert moved == [2, 1]


def test_without_rows_nothing_happens() -> None:
    with laid_open(TimeClaim):
        copy(Sheets(CLAIM, {}), [])
    assert not TimeClaim.objects.exists()


# == Keys ==
def test_keys_are_uuids_of_their_moment() -> None:
    keys, moment = Keys("one"), milliseconds(NOW)
    made = [uuid.UUID(keys.key(moment + step)) for step in range(100)]
    assert made == sorted(made)
    assert {(key.version, key.variant) for key in made} == {(7, uuid.RFC_4122)}
    assert moment_of(made[0]) == NOW
    assert len(set(made)) == 100


def test_one_seed_makes_one_chance() -> None:
    def draw(seed: str) -> list[Any]:
        keys = Keys(seed)
        return [keys.key(0), keys.choice(range(1000)), keys.randint(1, 6), keys.sample(range(50), 3), keys.gauss(0, 1)]

    assert draw("a") == draw("a") != draw("b")


def test_chance_is_even() -> None:
    keys = Keys("even")
    thrown = [keys.randint(1, 6) for _throw in range(6000)]
    assert set(thrown) == {1, 2, 3, 4, 5, 6}
    assert all(850 < thrown.count(face) < 1150 for face in range(1, 7))
