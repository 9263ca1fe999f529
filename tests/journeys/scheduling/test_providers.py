"""Nothing stands in the way of a reader on the pages of providers: axe, wide and narrow, with long names."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from psycopg.types.range import DateRange

from scheduling.pictures import square_of
from tests.factories import ProviderPhotoFactory, QualificationFactory, SiteFactory, bookable_provider, staff
from tests.patients.conftest import sign_in
from tests.scheduling.test_photos import drawn

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


def test_pages_of_providers(look: Callable[..., None]) -> None:
    site = SiteFactory(name=f"{LONG} Street")
    provider = bookable_provider(site, name=f"Ina {LONG}", user=staff("doctor", site), specialty=LONG)
    staff("doctor", site, full_name=f"Dr. {LONG}")
    days = DateRange(timezone.localdate() - timedelta(days=900), timezone.localdate() - timedelta(days=1))
    QualificationFactory(provider=provider, validity=days, name=LONG, identifier=LONG, issuer=LONG)
    gone = {"withdrawn_at": timezone.now(), "withdraw_reason": f"{LONG} said so"}
    QualificationFactory(provider=provider, validity=days, **gone)
    ProviderPhotoFactory(provider=provider, content=square_of(drawn()))
    boss = sign_in(staff("administrator", site))
    one = f"/scheduling/providers/{provider.pk}"
    look(boss, "/", "/scheduling/providers", "/scheduling/providers/new", one)
    look(boss, one, scheme="dark")
    look(sign_in(provider.user), "/scheduling/own-page", "/scheduling/away")
