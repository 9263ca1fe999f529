"""What patients doubt, what is watched closely, what the rules found unusual, and what was merged."""

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone

from alerts.models import Anomaly, WatchEdit, WatchMark
from healthcare.db.uuids import uuid7
from patients.models import CloseWatch, Merge, PrivacyCase
from tests.factories.ground import Factory, PatientFactory, UserFactory
from tests.roles import taking_role

__all__ = [
    "AnomalyFactory",
    "CloseWatchFactory",
    "MergeFactory",
    "PrivacyCaseFactory",
    "WatchEditFactory",
    "WatchMarkFactory",
]


class PrivacyCaseFactory(Factory):
    """One that waits, asked just now."""

    class Meta:
        model = PrivacyCase

    patient = factory.SubFactory(PatientFactory)
    event_id = factory.LazyFunction(uuid7)
    doubt = "I was not at the clinic that day."
    opened_by = factory.SubFactory(UserFactory)
    opened_at = factory.LazyFunction(timezone.now)
    due_at = factory.LazyAttribute(lambda case: case.opened_at + timedelta(days=30))


class CloseWatchFactory(Factory):
    class Meta:
        model = CloseWatch

    patient = factory.SubFactory(PatientFactory)
    reason = "In the papers"
    placed_by = factory.SubFactory(UserFactory)


class MergeFactory(Factory):
    """The row alone, as no login but the owner can write it; whoever needs a merge merges by the verb."""

    class Meta:
        model = Merge

    patient = factory.SubFactory(PatientFactory)
    merged = factory.LazyFunction(uuid7)
    former_mrn = "000-00-0000"
    former_name = "Rosie Marsh"
    record: Any = factory.LazyFunction(dict)
    reason = "Same passport shown"
    merged_at = factory.LazyFunction(timezone.now)
    merged_by = factory.SubFactory(UserFactory)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        row = model_class(**kwargs)
        with taking_role("owner"):
            row.save(force_insert=True)
        return row


class AnomalyFactory(Factory):
    """One that waits for a review, found just now."""

    class Meta:
        model = Anomaly

    rule = "many_charts"
    person = factory.SubFactory(UserFactory)
    role = "nurse"
    since = factory.LazyAttribute(lambda found: found.found_at - timedelta(hours=1))
    until = factory.SelfAttribute("found_at")
    count = 61
    events = factory.LazyFunction(lambda: [uuid7()])
    occasion = factory.Sequence(lambda n: f"many_charts:{n}")
    found_at = factory.LazyFunction(timezone.now)
    due_at = factory.LazyAttribute(lambda found: found.found_at + timedelta(hours=24))


class WatchEditFactory(Factory):
    class Meta:
        model = WatchEdit

    rule = "many_charts"
    at_least = 30
    minutes = 60
    made_by = factory.SubFactory(UserFactory)


class WatchMarkFactory(Factory):
    class Meta:
        model = WatchMark

    until = factory.LazyFunction(timezone.now)
