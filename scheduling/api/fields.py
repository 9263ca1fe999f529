"""What several operations of scheduling ask for: moments, kinds of visits, and ids that have to lead somewhere."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from pydantic import AfterValidator, AwareDatetime

from healthcare.accounts.models import Provider, Site
from healthcare.api.problems import invalid
from healthcare.db.prepared import prepared
from scheduling.models import VisitType
from scheduling.queries import pages

USUAL, LONGEST = timedelta(days=7), timedelta(days=31)
UNTIL_TEXT = "Starts before this; at most 31 days on, 7 where left out."
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _of_our_time(moment: datetime) -> datetime:
    """Clocks and zones reckon with what lies round a moment: the ends of the calendar have nothing there."""
    if not EARLIEST < moment < LATEST:
        raise ValueError(_("Choose a time between 1900 and 2200."))
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_of_our_time)]  # ISO 8601 with an offset, an instant


def up_to(since: datetime, until: datetime | None) -> tuple[datetime, datetime]:
    """A week where no end is named. Raises Problem 422 for an end before the beginning or after 31 days."""
    until = until or since + USUAL
    if not since < until <= since + LONGEST:
        raise invalid("to", _("Choose an end after the beginning, at most 31 days on."))
    return since, until


def sealed(key: Sequence[object]) -> str:
    """The cursor of a list that no table holds: the key of its last row, which tells of no patient."""
    return urlsafe_b64encode(json.dumps(key, default=str).encode()).decode()


def opened(cursor: str, *, size: int) -> list[object]:
    """The key again. Raises Problem 422 for what is none."""
    try:
        key = json.loads(urlsafe_b64decode(cursor.encode()))
        if not isinstance(key, list) or len(key) != size:
            raise ValueError("another key")
    except ValueError as problem:
        raise no_cursor() from problem
    return key


def no_cursor() -> Exception:
    return invalid("cursor", _("This is not a cursor of this list. Begin again without one."))


def provider_of(pk: UUID) -> Provider:
    """With resource, account and sites, as the booking asks for them. Raises Problem 422."""
    found = _working(pk)
    if not found:
        raise invalid("provider", _("There is no such provider."))
    provider, sites = found[0], Site.objects.all()
    sites._result_cache = _sites_of(pk)
    provider._prefetched_objects_cache = {"sites": sites}  # type: ignore[attr-defined]
    return provider


@prepared
def _working(pk: UUID) -> "QuerySet[Provider]":
    return Provider.objects.select_related("resource", "user").filter(pk=pk, ended_at=None)


@prepared
def _sites_of(provider_id: UUID) -> "QuerySet[Site]":
    return Site.objects.filter(providers=provider_id)


def site_of(pk: UUID) -> Site:
    """Raises Problem 422."""
    found = Site.objects.filter(pk=pk).first()
    if found is None:
        raise invalid("site", _("There is no such site."))
    return found


@prepared
def _kinds(by_patient: bool) -> "QuerySet[VisitType]":
    return pages.visit_types(in_portal=by_patient)


def kind_of(text: str, *, by_patient: bool, specialty: str = "") -> VisitType:
    """By id or slug; where none is named, the shortest that is open to the asker and fits. Raises Problem 422."""
    kinds = _kinds(by_patient)
    named = [kind for kind in kinds if text in (kind.slug, str(kind.pk))]
    fit = [kind for kind in kinds if kind.specialty in ("", specialty) or not specialty]
    found = next(iter(named if text else fit), None)
    if found is None:
        raise invalid("visit_type", _("There is no such kind of visit that you can book."))
    return found
