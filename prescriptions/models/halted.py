from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

HOLD, STOP = "hold", "stop"
HALTED = [(HOLD, _("On hold")), (STOP, _("Stopped"))]


def says_from_when() -> Q:
    """The condition of a constraint: a halt and the moment from which it counts go together."""
    return Q(halt="", halt_from=None) | ~Q(halt="") & Q(halt_from__isnull=False)


class Halted(models.Model):
    """A medicine that can be put on hold or stopped. The columns follow its halts, by trigger alone."""

    halt = models.CharField(max_length=4, choices=HALTED, blank=True, default="")
    halt_from = models.DateTimeField(null=True, blank=True)
    # What was said last, where a page has asked for it: see `queries.halts.with_halts`.
    last_halt: Any = None

    class Meta:
        abstract = True

    def is_on_hold(self, now: datetime) -> bool:
        """Its day has come; what is to be put on hold later is not yet."""
        return self.halt == HOLD and self.halt_from is not None and self.halt_from <= now

    @property
    def is_stopped(self) -> bool:
        return self.halt == STOP
