"""Secret addresses for calendars: made, renewed and ended by whom the visits are, and with their account."""

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from patients.models import Patient
from scheduling.access import check_can_book, check_can_read_along
from scheduling.actions.claims import lock_in_order
from scheduling.models import PatientFeed, ProviderFeed
from scheduling.queries.feeds import Feed, digest_of, own_provider_feed

SECRET_BYTES = 32


@transaction.atomic
def make_provider_feed(*, by: User, provider: Provider, now: datetime) -> str:
    """A new secret for the address; the one before ends. Nobody can be told it a second time.

    Raises NotAllowed for somebody else's visits.
    """
    check_can_read_along(by, provider)
    with lock_in_order([provider.pk]):
        _end(ProviderFeed.objects.visible_to(by).open().filter(provider=provider), now)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        feed = ProviderFeed(owner=by, provider=provider, digest=digest_of(secret))
        feed.save(force_insert=True)
        record("scheduling.make_feed", by=by, target=feed)
        return secret


@transaction.atomic
def end_provider_feed(*, by: User, provider: Provider, now: datetime) -> bool:
    """Whether there was one. Raises NotAllowed."""
    check_can_read_along(by, provider)
    feed = own_provider_feed(by, provider)
    if feed is None:
        return False
    _end(ProviderFeed.objects.filter(pk=feed.pk), now)
    record("scheduling.end_feed", by=by, target=feed)
    return True


@transaction.atomic
def make_patient_feed(*, by: User, patient: Patient, now: datetime) -> str:
    """As `make_provider_feed`, of a patient whom one sees in the portal. Raises NotAllowed and NotInScope."""
    _check_own(by, patient)
    with lock_in_order([f"{by.pk}:{patient.pk}"]):
        _end(PatientFeed.objects.visible_to(by).open().filter(patient=patient), now)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        feed = PatientFeed(owner=by, patient=patient, digest=digest_of(secret))
        feed.save(force_insert=True)
        record("scheduling.make_feed", by=by, patient_id=patient.pk, target=feed)
        return secret


@transaction.atomic
def end_patient_feed(*, by: User, patient: Patient, now: datetime) -> bool:
    """Whether there was one. Raises NotAllowed and NotInScope."""
    _check_own(by, patient)
    ended = _end(PatientFeed.objects.visible_to(by).open().filter(patient=patient), now)
    for feed in ended:
        record("scheduling.end_feed", by=by, patient_id=patient.pk, target=feed)
    return bool(ended)


@transaction.atomic
def end_feeds_of_who_left(*, by: None = None, user_id: UUID, now: datetime) -> int:
    """The addresses of an account that was closed; they led nowhere from that moment on. Returns how many."""
    ended = _end(ProviderFeed.objects.open().filter(owner_id=user_id), now)
    for feed in ended:
        record("scheduling.end_feed", by=by, target=feed)
    of_patients = _end(PatientFeed.objects.open().filter(owner_id=user_id), now)
    for feed in of_patients:
        record("scheduling.end_feed", by=by, patient_id=feed.patient_id, target=feed)
    return len(ended) + len(of_patients)


def read_feed(*, by: None = None, feed: Feed) -> None:
    """Say that a program reads the visits, before any is shown. Raises AuditUnavailable: then show nothing."""
    kind = "scheduling.patientfeed" if feed.patient_id else "scheduling.providerfeed"
    record_now("scheduling.read_feed", by=by, patient_id=feed.patient_id, target=(kind, feed.pk))


# == Steps ==
def _check_own(by: User, patient: Patient) -> None:
    check_can(by, Permission.OWN_RECORD)
    check_can_book(by, patient)


def _end(feeds: "QuerySet[Any]", now: datetime) -> list[Any]:
    found = list(feeds.order_by("pk").select_for_update(of=("self",)))
    for feed in found:
        feed.ended_at = now
        feed.save(update_fields=["ended_at", "updated_at"])
    return found
