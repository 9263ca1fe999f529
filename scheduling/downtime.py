"""The packet for an hour without computers: a PDF of today's and tomorrow's visits of a site, encrypted."""

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from healthcare.accounts.models import Site
from healthcare.events.parts import answers_of
from healthcare.ops.printing import render_pdf
from patients.models import Restriction
from scheduling.models import Appointment, DowntimeKey
from scheduling.parts import DOWNTIME, DowntimeLine
from scheduling.queries.pages import with_names
from scheduling.rules import day_span

Kind = DowntimeKey.Kind
DAYS = 2
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another on paper
GROUPS, IN_A_GROUP = 5, 4  # 20 letters of 31: 99 bits


@dataclass(frozen=True)
class Row:
    """A visit, and what a clinician has to know of the patient; `kept_back` where the patient asked for it."""

    visit: Appointment
    lines: Sequence[DowntimeLine] = ()
    kept_back: bool = False


@dataclass(frozen=True)
class Day:
    day: date
    rows: Sequence[Row]


def new_words() -> str:
    """Words that open a packet, as somebody can type them from an envelope: "k3fm-9xqt-…"."""
    groups = ("".join(secrets.choice(LETTERS) for _letter in range(IN_A_GROUP)) for _group in range(GROUPS))
    return "-".join(groups)


def days_of(site: Site, now: datetime, *, clinical: bool) -> list[Day]:
    """Today and tomorrow on the clock of the site, as the system sees them: what is marked in a chart stays out, and
    everything clinical of patients whom somebody must not see: paper knows no reader.
    """
    zone = ZoneInfo(site.time_zone)
    days = [now.astimezone(zone).date() + timedelta(days=ahead) for ahead in range(DAYS)]
    span = day_span(days[0], zone)[0], day_span(days[-1], zone)[1]
    found = list(with_names(Appointment.objects.standing().filter(site=site).within(*span, [zone])).order_by("during"))
    lines = _lines({visit.patient_id for visit in found}, now) if clinical else {}
    hidden = _hidden({visit.patient_id for visit in found}) if clinical else frozenset()
    rows = [Row(visit, lines.get(visit.patient_id, ()), visit.patient_id in hidden) for visit in found]
    return [Day(day, [row for row in rows if row.visit.starts_at.astimezone(zone).date() == day]) for day in days]


def _hidden(ids: set[UUID]) -> frozenset[UUID]:
    rows = Restriction.objects.current().filter(patient__in=ids)
    return frozenset(rows.values_list("patient_id", flat=True))


def _lines(ids: set[UUID], now: datetime) -> Mapping[UUID, Sequence[DowntimeLine]]:
    """Of each app in its order. One that fails fails the packet: half a list of medicines is worse than an old one."""
    shown = ids - _hidden(ids)
    found: dict[UUID, list[DowntimeLine]] = {}
    for given in answers_of(DOWNTIME, lambda part: part(shown, now)):
        if given.failed or given.value is None:
            raise RuntimeError(f"{given.part} could not say what it knows.")
        for patient_id, lines in given.value.items():
            found.setdefault(patient_id, []).extend(lines)
    return found


def packet_of(site: Site, kind: str, words: str, now: datetime) -> bytes:
    """The PDF, opened by these words alone (AES-256, ISO 32000-2, 7.6.4.4). Raises CannotPrint."""
    with timezone.override(site.time_zone):
        days = days_of(site, now, clinical=kind == Kind.CLINICAL)
        context = {"site": site, "days": days, "now": now, "clinical": kind == Kind.CLINICAL}
        return locked(render_pdf(render_to_string("scheduling/downtime_packet.html", context)), words)


def locked(content: bytes, words: str) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(content)))
    writer.encrypt(words, algorithm="AES-256")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


# == Where packets lie ==
def place_of(site: Site, kind: str) -> Path:
    return Path(settings.DOWNTIME_DIR) / site.slug / f"{kind}.pdf"


def keep(content: bytes, place: Path) -> None:
    """In one step, so that whoever copies it finds the old one or the new one whole."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    draft = place.with_suffix(".new")
    draft.write_bytes(content)
    os.replace(draft, place)


def made_at(site: Site, kind: str) -> datetime | None:
    """When the packet that lies there was made; None where there is none."""
    place = place_of(site, kind)
    return datetime.fromtimestamp(place.stat().st_mtime, tz=timezone.get_current_timezone()) if place.exists() else None
