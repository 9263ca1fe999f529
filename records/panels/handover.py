"""What a colleague who leaves was to do here, for `accounts.Handover`."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from records.queries.handover import held_by

WORDS = {"notes": _("Notes to sign"), "results": _("Results to read"), "threads": _("Conversations with patients")}


def held(user: User, now: datetime) -> Mapping[Promise, int]:
    return {WORDS[kind]: count for kind, count in held_by(user).items()}
