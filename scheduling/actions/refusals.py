"""The sentences for what cannot be booked."""

from django.utils.translation import gettext_lazy as _

from scheduling.models import VisitType
from scheduling.rules import Refusal

SENTENCES = {
    Refusal.NOT_OFFERED: _("This kind of visit is no longer offered."),
    Refusal.NOT_IN_PORTAL: _("The clinic books this kind of visit with you. Please call."),
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
