"""The rooms and devices of each site, and which kinds of visits need one."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Site
from scheduling import actions
from scheduling.models import Resource
from scheduling.rules import day_span

CLOSED_IN = timedelta(days=12)  # after the last day of which visits are told

THINGS = (("room", "Procedure room"), ("device", "Ultrasound"))  # one of each at every site
NEEDS = {"procedure": ["Procedure room"]}


def equip(site: Site, rooms: int, now: datetime) -> None:
    """So many rooms to be seen in, and one of each thing that visits need; and a day on which the site is closed."""
    named = [("room", f"Room {number}", "") for number in range(1, rooms + 1)]
    for kind, name, category in (*named, *((kind, what, what) for kind, what in THINGS)):
        resource = Resource(kind=kind, site=site, name=name, category=category, time_zone=site.time_zone)
        resource.save(force_insert=True)
    zone = ZoneInfo(site.time_zone)
    day = day_span(now.astimezone(zone).date() + CLOSED_IN, zone)
    actions.add_closure(by=None, site=site, during=TimestamptzRange(*day), reason=_("Training of the team"), now=now)
