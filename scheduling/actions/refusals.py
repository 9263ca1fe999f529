"""The sentences for what cannot be booked."""

from collections.abc import Sequence
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, Site
from healthcare.ui.reading import phone_text
from scheduling.models import SiteClosure, VisitType
from scheduling.queries.licences import licence_of
from scheduling.rules import Days, Refusal

SENTENCES = {
    Refusal.PATIENT_DIED: _("This patient has died. If that is wrong, a nurse or doctor can take it back."),
    Refusal.NOT_OFFERED: _("This kind of visit is no longer offered."),
    Refusal.IN_GROUPS: _("Several come to this kind of visit at once. Choose a seat in one of its sessions."),
    Refusal.NOT_IN_PORTAL: _("The clinic books this kind of visit with you. Please call."),
    Refusal.AGREED_WITH: _("The clinic agrees on times of this kind of visit. Please call, or ask for another visit."),
    Refusal.OTHER_SPECIALTY: _("This provider does not offer this kind of visit."),
    Refusal.PROVIDER_LEFT: _("This provider no longer works here."),
    Refusal.NOT_ACCEPTING: _("This provider takes no new patients at present."),
    Refusal.SITE_CLOSED: _("This site is closed."),
    Refusal.NOT_AT_SITE: _("This provider does not work at this site."),
    Refusal.OFF_GRID: _("Visits of this kind do not begin at that minute. Choose one of the times offered."),
    Refusal.PAST: _("This time is over."),
    Refusal.TOO_SOON: _("This visit has to be booked at least %(minutes)s minutes ahead. Please call the clinic."),
    Refusal.TOO_FAR: _("This visit can be booked at most %(days)s days ahead."),
}


def sentence(refusal: Refusal, visit_type: VisitType | None = None) -> str:
    """For whoever asked."""
    text = str(SENTENCES[refusal])
    if visit_type is None:
        return text
    return text % {"minutes": visit_type.notice_minutes, "days": visit_type.horizon_days}


def too_late(phone: str) -> str:
    """For a patient who has to call now; with the site's number, as people read it, where there is one."""
    if phone:
        said = _now("It is too close to the visit to change or cancel it here. Please call the clinic: %(phone)s.")
        return said % {"phone": phone_text(phone)}
    return _now("It is too close to the visit to change or cancel it here. Please call the clinic.")


def closed_then(site: Site, closure: SiteClosure) -> str:
    return _now("%(site)s is closed at that time: %(reason)s.") % {"site": site.name, "reason": closure.reason}


def none_at(site: Site, what: str) -> str:
    """Where a site has nothing of what a kind of visit needs."""
    return _now("This kind of visit needs “%(what)s”, and %(site)s has none.") % {"what": what, "site": site.name}


def why_unlicensed(provider: Provider, site: Site, day: date, *, known: Sequence[Days] | None = None) -> str:
    """For staff: why this provider may not practise there on that day; empty where a licence covers it.

    One query, or none where the licences are `known`. Patients are not told: they need
    another time, or another provider.
    """
    licence = licence_of(provider, site, day, known=known)
    if licence.covers:
        return ""
    said = {
        "provider": provider.name,
        "ended": date_format(licence.ended) if licence.ended else "",
        "begins": date_format(licence.begins) if licence.begins else "",
    }
    if licence.ended and licence.begins:
        return _now("The licence of %(provider)s ended after %(ended)s; the next begins on %(begins)s.") % said
    if licence.ended:
        return _now("The licence of %(provider)s ended after %(ended)s, and no later one is recorded.") % said
    if licence.begins:
        return _now("The licence of %(provider)s begins on %(begins)s.") % said
    return _now("No licence of %(provider)s is recorded, and this site demands one.") % said
