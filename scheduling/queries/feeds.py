"""What a secret address of a calendar leads to. Nobody is signed in there: two named functions pass the wall."""

import hashlib
from dataclasses import astuple, dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from healthcare.accounts.models import Provider, User
from patients.models import Patient
from scheduling.models import PatientFeed, ProviderFeed

FORMAT = "2"  # of the files: another one makes every calendar read anew


@dataclass(frozen=True)
class Feed:
    """`patient_id` is whose visits they are; None for a provider's. `own` is whether the patient reads them."""

    pk: UUID
    patient_id: UUID | None
    own: bool


@dataclass(frozen=True)
class FeedVisit:
    """When, and at which site; nothing else leaves the database. `kind` is visit, group, or busy: blocked time of a
    provider, wherever they are then.
    """

    pk: UUID
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    sequence: int
    cancelled: bool
    changed_at: datetime
    site: str
    line: str
    city: str
    state: str
    postal_code: str
    kind: str


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def find_feed(secret: str) -> Feed | None:
    """None where there is no such address, it has ended, or its owner may no longer see what it shows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT feed, patient, own FROM app.calendar_feed(%s)", [digest_of(secret)])
        row = cursor.fetchone()
    return Feed(*row) if row else None


def visits_of_feed(secret: str) -> list[FeedVisit]:
    """By time: from thirty days back, those that stand, and those cancelled within the last thirty days; of a provider
    blocked time too, and a group once.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM app.calendar_visits(%s)", [digest_of(secret)])
        return [FeedVisit(*row) for row in cursor.fetchall()]


def version_of(feed: Feed, visits: list[FeedVisit], *more: str) -> str:
    """Another one whenever the file would be another; without making the file."""
    told = [FORMAT, feed.pk, *more, *(astuple(visit) for visit in visits)]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


# == For whom they belong to ==
def own_provider_feed(user: User, provider: Provider) -> ProviderFeed | None:
    return ProviderFeed.objects.visible_to(user).open().filter(provider=provider, owner=user).first()


def own_patient_feed(user: User, patient: Patient) -> PatientFeed | None:
    found: PatientFeed | None = PatientFeed.objects.visible_to(user).open().filter(patient=patient).first()
    return found
