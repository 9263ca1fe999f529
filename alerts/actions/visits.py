"""What a letter may say of a visit: when, where, with whom and where to change it. Neither its kind nor its reason."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _

from healthcare.messaging.rules import Attachment
from healthcare.ui.dates import moment_text
from patients.models import Patient
from scheduling.invitations import invitation, invitations
from scheduling.models import Appointment, WaitOffer
from scheduling.places import address_lines, directions_url


def words_of(visit: Appointment) -> dict[str, str]:
    """Parameters of the letters about visits; the time on the clock at the site, with its zone. Of the visit and its
    count the link that calls it off is signed, when the letter is drawn.
    """
    provider = visit.provider
    return {
        "when": when_of(visit),
        "site": visit.site.name,
        "address": "\n".join(address_lines(visit.site)),
        "phone": visit.site.phone,
        "directions": directions_url(visit.site),
        "provider": ", ".join(part for part in (provider.name, provider.credentials) if part),
        "url": page_of(visit),
        "visit": str(visit.pk),
        "sequence": str(visit.sequence),
    }


def when_of(visit: Appointment | WaitOffer) -> str:
    """Weekday, day and time on the clock at the site, with its zone, in the patient's language."""
    with timezone.override(visit.time_zone), translation.override(spoken(visit.patient)):
        weekday = format_date(timezone.localtime(visit.starts_at), "l")
        return _("%(weekday)s, %(moment)s") % {"weekday": weekday, "moment": moment_text(visit.starts_at)}


def words_of_series(visits: Sequence[Appointment]) -> dict[str, str]:
    """As `words_of` the first of them, with all their times, a line each."""
    times = "\n".join(when_of(visit) for visit in visits)
    return words_of(visits[0]) | {"times": times, "url": f"{settings.PUBLIC_URL}{reverse('scheduling_portal:visits')}"}


def spoken(patient: Patient) -> str:
    """Their language where we write it, else the clinic's."""
    language = patient.language.partition("-")[0]
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def page_of(visit: Appointment) -> str:
    """The patient's page about this visit, behind the sign-in."""
    return f"{settings.PUBLIC_URL}{reverse('scheduling_portal:visit', args=[visit.pk])}"


def calendar_of(visit: Appointment, now: datetime, to: str) -> Attachment:
    """The visit for the patient's own calendar: the same entry each time, moved or taken out by its sequence."""
    method = "CANCEL" if visit.status == Appointment.Status.CANCELLED else "REQUEST"
    text = invitation(visit, url=page_of(visit), now=now, to=to).decode()
    return Attachment("visit.ics", f"text/calendar; method={method}", text)


def calendar_of_series(visits: Sequence[Appointment], now: datetime) -> Attachment:
    """All of them in one file."""
    text = invitations(visits, url=page_of, now=now).decode()
    return Attachment("visits.ics", "text/calendar; method=PUBLISH", text)
