"""What is known of a person besides the registration."""

from datetime import date

import factory
from django.utils import timezone

from patients.models import (
    Address,
    ContactPoint,
    ContactPreference,
    DeathReport,
    LetterWish,
    PatientName,
    ProposedChange,
    RelatedPerson,
    SelfRegistration,
)
from patients.rules import Demographics
from patients.rules.registrations import Told, as_text
from tests.factories.ground import Factory, PatientFactory, UserFactory

__all__ = [
    "AddressFactory",
    "ContactPointFactory",
    "ContactPreferenceFactory",
    "DeathReportFactory",
    "LetterWishFactory",
    "PatientNameFactory",
    "ProposedChangeFactory",
    "RelatedPersonFactory",
    "SelfRegistrationFactory",
]


class DetailFactory(Factory):
    class Meta:
        abstract = True

    patient = factory.SubFactory(PatientFactory)
    added_by = factory.SubFactory(UserFactory)


class PatientNameFactory(DetailFactory):
    class Meta:
        model = PatientName

    use = "maiden"
    given_name = "Rosa"
    family_name = "Ferreira"


class AddressFactory(DetailFactory):
    class Meta:
        model = Address

    use = "work"
    line = "3 Mill Street"
    city = "Worcester"
    state = "MA"
    postal_code = "01608"


class ContactPointFactory(DetailFactory):
    class Meta:
        model = ContactPoint

    system = "phone"
    use = "work"
    value = factory.Sequence(lambda n: f"+1508555{n % 10000:04d}")


class RelatedPersonFactory(DetailFactory):
    class Meta:
        model = RelatedPerson

    name = "Ana Delgado"
    relation = "sibling"
    phone = "+15085550188"
    emergency = True


class ContactPreferenceFactory(DetailFactory):
    class Meta:
        model = ContactPreference

    channel = "email"
    purpose = "visits"
    allowed = False
    method = "in_person"


class LetterWishFactory(DetailFactory):
    class Meta:
        model = LetterWish

    topic = "messages"
    how = "daily"
    method = "in_person"


class DeathReportFactory(Factory):
    """The row alone: the patient's own mark is `deceased` of the patient."""

    class Meta:
        model = DeathReport

    patient = factory.SubFactory(PatientFactory)
    source = "family"
    reported_by = factory.SubFactory(UserFactory)


class ProposedChangeFactory(Factory):
    """One that waits."""

    class Meta:
        model = ProposedChange

    patient = factory.SubFactory(PatientFactory)
    field = "city"
    value = "Boston"
    proposed_by = factory.SubFactory(UserFactory)


class SelfRegistrationFactory(Factory):
    """One that was confirmed and waits; `told` may be given as it is, or as a text."""

    class Meta:
        model = SelfRegistration

    state = "waiting"
    confirmed_at = factory.LazyFunction(timezone.now)
    told = Told(
        Demographics(
            given_name="Ngozi",
            family_name="Applegate",
            birth_date=date(1991, 4, 2),
            sex="female",
            email="ngozi@mail.example",
            phone="+15085550166",
        ),
        language="es",
    )

    @classmethod
    def _create(cls, model_class: type, *args: object, **kwargs: object) -> object:
        if isinstance(told := kwargs["told"], Told):
            kwargs["told"] = as_text(told)
        return super()._create(model_class, *args, **kwargs)
