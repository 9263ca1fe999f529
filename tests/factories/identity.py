"""Numbers, families and possible duplicates."""

import factory

from patients.models import DuplicatePair, PatientIdentifier, PatientLink, SiteNumbers
from tests.factories.ground import Factory, PatientFactory, SiteFactory

__all__ = ["DuplicatePairFactory", "PatientIdentifierFactory", "PatientLinkFactory", "SiteNumbersFactory"]


class PatientIdentifierFactory(Factory):
    class Meta:
        model = PatientIdentifier

    patient = factory.SubFactory(PatientFactory)
    system = "Riverside Hospital"
    value = factory.Sequence(lambda n: f"RH-{n:06}")


class PatientLinkFactory(Factory):
    """One of the two rows: `other` is the patient's sibling."""

    class Meta:
        model = PatientLink

    patient = factory.SubFactory(PatientFactory)
    other = factory.SubFactory(PatientFactory)
    relation = "sibling"


class DuplicatePairFactory(Factory):
    """One that nobody has looked at yet."""

    class Meta:
        model = DuplicatePair

    patient = factory.SubFactory(PatientFactory)
    other = factory.SubFactory(PatientFactory)
    weight = 12.0


class SiteNumbersFactory(Factory):
    class Meta:
        model = SiteNumbers

    site = factory.SubFactory(SiteFactory)
    prefix = "WOR"
