"""What a letter may say of a visit: when, where, with whom and where to change it. Neither its kind nor its reason."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _

from healthcare.messaging.rules import Attachment
from healthcare.ui.dates import moment_text
from scheduling.invitations import invitation
from scheduling.models import Appointment
from scheduling.places import address_lines, directions_url


def words_of(visit: Appointment) -> dict[str, str]:
    """Parameters of the letters about visits; the time on the clock at the site, with its zone."""
    provider = visit.provider
    with timezone.override(visit.time_zone):
        weekday = format_date(timezone.localtime(visit.starts_at), "l")
        when = _("%(weekday)s, %(moment)s") % {"weekday": weekday, "moment": moment_text(visit.starts_at)}
    return {
        "when": when,
        "site": visit.site.name,
        "address": "\n".join(address_lines(visit.site)),
        "phone": visit.site.phone,
        "directions": directions_url(visit.site),
        "provider": ", ".join(part for part in (provider.name, provider.credentials) if part),
        "url": page_of(visit),
    }


def page_of(visit: Appointment) -> str:
    """The patient's page about this visit, behind the sign-in."""
    return f"{settings.PUBLIC_URL}{reverse('scheduling_portal:visit', args=[visit.pk])}"


def calendar_of(visit: Appointment, now: datetime) -> Attachment:
    """The visit for the patient's own calendar: the same entry each time, moved or taken out by its sequence."""
    method = "CANCEL" if visit.status == Appointment.Status.CANCELLED else "PUBLISH"
    text = invitation(visit, url=page_of(visit), now=now).decode()
    return Attachment("visit.ics", f"text/calendar; method={method}", text)
