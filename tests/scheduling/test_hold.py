"""A time kept for a patient who books: one each, for five minutes, and never in anybody's way after them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients.access import NotInScope
from scheduling import actions
from scheduling.actions import NotBookable, TimeTaken
from scheduling.actions.steps import holder_of
from scheduling.events import FreeTimeChanged
from scheduling.models import TimeClaim
from tests.factories import PatientFactory, TimeClaimFactory, VisitTypeFactory, bookable_provider, portal_user, span
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW, later
from tests.scheduling.pages import at, text

pytestmark = pytest.mark.django_db
OVER = NOW - timedelta(days=9000)  # by the database's own clock


def hold(clinic: Any, *, by: Any = None, now: Any = NOW, **changes: Any) -> Any:
    by = by or clinic.rosa
    asked = {"patient": clinic.patient, "provider": clinic.provider, "site": clinic.site, "start": NINE}
    with acting_as(by):
        return actions.hold_time(by=by, now=now, **asked | {"visit_type": clinic.visit_type} | changes)


def another(clinic: Any) -> dict[str, Any]:
    patient = PatientFactory(site=clinic.site)
    return {"by": portal_user(patient), "patient": patient}


def claims() -> list[tuple[str, Any]]:
    with as_the_system():
        return list(TimeClaim.objects.order_by("blocked").values_list("kind", "blocked"))


def test_a_time_that_is_kept_is_nobody_elses_and_the_booking_takes_it(clinic, announced):
    assert hold(clinic) == NOW + timedelta(minutes=5)
    assert announced(FreeTimeChanged) == [FreeTimeChanged((clinic.resource.pk,))]
    for other in (another(clinic), another(clinic) | {"by": clinic.desk}):
        with pytest.raises(TimeTaken):
            clinic.book(start=later(20), **other)
    with pytest.raises(TimeTaken, match="just taken") as taken:
        hold(clinic, **another(clinic))
    assert taken.value.alternatives
    visit = clinic.book()
    assert claims() == [("visit", span(NINE))]
    assert TimeClaim.objects.get().appointment_id == visit.pk


def test_each_patient_has_one_and_the_next_takes_its_place(clinic):
    hold(clinic)
    hold(clinic, start=later(5))
    assert claims() == [("hold", span(later(5)))]
    hold(clinic, provider=bookable_provider(clinic.site), start=later(60))
    assert claims() == [("hold", span(later(60)))]
    clinic.book(**another(clinic))


def test_a_hold_that_cannot_be_had_leaves_the_one_before(clinic):
    hold(clinic)
    clinic.book(start=later(60), **another(clinic))
    with pytest.raises(TimeTaken):
        hold(clinic, start=later(60))
    assert ("hold", span(NINE)) in claims()


def test_one_that_ran_out_is_in_nobodys_way(clinic):
    TimeClaimFactory(
        resource=clinic.resource,
        kind="hold",
        blocked=span(NINE),
        hold_until=OVER,
        holder=holder_of(PatientFactory().pk),
    )
    clinic.book(by=clinic.desk)
    assert [kind for kind, _span in claims()] == ["visit"]


def test_the_desk_waits_for_a_hold_like_everybody(clinic):
    hold(clinic)
    with pytest.raises(TimeTaken):
        clinic.book(by=clinic.desk)


def test_what_cannot_be_booked_is_not_kept(clinic):
    for changes, why in (
        ({"start": later(1)}, "begin at that minute"),
        ({"visit_type": VisitTypeFactory(portal_mode="off")}, "Please call"),
        ({"start": NOW - timedelta(minutes=5)}, "is over"),
    ):
        with pytest.raises(NotBookable, match=why):
            hold(clinic, **changes)
    assert claims() == []


def test_a_time_that_is_asked_for_is_kept_too(clinic):
    clinic.visit_type = VisitTypeFactory(portal_mode="request")
    hold(clinic)
    assert clinic.book().status == "requested"


def test_nobody_holds_for_others_and_the_desk_books_at_once(clinic):
    with pytest.raises(NotInScope):
        hold(clinic, by=portal_user(PatientFactory()))
    with pytest.raises(NotAllowed):
        hold(clinic, by=clinic.desk)


def test_the_database_knows_one_hold_a_holder_and_tells_nobody_of_whom(clinic):
    hold(clinic)
    holder = TimeClaim.objects.get().holder
    assert holder != clinic.patient.pk
    fields = {"resource": clinic.resource, "kind": "hold", "holder": holder, "hold_until": NOW}
    with pytest.raises(IntegrityError, match="claim_one_hold_a_holder"), transaction.atomic():
        TimeClaimFactory(**fields, blocked=span(later(90)))
    with pytest.raises(IntegrityError, match="claim_holder_holds"), transaction.atomic():
        TimeClaimFactory(resource=clinic.resource, holder=clinic.patient.pk, blocked=span(later(90)))


# == The page ==
def test_the_last_step_keeps_the_time(browser, clinic) -> None:
    portal, address = browser(clinic.rosa), reverse("scheduling_portal:book", args=[clinic.provider.pk])
    typed = {"site": str(clinic.site.pk), "visit_type": clinic.visit_type.slug, "start": at(10).isoformat()}
    shown = text(portal.get(address, typed))
    assert "Keep this time for five minutes" in shown
    assert claims() == []  # to look keeps nothing
    keep = reverse("scheduling_portal:hold", args=[clinic.provider.pk])
    assert "This time is kept for you until" in text(portal.post(keep, typed, headers={"HX-Request": "true"}))
    assert [kind for kind, _span in claims()] == ["hold"]
    after = portal.post(keep, typed, follow=True)  # without scripts
    assert "kept for you for a few minutes" in text(after)
    assert "Is this right?" in text(after)


def test_a_time_that_is_gone_is_said(browser, clinic) -> None:
    clinic.book(start=at(10), now=timezone.now(), **another(clinic))
    keep = reverse("scheduling_portal:hold", args=[clinic.provider.pk])
    typed = {"site": str(clinic.site.pk), "visit_type": clinic.visit_type.slug, "start": at(10).isoformat()}
    portal = browser(clinic.rosa)
    assert "just taken" in text(portal.post(keep, typed, headers={"HX-Request": "true"}))
    assert "could not be kept" in text(portal.post(keep, typed | {"start": "x"}, headers={"HX-Request": "true"}))
